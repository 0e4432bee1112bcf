"""A device that is not here is refused in one line."""

from types import SimpleNamespace

import pytest
import torch

from spikefuse.core.device import (
    count_devices,
    flushed_denormals,
    memory_of,
    resolve_device,
    resolve_precision,
)
from spikefuse.core.errors import InputError


def test_cpu_is_always_here() -> None:
    assert resolve_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["gpuu", "meta", "cpu:x", "cuda:99", "mps:7", ""])
def test_what_is_not_here_is_refused_in_one_line(name: str) -> None:
    with pytest.raises(InputError, match=r"^device: device must") as caught:
        resolve_device(name)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_denormals_are_flushed_inside_and_only_there() -> None:
    def tiny() -> float:
        return (torch.tensor([1e-42]) * 1.0).item()

    before = tiny()
    with flushed_denormals():
        assert tiny() == 0.0
    assert tiny() == before > 0


def test_precision_is_one_name_on_all_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    for features in ((), ("avx2",), ("avx512_bf16", "amx_bf16")):
        monkeypatch.setattr("spikefuse.core.provenance.processor_features", lambda f=features: f)
        assert resolve_precision("auto") == "float32"
        assert resolve_precision("bf16") == "bf16"
    with pytest.raises(InputError, match=r"^device: precision must be one of auto, float32, bf16"):
        resolve_precision("bfloat")


@pytest.mark.parametrize(("supported", "expected"), [(True, "bf16"), (False, "float32")])
def test_precision_on_a_gpu_is_what_it_multiplies_fast(
    monkeypatch: pytest.MonkeyPatch, supported: bool, expected: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: supported)
    assert resolve_precision("auto", "cuda:1") == expected
    assert resolve_precision("float32", "cuda:1") == "float32"


def test_cuda_is_all_gpus_and_has_the_memory_of_the_smallest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    memory = [80, 24, 48]
    monkeypatch.setattr(torch.cuda, "device_count", lambda: len(memory))
    monkeypatch.setattr(
        torch.cuda,
        "get_device_properties",
        lambda number: SimpleNamespace(total_memory=memory[number]),
    )
    devices = ["cuda", "cuda:0", "cuda:2", "mps", "cpu"]
    assert [count_devices(device) for device in devices] == [3, 1, 1, 1, 1]
    assert [memory_of(device) for device in devices] == [24, 80, 48, None, None]
