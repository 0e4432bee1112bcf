"""A cache of computed tensors in the user's cache folder. It may vanish; results never change.

Each entry is one safetensors file named by a hash of what it was computed from, written under
another name and moved into place, and carrying a hash of its own content.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


_log = logging.getLogger(__name__)

_NAME = "value"


def user_cache() -> Path | None:
    """The folder the operating system gives a user's program for files it can make again.

    None for a user without a home, as a container may have: everything works without a cache.
    """
    import pooch

    try:
        folder = Path(pooch.os_cache("spikefuse"))
    except (RuntimeError, KeyError, OSError):
        return None
    # Where the home is not known its sign stays in the path: that would make a folder named `~`.
    return folder if folder.is_absolute() else None


def cached(folder: Path | None, key: str, compute: Callable[[], Tensor]) -> Tensor:
    """The stored tensor of this key, or a newly computed one, which is then stored.

    An entry that is damaged is computed again; a folder that cannot be written is done without.
    Both are logged.

    Args:
        folder: Where entries are kept; made when missing. None keeps nothing.
        key: Names everything the tensor depends on.
        compute: Makes the tensor.
    """
    return cached_tensors(folder, key, lambda: {_NAME: compute()})[_NAME]


def cached_tensors(
    folder: Path | None, key: str, compute: Callable[[], Mapping[str, Tensor]]
) -> Mapping[str, Tensor]:
    """As `cached`, for several tensors that belong together."""
    if folder is None:
        return {name: tensor.contiguous() for name, tensor in compute().items()}
    stored = read_tensors(folder, key)
    if stored is not None:
        return stored
    tensors = {name: tensor.contiguous() for name, tensor in compute().items()}
    write_tensors(folder, key, tensors)
    return tensors


def read_tensors(folder: Path, key: str) -> dict[str, Tensor] | None:
    """The entry of a key; None where there is none, or it is damaged, which is logged."""
    return _read(folder / f"{key}.safetensors")


def write_tensors(folder: Path, key: str, tensors: Mapping[str, Tensor]) -> None:
    """Put an entry in place of what the key had; a folder that cannot be written is logged."""
    _write(folder / f"{key}.safetensors", tensors)


def _digest(tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        # A lone tensor's name is left out: entries of before there were several stay good.
        called = "" if name == _NAME else f"{name} "
        digest.update(f"{called}{tensor.dtype} {tuple(tensor.shape)} ".encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


def _read(path: Path) -> dict[str, Tensor] | None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            wanted = (file.metadata() or {}).get("sha256")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError:
        return None
    except (OSError, SafetensorError) as error:
        _log.warning("%s cannot be read (%s); it is computed again", path, error)
        return None
    if _digest(tensors) != wanted:
        _log.warning("%s is damaged (its content has another hash); it is computed again", path)
        return None
    return tensors


def _write(path: Path, tensors: Mapping[str, Tensor]) -> None:
    from safetensors.torch import save

    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.stem}-", delete=False
        ) as file:
            temporary = Path(file.name)
            file.write(save(dict(tensors), {"sha256": _digest(tensors)}))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        _log.warning("%s cannot be written (%s); going on without this cache", path, error)
        if temporary is not None:
            with suppress(OSError):  # of a disk that turned read-only it cannot be removed either
                temporary.unlink()
