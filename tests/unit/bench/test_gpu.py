"""The command that measures a GPU: it waits ready on machines without one."""

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import scripts
import torch

from spikefuse.core.errors import StudyError

SCRIPT = Path(__file__).resolve().parents[3] / "benchmarks" / "gpu.py"


@pytest.fixture(scope="module")
def gpu() -> ModuleType:
    return scripts.load("benchmarks/gpu.py")


def test_without_a_gpu_it_refuses_in_one_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT)],
        cwd=tmp_path,
        env=os.environ | {"CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        "gpu: this machine must have a CUDA device that PyTorch can use, got none. "
        "Run the same command where one is.\n"
    )
    assert list(tmp_path.iterdir()) == []


def record(**medians: float) -> dict[str, Any]:
    """Milliseconds of one step or call; `CALLS` of them are timed together."""
    names = {name.replace("_", "-"): 20.0 * ms for name, ms in medians.items()}
    return {
        "device": "a card",
        "finished": "2026-01-02T03:04:05",
        "contestants": {name: {"median_ms": ms} for name, ms in names.items()},
    }


def test_targets_are_ratios_by_hand(gpu: ModuleType) -> None:
    found = record(
        one=0.2, population=0.6, copy=20.0, neuron_forward=20.0, neuron_backward=20.0,
        spikingjelly_float32=4.0, spikingjelly_bf16=1.0,
    )  # fmt: skip
    paper, one, population, peer, throughput, bandwidth = (
        t.value(found | {"paper_s": 600.0}) for t in gpu.targets()
    )
    assert paper == 10.0
    assert one == pytest.approx(0.2)
    assert population == pytest.approx(15 * 0.2 / 0.6)
    assert peer == pytest.approx(1.0 / 0.2), "the peer's best mode counts"
    assert throughput == pytest.approx(15 * 1.0 / 0.6)
    # The forward pass moves fewer bytes in the same time, so its share is the smaller.
    assert bandwidth == pytest.approx(100 * gpu.neuron_bytes(backward=False) / 2**30)


def test_what_was_not_measured_is_not_told(gpu: ModuleType) -> None:
    lines = gpu.table(record(one=0.1)).splitlines()[4:]
    assert lines.pop(1) == "| one network alone, T = 4, a step | at most 0.15 ms | 0.1 ms | yes |"
    assert len(lines) == 5
    assert all(line.endswith("| not measured |  |") for line in lines)


def test_the_paper_is_not_timed_into_a_folder_that_is_there(
    gpu: ModuleType, tmp_path: Path
) -> None:
    with pytest.raises(StudyError, match="must not be there yet"):
        gpu.time_paper(tmp_path)


def test_bytes_of_a_call_by_hand(gpu: ModuleType) -> None:
    # 2 members, 3 samples of 4 x 4 x 5: 480 numbers in, 4 steps of a quarter of them out.
    shape = (2, 1, 3, 4, 4, 5)
    assert gpu.neuron_bytes(backward=False, shape=shape) == 2 * (480 + 480)
    assert gpu.neuron_bytes(backward=True, shape=shape) == 2 * (480 + 480 + 480)


@pytest.mark.parametrize("backward", [False, True])
def test_the_neuron_contest_runs(gpu: ModuleType, backward: bool) -> None:
    contest = gpu.neuron(backward, device="cpu", shape=(2, 1, 1, 4, 4, 3), backend="eager")
    contest.step()
    assert contest.samples == gpu.CALLS


def test_the_copy_contest_copies(gpu: ModuleType) -> None:
    contest = gpu.copy(device="cpu", size=1000)
    cells = dict(
        zip(contest.step.__code__.co_freevars, contest.step.__closure__ or (), strict=True)
    )
    contest.step()
    assert torch.equal(cells["target"].cell_contents, torch.ones(1000, dtype=torch.uint8))


def test_a_population_trains_all_its_members(
    gpu: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpu, "CALLS", 2)
    contest = gpu.training(2, device="cpu", precision="float32")
    assert contest.samples == 2 * 100
    cells = dict(
        zip(contest.step.__code__.co_freevars, contest.step.__closure__ or (), strict=True)
    )
    network = cells["steps"].cell_contents.network
    before = [parameter.detach().clone() for parameter in network.parameters()]
    contest.step()
    pairs = list(zip(before, network.parameters(), strict=True))
    for member in range(2):
        assert any(not torch.equal(old[member], new[member]) for old, new in pairs), member
    assert any(not torch.equal(new[0], new[1]) for _, new in pairs), "two seeds"
