"""`spikefuse data`: fetch, verify, show."""

import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from spikefuse import data as data_package
from spikefuse.cli.data import app
from spikefuse.cli.downloads import download_progress
from spikefuse.core.errors import DataError, InputError
from spikefuse.data import ProgressFactory
from spikefuse.data.sources.mnist import MNIST, IdxSet


@pytest.fixture(autouse=True)
def wide_and_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal wide enough for every table, and no named folder."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("SPIKEFUSE_DATA", raising=False)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_help_names_the_commands() -> None:
    result = run("--help")

    assert result.exit_code == 0
    for command in ("fetch", "verify", "show"):
        assert command in result.output


@pytest.mark.parametrize("command", ["fetch", "verify", "show"])
def test_help_of_a_command_imports_nothing_heavy(command: str) -> None:
    code = (
        "import sys\nfrom spikefuse.cli.data import app\n"
        f"try:\n    app(['{command}', '--help'])\nexcept SystemExit as end:\n"
        "    assert not end.code, end.code\n"
        "heavy = {'torch', 'numpy', 'pooch', 'requests', 'sklearn', 'matplotlib'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )

    assert answer.returncode == 0, answer.stderr


def test_verify_embedded_data() -> None:
    result = run("verify", "--data", "builtin")

    assert result.exit_code == 0
    assert "1,797 images of 8x8, 360 of them test" in result.output
    assert "1,000 clips of 5 speakers, 100 of them test" in result.output
    assert "wrong" not in result.output


def test_verify_real_data(real_data: Path) -> None:
    result = run("verify", "--data-dir", real_data)

    assert result.exit_code == 0
    assert "60,000 x 28 x 28" in result.output
    assert "3,000 clips of 6 speakers, 300 of them test" in result.output


def test_verify_says_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    findings = (
        data_package.Finding("good.gz", True, "fine"),
        data_package.Finding("bad.gz", False, "has another hash"),
    )
    monkeypatch.setattr(data_package, "verify", lambda location: findings)
    result = run("verify", "--data", "builtin")

    assert result.exit_code == 1
    assert "has another hash" in result.output


@pytest.mark.parametrize("command", ["verify", "show"])
def test_missing_folder(tmp_path: Path, command: str) -> None:
    result = run(command, "--data-dir", tmp_path / "nowhere")

    assert result.exit_code == 1
    assert isinstance(result.exception, DataError)
    assert "must be a folder that exists" in str(result.exception)


def test_environment_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPIKEFUSE_DATA", str(tmp_path))
    result = run("verify")

    assert isinstance(result.exception, DataError)
    assert "the four MNIST files" in str(result.exception)


@pytest.mark.parametrize(
    ("options", "share"),
    [
        (["--protocol", "paper"], "61.6 %"),
        ([], "0 %"),
        (["--protocol", "speaker", "--held-out-speaker", "rms"], "0 %"),
        (["--protocol", "speaker"], "0 %"),
    ],
)
def test_show_writes_a_picture_and_the_audit(
    tmp_path: Path, options: list[str], share: str
) -> None:
    picture = tmp_path / "new" / "pairs.png"
    result = run("show", "--data", "builtin", "--out", picture, "--rows", 1, *options)

    assert result.exit_code == 0, result.output
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert str(picture) in result.output
    assert "EMBEDDED STAND-IN DATA" in result.output
    row = next(line for line in result.output.splitlines() if "validation" in line)
    assert [cell.strip() for cell in row.split("│")[6:8]] == [share, "100 %"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--data", "builtn"], "Did you mean builtin"),
        (["--protocol", "disjiont"], "Did you mean disjoint"),
        (["--protocol", "speaker", "--held-out-speaker", "smt"], "Did you mean slt"),
        (["--held-out-speaker", "rms"], "Choose protocol 'speaker'"),
        (["--rows", "0"], "rows must be from 1 to 10, got 0"),
        (["--out", "pairs.gif"], "must be one of png, svg, pdf, got 'gif'"),
    ],
)
def test_wrong_options(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("show", "--data", "builtin", *options)

    assert isinstance(result.exception, InputError)
    assert message in str(result.exception)
    assert list(tmp_path.iterdir()) == []


def test_fetch_fills_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(folder: Path, *, replace: bool, progress: ProgressFactory, images: IdxSet) -> Path:
        assert not replace
        assert images.title == "Fashion-MNIST"
        bar = progress("fsdd.zip")
        bar.total = 10
        bar.update(10)
        bar.reset()
        bar.update(10)
        bar.close()
        folder.mkdir()
        return folder

    monkeypatch.setattr(data_package, "fetch", fetch)
    result = run("fetch", "--out", tmp_path / "data", "--data", "fashion-fsdd")

    assert result.exit_code == 0
    assert (tmp_path / "data").is_dir()
    assert "downloading fsdd.zip" in result.output
    assert f"{tmp_path / 'data'} is complete" in result.output


def test_what_cannot_be_fetched_is_refused() -> None:
    result = run("fetch", "--data", "builtin")

    assert isinstance(result.exception, InputError)
    assert "--data must be one of digits, mnist-fsdd" in str(result.exception)


def test_fetch_fills_the_users_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(
        data_package,
        "fetch",
        lambda folder, replace, progress, images: asked.append((folder, images)),
    )
    run("fetch")

    assert asked == [(data_package.download_folder(), MNIST)]


def test_fetch_without_network() -> None:
    """The test run forbids the network; nothing is left behind."""
    result = run("fetch")

    assert result.exit_code == 1
    assert isinstance(result.exception, DataError)
    assert "a mirror of MNIST must answer" in str(result.exception)
    assert not data_package.download_folder().exists()


@pytest.mark.parametrize("total", [1000, 0])
def test_a_bar_ends_full(total: int) -> None:
    """In the order in which pooch drives a bar; a server may not name the size."""
    console = Console(force_terminal=True, width=100, record=True)
    with download_progress(console) as progress:
        bar = progress("file.gz")
        bar.total = total
        for _ in range(2):
            bar.update(500)
        bar.reset()
        bar.update(total)
        bar.close()
    shown = console.export_text()

    assert "file.gz" in shown
    assert "1.0/1.0 kB" in shown or "1000/1000 bytes" in shown


def test_no_bar_no_output() -> None:
    console = Console(force_terminal=True, width=100, record=True)
    with download_progress(console):
        pass

    assert console.export_text() == ""
