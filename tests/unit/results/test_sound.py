"""Results that are sealed and that no training wrote end in a sentence about their trial."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from spikefuse.cli import app
from spikefuse.core.errors import SpikefuseError
from spikefuse.results import definition_hash, manifest
from spikefuse.results.evaluations import sealed

SMALL = (
    *("--data", "builtin", "--plan", "mlp", "--budget", "20000", "--images", "100"),
    *("--test-images", "50", "--epochs", "1"),
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sound") / "run"
    answer = CliRunner().invoke(app, ["train", *SMALL, "--out", str(out)])
    assert answer.exit_code == 0, answer.output
    (folder,) = (out / "trials").iterdir()
    return folder


@pytest.mark.parametrize(
    "changes",
    [
        {"accuracy": None},
        {"accuracy": {"test_best": "x"}},
        {"rates": [1, 2]},
        {"seconds": "long"},
        {"status": "diverged"},
        {"accuracy": {"test_best": 7.5}},
    ],
    ids=str,
)
def test_sealed_nonsense_is_a_sentence(trained: Path, changes: dict[str, Any]) -> None:
    path, seal = trained / manifest.RESULTS, trained / manifest.MANIFEST
    before = path.read_bytes(), seal.read_bytes()
    try:
        results = {**json.loads(before[0]), **changes}
        content = json.dumps({k: v for k, v in results.items() if v is not None}).encode()
        path.write_bytes(content)
        listed = json.loads(before[1])
        listed["files"] |= json.loads(manifest.compose({manifest.RESULTS: content}))["files"]
        seal.write_text(json.dumps(listed))
        commands = (
            ["train", *SMALL, "--out", str(trained.parents[1])],
            ["trials", str(trained.parents[1])],
            ["show", str(trained.parents[1])],
        )
        assert (changes == {"status": "diverged"} or changes == {"accuracy": None}) or (
            CliRunner().invoke(app, ["verify", str(trained.parents[1])]).exit_code == 1
        )
        told = [CliRunner().invoke(app, command) for command in commands]
    finally:
        path.write_bytes(before[0])
        seal.write_bytes(before[1])
    for answer in told:
        refused = answer.exception
        assert refused is None or isinstance(refused, SystemExit | SpikefuseError), answer.output
    assert any(isinstance(answer.exception, SpikefuseError) for answer in told)


def verified(trained: Path) -> tuple[int, str]:
    answer = CliRunner().invoke(app, ["verify", str(trained.parents[1])])
    return answer.exit_code, answer.output


def test_verify_names_sealed_nonsense_in_an_evaluation(trained: Path) -> None:
    assert verified(trained)[0] == 0
    condition = {"noise_std": 0.1}
    payload = {"accuracy": {"test": [], "validation": [0.5]}}
    path = trained / "evaluations" / f"{definition_hash(condition)}.json"
    path.parent.mkdir()
    try:
        path.write_bytes(sealed(trained.name, condition, payload))
        code, output = verified(trained)
        assert code == 1
        assert "accuracy test must be shares from 0 to 1, got []" in " ".join(output.split())
    finally:
        path.unlink()
        path.parent.rmdir()
    path.parent.write_text("mine")
    try:
        code, output = verified(trained)
        assert code == 1
        assert "evaluations must be a folder, got a file" in " ".join(output.split())
    finally:
        path.parent.unlink()
