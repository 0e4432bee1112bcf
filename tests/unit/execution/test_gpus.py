"""Which GPU a worker is shown; a choice that the user has made stays in force."""

import pytest

from spikefuse.execution.gpus import device_environments

CUDA, HIP, ROCR = "CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"


@pytest.mark.parametrize(
    ("set_by_user", "expected"),
    [
        ({}, [{CUDA: "0"}, {CUDA: "1"}]),
        ({CUDA: ""}, [{CUDA: "0"}, {CUDA: "1"}]),
        ({CUDA: "3, 5"}, [{CUDA: "3"}, {CUDA: "5"}]),
        ({CUDA: "5,3,1"}, [{CUDA: "5"}, {CUDA: "3"}]),
        ({CUDA: "GPU-8932,MIG-21"}, [{CUDA: "GPU-8932"}, {CUDA: "MIG-21"}]),
        ({HIP: "2,7"}, [{HIP: "2"}, {HIP: "7"}]),
        ({CUDA: "0,1", HIP: "2,7"}, [{CUDA: "0", HIP: "2"}, {CUDA: "1", HIP: "7"}]),
        ({ROCR: "4,6"}, [{CUDA: "0"}, {CUDA: "1"}]),
    ],
)
def test_the_gpus_of_cuda(set_by_user: dict[str, str], expected: list[dict[str, str]]) -> None:
    assert list(device_environments("cuda", 2, set_by_user)) == expected


@pytest.mark.parametrize("device", ["cuda:1", "mps", "xpu"])
def test_one_device_needs_no_setting(device: str) -> None:
    assert device_environments(device, 4, {CUDA: "1,2,3,4"}) == ({},)


def test_a_processor_is_no_device() -> None:
    assert device_environments("cpu", 4) == ()


def test_the_environment_is_that_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CUDA, "9")
    assert device_environments("cuda", 1) == ({CUDA: "9"},)
