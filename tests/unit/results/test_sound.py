"""Results that are sealed and that no training wrote end in a sentence about their trial."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from spikefuse.cli import app
from spikefuse.core.errors import SpikefuseError
from spikefuse.results import manifest

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
