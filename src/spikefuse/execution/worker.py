"""The program of a pool's worker process: jobs come in as lines of JSON, messages go out so.

No pickle, and nothing but text between the processes, so it works alike on every system. The
channel is a private copy of standard output; what a job prints goes to standard error, where the
parent collects it.
"""

import json
import os
import queue
import signal
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict
from typing import IO, Any

from spikefuse.core.deadline import request_stop, stop_requested
from spikefuse.execution.contract import Job
from spikefuse.execution.lifeline import end_with_parent
from spikefuse.execution.perform import perform
from spikefuse.execution.relay import relay_logs

SETTINGS = "SPIKEFUSE_WORKER"
"""Environment variable with the worker's settings as JSON: path, parent, threads, level."""

OUTPUT_MARK = b"\x1e"
"""Begins the line that names the job whose output follows."""

BOOTSTRAP = (
    "import json, os, sys; "
    f"settings = json.loads(os.environ.pop({SETTINGS!r})); "
    "sys.path[:] = settings['path']; "
    "from spikefuse.execution.worker import main; "
    "main(settings)"
)
"""What the worker's interpreter is given with -c: it imports what the parent can import."""


class Channel:
    """The two private pipes to the parent."""

    def __init__(self) -> None:
        self._messages, commands = _claim_standard_streams()
        self._lock = threading.Lock()
        self._jobs: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._busy = False
        threading.Thread(target=self._listen, args=(commands,), daemon=True).start()

    def send(self, kind: str, data: Mapping[str, Any]) -> None:
        """Send one message."""
        line = json.dumps({"kind": kind, "data": data}).encode() + b"\n"
        with self._lock:
            try:
                self._messages.write(line)
                self._messages.flush()
            except OSError:
                os._exit(1)  # the parent is gone

    def end(self) -> None:
        """Take no further job; safe in the handler of a signal."""
        self._jobs.put(None)

    def next_job(self) -> dict[str, Any] | None:
        """Wait for a job; None when the parent wants no more."""
        self._busy = False
        job = self._jobs.get()
        self._busy = True
        return job

    def _listen(self, commands: IO[bytes]) -> None:
        for line in commands:
            self._jobs.put(json.loads(line))
        # The end of the commands in the middle of a job means that the parent is gone.
        if self._busy:
            os._exit(1)
        self._jobs.put(None)


def _claim_standard_streams() -> tuple[IO[bytes], IO[bytes]]:
    """Keep the channel to ourselves, and leave a job with streams that it may use freely.

    The copies are not inherited, so a program that a job starts cannot hold the channel open.
    """
    messages = os.fdopen(os.dup(1), "wb")
    commands = os.fdopen(os.dup(0), "rb")
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    # A line at a time, lest the last words of a crashed job stay in a buffer.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    return messages, commands


def mark_output(job: str) -> None:
    """Tell whoever reads the printed lines that those from here on are this job's."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os.write(2, b"\n" + OUTPUT_MARK + json.dumps(job).encode() + b"\n")


def main(settings: Mapping[str, Any]) -> None:
    """Do jobs until the parent wants no more."""
    # Ctrl-C reaches the whole process group; the parent decides what becomes of its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent(settings["parent"])
    channel = Channel()

    def stop(*_: object) -> None:
        # Work that checks stores what it has done; other work can only be broken off.
        if not request_stop():
            os._exit(128 + signal.SIGTERM)
        channel.end()

    signal.signal(signal.SIGTERM, stop)
    relay_logs(settings["level"], lambda record: channel.send("log", record))
    while (message := channel.next_job()) is not None:
        mark_output(message["name"])
        result = perform(
            Job(**message), lambda data: channel.send("progress", data), settings["threads"]
        )
        channel.send("result", asdict(result))
        if stop_requested():
            break
