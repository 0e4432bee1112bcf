"""Every option that names a file for us to write keeps away from what a results folder keeps."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spikefuse.cli import app
from spikefuse.core.errors import InputError

TRAIN = (
    *("train", "--data", "builtin", "--plan", "mlp", "--budget", "20000", "--images", "100"),
    *("--test-images", "50", "--epochs", "1"),
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("outputs") / "run"
    for seed in ("0", "1"):
        answer = CliRunner().invoke(app, [*TRAIN, "--seed", seed, "--out", str(out)])
        assert answer.exit_code == 0, answer.output
    return out


@pytest.mark.parametrize(
    ("command", "option", "name"),
    [
        (("report", "RUN"), "--out", "trials/FIRST/page.html"),
        (("compare", "FIRST", "SECOND", "--results", "RUN"), "--out", "trials/FIRST/trial.json"),
        (("export", "RUN/trials/FIRST", "--data", "builtin"), "--out", "trials/FIRST/card.md"),
        (("data", "show", "--data", "builtin"), "--out", "trials/FIRST/pairs.png"),
        (("bench",), "--out", "run.json"),
        (("claims", "RUN"), "--out", "trials/FIRST/results.json"),
        (("claims", "RUN"), "--out", "results.csv"),
        (("new", "study"), "--out", "trials/FIRST/study.toml"),
        (("bench",), "--page", "trials/FIRST/page.md"),
        (TRAIN, "--events", "trials/SECOND/metrics.jsonl"),
    ],
    ids=lambda each: each[0] if isinstance(each, tuple) else str(each),
)
def test_no_output_goes_over_what_is_kept(
    trained: Path, command: tuple[str, ...], option: str, name: str
) -> None:
    first, second = sorted(path.name for path in (trained / "trials").iterdir())
    before = {path: path.read_bytes() for path in trained.rglob("*") if path.is_file()}
    words = [*command, option, f"RUN/{name}"]
    told = {"RUN": str(trained), "FIRST": first, "SECOND": second}
    for word, meant in told.items():
        words = [each.replace(word, meant) for each in words]
    answer = CliRunner().invoke(app, words)
    assert isinstance(answer.exception, InputError), answer.output
    assert "must not be what the results folder" in str(answer.exception)
    assert {path: path.read_bytes() for path in trained.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("place", ["trials", "trials/FIRST", "trials/new", "journal/plans"])
@pytest.mark.parametrize("command", [TRAIN, ("run", "reset"), ("ask", "builtin"), ("merge", "RUN")])
def test_no_results_go_into_what_is_kept(
    trained: Path, command: tuple[str, ...], place: str
) -> None:
    first = min(path.name for path in (trained / "trials").iterdir())
    (trained / "journal" / "plans").mkdir(parents=True, exist_ok=True)
    before = sorted(trained.rglob("*"))
    words = [each.replace("RUN", str(trained)) for each in command]
    answer = CliRunner().invoke(
        app, [*words, "--out", str(trained / place.replace("FIRST", first))]
    )
    assert isinstance(answer.exception, InputError), answer.output
    assert "--out must lie outside" in str(answer.exception)
    assert sorted(trained.rglob("*")) == before


@pytest.mark.parametrize(
    "command",
    [
        TRAIN,
        ("run", "controls", "--profile", "smoke", "--data", "builtin"),
        ("reproduce", "--profile", "smoke", "--data", "builtin"),
        ("ask", "builtin", "--profile", "smoke"),
    ],
    ids=lambda each: each[0],
)
def test_no_results_go_over_files_of_somebody(tmp_path: Path, command: tuple[str, ...]) -> None:
    own = tmp_path / "own"
    own.mkdir()
    for name in ("results.csv", "data.json", "run.json", "claims.json"):
        (own / name).write_text("mine\n")
    answer = CliRunner().invoke(app, [*command, "--out", str(own)])
    assert isinstance(answer.exception, InputError), answer.output
    assert "claims.json, which no run wrote" in str(answer.exception)
    assert {path.read_text() for path in own.iterdir()} == {"mine\n"}
    assert len(list(own.iterdir())) == 4


def test_an_export_writes_over_nothing_that_was_not_named(trained: Path, tmp_path: Path) -> None:
    trial = min((trained / "trials").iterdir())
    export = ("export", str(trial), "--data", "builtin", "--format", "torch", "--out")
    answer = CliRunner().invoke(app, [*export, str(tmp_path / "net.safetensors")])
    assert isinstance(answer.exception, InputError), answer.output
    assert "--out must be a name of another ending" in str(answer.exception)
    for name in ("net.pt2.json", "net.safetensors"):
        (tmp_path / name).write_text('{"mine": 1}')
        answer = CliRunner().invoke(app, [*export, str(tmp_path / "net.pt2")])
        assert isinstance(answer.exception, InputError), answer.output
        assert f"{name} is written beside --out" in str(answer.exception)
        assert [each.read_text() for each in tmp_path.iterdir()] == ['{"mine": 1}']
        (tmp_path / name).unlink()
    for _ in range(2):  # ours are replaced
        answer = CliRunner().invoke(app, [*export, str(tmp_path / "net.pt2")])
        assert answer.exit_code == 0, answer.output
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("words", [("--out", ""), ("--out=",), ("--events", "")])
def test_an_empty_path_is_no_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """What a script with a variable that is not set gives: it would be the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["spikefuse", *TRAIN, *words])
    answer = CliRunner().invoke(app, [*TRAIN, *words])
    assert isinstance(answer.exception, InputError), answer.output
    option = words[0].removesuffix("=")
    assert f"{option} must name a path, got an empty one" in str(answer.exception)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("what", [("--time-steps", "1000000"), ("--budget", "100000000000")])
def test_a_network_that_no_memory_holds_is_one_sentence(
    tmp_path: Path, what: tuple[str, str]
) -> None:
    words = ("train", "--data", "builtin", "--images", "100", "--epochs", "1", *what)
    code = (
        "import sys, resource; resource.setrlimit(resource.RLIMIT_AS, (2**34, 2**34)); "
        "from spikefuse.cli import main; main()"
    )
    command = [sys.executable, "-c", code, *words, "--out", str(tmp_path / "run")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
    assert ended.stderr.startswith("spikefuse: memory must hold what the command works on, got")
