"""What a person sees of a run in a terminal of 80 columns, to the end and after Ctrl-C."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")

COLUMNS, ROWS = 80, 24
RUN = (
    "run", "reset", "--profile", "smoke", "--data", "builtin", "--seeds", "1",
    "--protocols", "disjoint", "--executor", "process", "--workers", "1", "--threads", "1",
)  # fmt: skip


class Terminal:
    """A screen that knows what rich writes: text, line ends, and the codes that move and clear."""

    def __init__(self) -> None:
        self.lines = [""]
        self.row = self.column = 0

    def write(self, text: str) -> None:
        for part in re.findall(r"\x1b\[[?\d;]*[A-Za-z]|\x1b[^\[]|[^\x1b]", text):
            self._code(part) if part.startswith("\x1b") else self._letter(part)

    def _code(self, code: str) -> None:
        number = int(re.sub(r"\D", "", code) or 1) if code[-1] in "AK" else 0
        if code[-1] == "A":
            self.row = max(0, self.row - number)
        elif code.endswith("[2K"):
            self.lines[self.row] = ""
        elif code[-1] == "K":
            self.lines[self.row] = self.lines[self.row][: self.column]

    def _letter(self, letter: str) -> None:
        if letter == "\r":
            self.column = 0
        elif letter == "\n":
            self._down()
        else:
            if self.column == COLUMNS:
                self.column = 0
                self._down()
            line = self.lines[self.row].ljust(self.column)
            self.lines[self.row] = line[: self.column] + letter + line[self.column + 1 :]
            self.column += 1

    def _down(self) -> None:
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append("")


class Watched:
    """A command in a pseudo-terminal."""

    def __init__(self, *arguments: str, folder: Path) -> None:
        self.screen, self.seen = Terminal(), ""
        self._master, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "spikefuse", *arguments],
            stdin=other,
            stdout=other,
            stderr=other,
            cwd=folder,
            env=os.environ | {"TERM": "xterm-256color", "COLUMNS": "", "NO_COLOR": "1"},
            start_new_session=True,
        )
        os.close(other)

    def until(self, pattern: str | None, seconds: float = 300.0) -> str:
        """Read until the text matches, or to the end."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if pattern is not None and re.search(pattern, self.seen):
                return self.seen
            if not select.select([self._master], [], [], 0.2)[0]:
                continue
            try:
                text = os.read(self._master, 65_536).decode()
            except OSError:  # the other side has closed
                self.process.wait(60)
                return self.seen
            self.seen += text
            self.screen.write(text)
        raise AssertionError(f"not within {seconds} s: {pattern}\n{self.seen[-2000:]}")


def test_bar_percent_and_time_come_first_and_nothing_stays_after_ctrl_c(tmp_path: Path) -> None:
    watched = Watched(*RUN, "--out", "out", folder=tmp_path)
    watched.until(r"━.* %.*left")
    live = [line for line in watched.screen.lines if "━" in line]
    overall = live[0]
    assert re.match(r"[━╸╺ ]{16} +\d+ %  ?about (\d+ h )?(\d+ min )?\d+ s left", overall), overall
    assert all(len(line) <= COLUMNS for line in live)
    os.kill(watched.process.pid, signal.SIGINT)
    watched.until(None)
    assert watched.process.returncode == 130
    assert not [line for line in watched.screen.lines if "━" in line or "left," in line]
    told = [line for line in watched.screen.lines if line.strip()][-1]
    assert "same command" in " ".join(watched.screen.lines[-4:]), told
