import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner

from spikefuse.cli.doctor import doctor

module = sys.modules["spikefuse.cli.doctor"]  # the package has the command under the same name

app = typer.Typer()
app.command()(doctor)


def run(*arguments: str) -> tuple[int, str]:
    answer = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})
    return answer.exit_code, answer.output


def asked(*arguments: str) -> tuple[int, dict[str, dict[str, str]], dict[str, object]]:
    code, output = run("--json", *arguments)
    answer = json.loads(output)
    return code, {row["topic"]: row for row in answer["answers"]}, answer


def test_a_sound_machine_is_ready(tmp_path: Path) -> None:
    code, answers, answer = asked("--out", str(tmp_path / "new" / "runs"))

    assert code == 0, answers
    assert answer["ready"] is True
    assert list(answers) == [
        "Python", "torch", "processor", "accelerator", "neurons", "products", "data",
        "cache", "extras",
        "results",
    ]  # fmt: skip
    assert "problem" not in {row["state"] for row in answers.values()}
    assert not (tmp_path / "new").exists()


def test_the_table_has_a_line_for_each_answer_and_a_conclusion(tmp_path: Path) -> None:
    code, output = run("--out", str(tmp_path))

    assert code == 0
    assert output.startswith("Python")
    assert output.splitlines()[-1] == "Ready: spikefuse can run here."


def test_brackets_are_shown_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EXTRAS", {"ray": "no-such-distribution"})

    assert 'ray not installed (pip install "spikefuse[ray]")' in run("--out", str(tmp_path))[1]


def test_a_place_for_results_that_cannot_be_written_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, answers, answer = asked("--out", str(tmp_path / "file" / "runs"))

    assert code == 1
    assert answer["ready"] is False
    assert answers["results"]["state"] == "problem"
    assert "is not a folder" in answers["results"]["text"]


def test_the_data_folder_found_is_named(real_data: Path) -> None:
    assert asked("--data-dir", str(real_data))[1]["data"] == {
        "topic": "data",
        "state": "ok",
        "text": f"mnist-fsdd found in {real_data} (option)",
    }


def test_a_data_folder_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    code, answers, _ = asked("--data-dir", str(tmp_path / "nowhere"))

    assert code == 1
    assert answers["data"]["state"] == "problem"
    assert str(tmp_path / "nowhere") in answers["data"]["text"]


def test_no_real_data_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    import spikefuse.data

    embedded = spikefuse.data.Location("builtin", None, "embedded", "no network")
    monkeypatch.setattr(spikefuse.data, "locate", lambda *_, **__: embedded)

    assert module.find_data(None)[0] == "note"


@pytest.mark.parametrize("broken", ["spikefuse.data", "spikefuse.core.provenance"])
def test_a_broken_installation_is_a_line_not_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    monkeypatch.setitem(sys.modules, broken, None)
    code, output = run("--out", str(tmp_path))

    assert code == 1
    assert f"import of {broken} halted" in output
    assert "Traceback" not in output


def test_neurons_say_why_they_are_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    from spikefuse.core import library

    monkeypatch.setattr(library, "why_not", lambda: "no compiler was found")

    assert module.find_neurons() == (
        "note",
        "eager, slower than the native kernels: no compiler was found",
    )


@pytest.mark.parametrize(
    ("reason", "state", "told"),
    [(None, "ok", "with Triton kernels"), ("no Triton", "note", "PyTorch's operations")],
)
def test_a_gpu_tells_which_neurons_it_runs(
    monkeypatch: pytest.MonkeyPatch, reason: str | None, state: str, told: str
) -> None:
    import torch

    from spikefuse.neurons.lif import triton

    monkeypatch.setattr(module, "has_processor_alone", lambda: False)
    cards = [SimpleNamespace(name=name, total_memory=80 * 2**30) for name in "AAB"]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: len(cards))
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda number: cards[number])
    monkeypatch.setattr(triton, "why_not", lambda device: reason)
    found = module.find_accelerator()
    assert found[0] == state
    assert found[1].startswith("2 x A with 80 GiB, 1 x B with 80 GiB (--device cuda), ")
    assert told in found[1]


def test_another_accelerator_has_no_fused_neurons(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(module, "has_processor_alone", lambda: False)
    apple = torch.device("mps")
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda check_available: apple)
    state, told = module.find_accelerator()
    assert state == "note"
    assert told.startswith("mps (--device mps), with PyTorch's operations for neurons: ")


def test_more_threads_than_cores_are_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "64")
    monkeypatch.setattr("spikefuse.core.cores.usable_cores", lambda: 2)

    state, answer = module.find_torch()
    assert state == "note"
    assert "64 threads (OMP_NUM_THREADS) for 2 cores" in answer


def test_no_torch_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    code, output = run("--out", str(tmp_path))

    assert code == 1
    assert "PyTorch is not installed" in output


def test_what_a_build_of_torch_knows_is_what_torch_says() -> None:
    import torch

    knows = [torch.version.cuda, torch.version.hip, torch.version.xpu]
    assert module.has_processor_alone() == (not any(knows) and sys.platform != "darwin")


def test_products_say_up_to_where_they_go_by_events() -> None:
    state, text = module.find_products()
    assert state == "ok"
    assert "of spikes or gradients" in text or "not measured" in text


def test_where_bf16_is_faster_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def said(*features: str) -> str:
        monkeypatch.setattr("spikefuse.core.provenance.processor_features", lambda: features)
        return module.find_products()[1]

    monkeypatch.setattr("spikefuse.core.library.available", lambda: True)
    limits = "spikefuse.networks.population.choice.limits"
    monkeypatch.setattr(limits, lambda: {"output": 0.6, "weight": 0.9})
    assert said("avx512_bf16").endswith("in bf16 always dense")
    assert said("avx512_bf16", "amx_bf16").endswith("faster here (AMX): --precision bf16")
