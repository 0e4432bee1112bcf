"""What `bench` cannot read is said before anything is measured."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from spikefuse.bench import run
from spikefuse.cli import app
from spikefuse.core.errors import SpikefuseError


@pytest.fixture(autouse=True)
def nothing_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def measured(*_: object) -> None:
        raise AssertionError("measured")

    monkeypatch.setattr(run, "measure", measured)


@pytest.mark.parametrize(
    ("content", "arguments", "message"),
    [
        (b"{", ["--parts", "noise", "--out", "FILE"], "where --parts adds to it, got FILE: "),
        (b"[1]", ["--parts", "noise", "--out", "FILE"], "got FILE: no record. Name another"),
        (b"\xff\xfea", ["--notes", "FILE"], "--notes must be text in UTF-8, got UTF-16 in FILE"),
        (None, ["--notes", "FILE"], "--notes must be a file that can be read, got FILE: No such"),
        (None, ["--notes", "."], "it is no regular file"),
        (None, ["--rounds", "0"], "--rounds must be at least 1, got 0"),
        (None, ["--steps", "0"], "--steps must be at least 1, got 0"),
    ],
)
def test_what_cannot_be_read_is_said_first(
    tmp_path: Path, content: bytes | None, arguments: list[str], message: str
) -> None:
    file = tmp_path / "given"
    if content is not None:
        file.write_bytes(content)
    given = [each.replace("FILE", str(file)) for each in arguments]
    done = CliRunner().invoke(app, ["bench", *given])
    assert isinstance(done.exception, SpikefuseError)
    assert message.replace("FILE", str(file)) in str(done.exception)
