"""Tensors in safetensors files; a checkpoint also carries a state and a seal over every byte."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from spikefuse.core.errors import InputError
from spikefuse.core.untrusted import decode_json

# PyTorch takes more than a second to import; tables and verdicts are read without it.
if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

_BLANK = b"0" * 64
_SEAL = b'"sha256":"'


class DamagedError(Exception):
    """The bytes are not the ones that were written. Stays inside this package."""


def pack(tensors: Mapping[str, "Tensor"], metadata: Mapping[str, str]) -> bytes:
    """The bytes of a safetensors file. Tensors may be views, on any device, in any layout.

    Raises:
        InputError: A value is not a tensor.
    """
    import torch
    from safetensors.torch import save

    plain: dict[str, Tensor] = {}
    storages: set[int] = set()
    for name, tensor in tensors.items():
        if not isinstance(tensor, torch.Tensor):
            raise InputError(
                f"results: {name} must be a tensor, got {type(tensor).__name__}. "
                "Put plain values into the state or the results."
            )
        # The format wants every tensor contiguous (images are channels-last) and no storage twice
        # (two views of one population). Copied only then: fresh memory is slow to fault in.
        tensor = tensor.detach().cpu().contiguous()
        storage = tensor.untyped_storage().data_ptr()
        plain[name] = tensor.clone() if storage in storages else tensor
        storages.add(storage)
    # An empty mapping would give a header that safetensors itself cannot read.
    return save(plain, dict(metadata) or None)


def unpack(content: bytes) -> dict[str, "Tensor"]:
    """The tensors of a safetensors file, by name.

    Raises:
        DamagedError: The bytes are not a safetensors file.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return dict(sorted(load(content).items()))  # a reader's own order is another every time
    except (SafetensorError, ValueError, KeyError, RuntimeError) as error:
        raise DamagedError(str(error)) from error


def unpack_arrays(content: bytes) -> "dict[str, NDArray[Any]]":
    """The same as NumPy arrays, without PyTorch; no array is bfloat16, which NumPy does not know.

    Raises:
        DamagedError: The bytes are not a safetensors file.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return dict(sorted(load(content).items()))  # a reader's own order is another every time
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise DamagedError(str(error)) from error


def pack_checkpoint(
    tensors: Mapping[str, "Tensor"],
    state: Mapping[str, Any],
    trial: str,
    rows: Sequence[Mapping[str, Any]] = (),
) -> list[bytes | memoryview]:
    """The bytes of a checkpoint, in parts: tensors, and in the metadata all else, with a seal.

    The seal is the SHA-256 of the file. It is taken with 64 zeros in its own place, so it covers
    every byte. The state keeps infinities and NaN: it is read back by the same code and must come
    back exactly.

    Args:
        tensors: By name.
        state: What training needs besides.
        trial: Whose it is.
        rows: Of the epochs so far.

    Raises:
        InputError: The state is not JSON, or a value is not a tensor.
    """
    try:
        text = json.dumps(dict(state))
    except (TypeError, ValueError) as error:
        raise InputError(
            f"results: state of a checkpoint must be what JSON can hold, got: {error}. "
            "Put tensors into `tensors`."
        ) from error
    notes = {"state": text, "trial": trial, "metrics": json.dumps(list(rows))}
    content = pack(tensors, notes | {"sha256": _BLANK.decode()})
    start = _seal_position(content)
    seal = hashlib.sha256(content).hexdigest().encode()
    return [content[:start], seal, memoryview(content)[start + len(seal) :]]


def unpack_checkpoint(content: bytes) -> tuple[dict[str, "Tensor"], dict[str, Any], str | None]:
    """Tensors and state of a checkpoint, and its trial (None in one of the first version).

    Raises:
        DamagedError: Any byte differs from what was written.
    """
    start = _seal_position(content)
    end = start + len(_BLANK)
    blank = hashlib.sha256(content[:start])
    blank.update(_BLANK)
    blank.update(memoryview(content)[end:])
    if blank.hexdigest().encode() != content[start:end]:
        raise DamagedError("its bytes do not match the hash that it carries")
    # Whoever can hash can seal: what the header holds is checked all the same.
    try:
        notes = _notes(content)
        state, trial = decode_json(notes["state"], finite=False), notes.get("trial")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedError(f"its header makes no sense ({error})") from error
    if not isinstance(state, dict):
        raise DamagedError("its header makes no sense (no state)")
    return unpack(content), state, trial


def checkpoint_rows(content: bytes) -> list[dict[str, Any]]:
    """The rows that a checkpoint carries; none in one of the first versions.

    Raises:
        DamagedError: What it carries is none.
    """
    try:
        rows = decode_json(_notes(content).get("metrics", "[]"))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedError(f"its epochs make no sense ({error})") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise DamagedError("its epochs make no sense (no rows)")
    return rows


def _notes(content: bytes) -> Any:
    return decode_json(content[8 : 8 + _header_length(content)])["__metadata__"]


def _seal_position(content: bytes) -> int:
    # Quotes inside tensor names and inside the state stand escaped in the header, so the first
    # bare `"sha256":"` of the header is the seal's.
    found = content.find(_SEAL, 8, 8 + _header_length(content))
    if found < 0 or found + len(_SEAL) + len(_BLANK) > len(content):
        raise DamagedError("it carries no hash")
    return found + len(_SEAL)


def _header_length(content: bytes) -> int:
    return int.from_bytes(content[:8], "little")
