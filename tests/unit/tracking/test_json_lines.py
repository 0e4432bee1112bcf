"""A file of events: whole lines whoever is killed, and refused where it cannot be written."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from spikefuse.core.errors import InputError, StoreError
from spikefuse.tracking.events import TrialEvent
from spikefuse.tracking.json_lines import JsonLines, line_of, require_writable

ENDLESS = """
import sys
from pathlib import Path
from spikefuse.tracking.events import TrialEvent
from spikefuse.tracking.json_lines import JsonLines
lines, number = JsonLines(Path(sys.argv[1])), 0
while True:
    # Longer than any buffer of Python's, which would write it in parts.
    lines.write(TrialEvent("epoch", "1f", "snn", {"number": number, "padding": "x" * 30_000}))
    number += 1
"""


def test_who_is_killed_tears_the_last_line_at_most(tmp_path: Path) -> None:
    """Linux lets a process go within a write, at a page."""
    path = tmp_path / "events.jsonl"
    process = subprocess.Popen([sys.executable, "-c", ENDLESS, str(path)])
    try:
        begin = time.monotonic()
        while not path.exists() or path.stat().st_size < 5_000_000:
            assert process.poll() is None
            assert time.monotonic() - begin < 120
    finally:
        process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
        process.wait()

    *lines, last = path.read_bytes().splitlines(keepends=True)
    numbers = [json.loads(line)["number"] for line in lines]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > 100
    later = JsonLines(path)
    later.write(TrialEvent("epoch", "1f", "snn", {"number": -1}))
    later.close()
    further = path.read_bytes().splitlines()[len(lines) :]
    assert further[0] == last.rstrip(b"\n")
    assert [json.loads(line)["number"] for line in further[1:]] == [-1]


def test_a_line_is_one_write(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    lines = JsonLines(path)
    sizes: list[int] = []
    real = lines._file.write
    lines._file = type("Seen", (), {"write": lambda _, x: sizes.append(len(x)) or real(x)})()
    lines.write(TrialEvent("epoch", "1f", "snn", {"padding": "x" * 30_000}))
    assert sizes == [path.stat().st_size]


def test_a_torn_last_line_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"a": 1}\n{"b": ')
    for _ in range(2):
        lines = JsonLines(path)
        lines.write(TrialEvent("epoch", "1f", "snn"))
        lines.close()

    whole, torn, *added = path.read_bytes().splitlines()
    assert (whole, torn) == (b'{"a": 1}', b'{"b": ')
    assert [json.loads(each)["event"] for each in added] == ["epoch", "epoch"]


@pytest.mark.parametrize("length", [0, 1, 12, 20, 28, 40])
def test_a_file_whose_first_line_is_torn_is_one_of_events(tmp_path: Path, length: int) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text(line_of(TrialEvent("trial_started", "1f", "snn"))[:length])
    require_writable(path)


def test_a_disk_that_fills_within_a_line_is_told_and_the_line_spoils_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "events.jsonl"
    lines = JsonLines(path)
    lines.write(TrialEvent("epoch", "1f", "snn", {"epoch": 1}))
    file = lines._file

    class Half:
        def write(self, line: bytes) -> int:
            return file.write(line[: len(line) // 2])

        def close(self) -> None:
            file.close()

    monkeypatch.setattr(lines, "_file", Half())
    with pytest.raises(StoreError, match=r"must take events, got: No space left on device\. Make"):
        lines.write(TrialEvent("epoch", "1f", "snn", {"epoch": 2}))
    lines.close()
    later = JsonLines(path)
    later.write(TrialEvent("epoch", "1f", "snn", {"epoch": 3}))
    later.close()
    first, half, last = path.read_text().splitlines()
    assert [json.loads(each)["epoch"] for each in (first, last)] == [1, 3]
    assert not half.endswith("}")


def test_asking_whether_a_file_can_be_written_leaves_it_as_it_is(tmp_path: Path) -> None:
    require_writable(tmp_path / "events.jsonl")
    there = tmp_path / "there.jsonl"
    there.write_bytes(b'{"eve')
    require_writable(there)
    require_writable(Path(os.devnull))

    assert os.listdir(tmp_path) == ["there.jsonl"]
    assert there.read_bytes() == b'{"eve'


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("no/events.jsonl", "No such file"),
        (".", "Is a directory"),
        ("a" * 300, "File name too long"),
        ("x\0y", "null"),
    ],
)
def test_what_cannot_be_written_is_refused(tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(InputError, match=f"--events must be a file that can be written, .*{why}"):
        require_writable(tmp_path / name)


@pytest.mark.skipif(not hasattr(os, "geteuid") or not os.geteuid(), reason="all is allowed here")
def test_a_folder_that_may_not_be_written_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="Permission denied"):
        require_writable(tmp_path / "events.jsonl")
    tmp_path.chmod(0o700)


def test_a_file_of_something_else_is_no_file_of_events(tmp_path: Path) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("mine\n")
    with pytest.raises(InputError, match=r"a file of events or a new one, got .*notes"):
        require_writable(other)
    assert other.read_text() == "mine\n"
    anothers = (
        '{"event": "login", "time": 1}\n',
        '{"event": "epoch", "user": 1}\n',
        '{"event": "epoc\n',
    )
    for content in ("{\n}", "\nmine\n", '{"event":\n 1}', *anothers, '{"event": "login'):
        other.write_text(content)
        with pytest.raises(InputError, match="a file of events or a new one"):
            require_writable(other)
    (tmp_path / "run" / "trials").mkdir(parents=True)
    table = tmp_path / "run" / "results.csv"
    table.write_text("study,trial,network\n")
    (tmp_path / "link").symlink_to(table)
    kept = (table, table.with_name("run.json"), table.parent / "trials" / "new.jsonl")
    for place in (*kept, tmp_path / "link"):
        with pytest.raises(InputError, match=r"must not be what the results folder .* keeps"):
            require_writable(place)
