import hashlib
import json
import math

import pytest
import torch
from safetensors.torch import load

from spikefuse.core.errors import InputError
from spikefuse.results.tensors import (
    DamagedError,
    checkpoint_rows,
    pack,
    pack_checkpoint,
    unpack,
    unpack_arrays,
    unpack_checkpoint,
)

TRIAL = "0123456789abcdef"


def packed_checkpoint(tensors: dict[str, torch.Tensor], state: dict[str, object]) -> bytes:
    return b"".join(bytes(part) for part in pack_checkpoint(tensors, state, TRIAL))


def test_any_layout_and_type_comes_back() -> None:
    population = torch.randn(3, 4, 5)
    tensors = {
        "member": population[1],
        "same storage": population[2],
        "same again": population[1],
        "channels last": torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last),
        "transposed": torch.arange(6).reshape(2, 3).T,
        "half": torch.randn(3).bfloat16(),
        "scalar": torch.tensor(2.5),
        "none": torch.empty(0, 7),
        "trained": torch.randn(2, requires_grad=True),
        "flags": torch.tensor([True, False]),
    }
    loaded = unpack(pack(tensors, {"trial": "t"}))
    assert loaded.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert loaded[name].dtype == tensor.dtype, name
        assert torch.equal(loaded[name], tensor.detach()), name


def test_nothing_at_all_comes_back() -> None:
    assert unpack(pack({}, {})) == {}
    assert unpack_checkpoint(packed_checkpoint({}, {})) == ({}, {}, TRIAL)


def test_checkpoint_state_comes_back_exactly() -> None:
    state = {"best": -math.inf, "epoch": 7, "loss": 0.1 + 0.2, "text": '"sha256":"', "n": [None]}
    _, loaded, _ = unpack_checkpoint(packed_checkpoint({"a": torch.ones(2)}, state))
    assert loaded == state


def test_checkpoint_is_a_plain_safetensors_file() -> None:
    weight = torch.randn(5)
    assert torch.equal(load(packed_checkpoint({"w": weight}, {}))["w"], weight)


def test_seal_is_found_among_content_that_looks_like_it() -> None:
    mark = '"sha256":"' + "0" * 64
    tensors = {mark: torch.ones(3), "data": torch.tensor(list(mark.encode()), dtype=torch.uint8)}
    loaded, state, _ = unpack_checkpoint(packed_checkpoint(tensors, {"sha256": "0" * 64}))
    assert loaded.keys() == tensors.keys()
    assert torch.equal(loaded["data"], tensors["data"])
    assert state == {"sha256": "0" * 64}


def test_every_flipped_byte_is_noticed() -> None:
    content = packed_checkpoint({"w": torch.randn(7)}, {"epoch": 3})
    unpack_checkpoint(content)
    for position in range(len(content)):
        for flip in (0x01, 0x20, 0xFF):
            damaged = bytearray(content)
            damaged[position] ^= flip
            with pytest.raises(DamagedError):
                unpack_checkpoint(bytes(damaged))


def test_every_truncation_is_noticed() -> None:
    content = packed_checkpoint({"w": torch.randn(7)}, {"epoch": 3})
    for length in range(len(content)):
        with pytest.raises(DamagedError):
            unpack_checkpoint(content[:length])
    with pytest.raises(DamagedError):
        unpack_checkpoint(content + b"\0")


def test_swapped_state_is_noticed() -> None:
    content = packed_checkpoint({"w": torch.ones(2)}, {"epoch": 3})
    assert json.dumps({"epoch": 3}).replace('"', '\\"').encode() in content
    with pytest.raises(DamagedError, match="do not match the hash"):
        unpack_checkpoint(content.replace(b'epoch\\": 3', b'epoch\\": 4'))


def test_garbage_is_no_safetensors_file() -> None:
    for content in (b"", b"garbage", b"\xff" * 100):
        with pytest.raises(DamagedError):
            unpack(content)


def sealed(metadata: dict[str, str]) -> bytes:
    """A checkpoint of somebody who knows how the seal is made."""
    content = pack({}, metadata | {"sha256": "0" * 64})
    return content.replace(b"0" * 64, hashlib.sha256(content).hexdigest().encode())


@pytest.mark.parametrize(
    "state", ["[" * 100_000, "[1]", "{", '"text"', '{"epoch": ' + "9" * 5000 + "}"]
)
def test_a_sealed_header_that_makes_no_sense_is_damaged(state: str) -> None:
    with pytest.raises(DamagedError, match="makes no sense"):
        unpack_checkpoint(sealed({"state": state}))


def test_a_checkpoint_of_the_first_version_has_no_trial() -> None:
    assert unpack_checkpoint(sealed({"state": '{"epoch": 3}'})) == ({}, {"epoch": 3}, None)


def test_wrong_values_are_refused() -> None:
    with pytest.raises(InputError, match="w must be a tensor, got list"):
        pack({"w": [1.0]}, {})  # type: ignore[dict-item]
    with pytest.raises(InputError, match="state of a checkpoint must be what JSON can hold"):
        pack_checkpoint({}, {"w": torch.ones(1)}, TRIAL)


@pytest.mark.parametrize("rows", ["[" * 100_000, "[1]", "{", '"text"', "[[]]"])
def test_sealed_epochs_that_make_no_sense_are_damaged(rows: str) -> None:
    with pytest.raises(DamagedError, match="its epochs make no sense"):
        checkpoint_rows(sealed({"state": "{}", "metrics": rows}))


def test_a_checkpoint_of_the_first_versions_carries_no_epochs() -> None:
    assert checkpoint_rows(sealed({"state": "{}"})) == []


def test_tensors_come_in_order_of_their_names() -> None:
    """Rows and sums follow that order: a table would be another every time."""
    names = [f"layer{number:02d}" for number in range(20)]
    content = pack({name: torch.zeros(1) for name in reversed(names)}, {})
    assert list(unpack(content)) == list(unpack_arrays(content)) == names
