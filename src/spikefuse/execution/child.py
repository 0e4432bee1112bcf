"""The parent's side of one worker process."""

import json
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import IO, Any, cast

from spikefuse.execution.contract import Job
from spikefuse.execution.environment import worker_environment
from spikefuse.execution.relay import wanted_level
from spikefuse.execution.worker import BOOTSTRAP, OUTPUT_MARK, SETTINGS

_LAST_WORDS = 40
_PATIENCE_S = 5.0
_log = logging.getLogger(__name__)

Inbox = queue.SimpleQueue[tuple["Child", dict[str, Any] | None]]
"""Messages of all workers; None says that the worker has ended."""


class Child:
    """A running worker process, which does one job at a time.

    Args:
        inbox: Where its messages go, with itself.
        threads: Threads of each job.
        slot: Which of the pool's places it takes.
        environment: What its environment gets besides, such as its GPU.

    Raises:
        OSError: The system has no room for another process.
    """

    def __init__(
        self,
        inbox: Inbox,
        threads: int,
        slot: int = 0,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.slot = slot
        self.job: Job | None = None
        self.last_words: deque[str] = deque(maxlen=_LAST_WORDS)
        settings = {
            "path": [os.path.abspath(entry) for entry in sys.path],
            "parent": os.getpid(),
            "threads": threads,
            "level": wanted_level(),
        }
        self._inbox = inbox
        self._process = subprocess.Popen(
            [sys.executable, "-c", BOOTSTRAP],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ
            | worker_environment(threads)
            | dict(environment or {})
            | {SETTINGS: json.dumps(settings)},
        )
        commands, messages, output = (
            cast(IO[bytes], pipe)
            for pipe in (self._process.stdin, self._process.stdout, self._process.stderr)
        )
        self._commands = commands
        self._messages_reader = _start(self._read_messages, messages)
        self._output_reader = _start(self._read_output, output)
        _start(self._wait)

    def begin(self, job: Job) -> None:
        """Hand over a job. If the worker is gone, its end is in the inbox or soon will be."""
        self.job = job
        with suppress(OSError):
            self._commands.write(json.dumps(asdict(job)).encode() + b"\n")
            self._commands.flush()

    def dismiss(self) -> None:
        """Let the worker end when it has nothing to do."""
        with suppress(OSError):
            self._commands.close()

    def terminate(self) -> None:
        """Ask the worker to end as soon as it has stored what it has done."""
        # Its commands stay open: their end in the middle of a job would mean that we are gone.
        self._process.terminate()

    def join(self, patience_s: float = _PATIENCE_S) -> None:
        """Wait for the worker's end; kill it when that takes too long."""
        try:
            self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._join_readers()

    def describe_end(self) -> str:
        """How the process ended, in words."""
        code = self._process.wait()
        if code >= 0:
            return f"ended with exit code {code}"
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        hint = " (the system does that when memory runs out)" if -code == signal.SIGKILL else ""
        return f"was killed by {name}{hint}"

    def _read_messages(self, pipe: IO[bytes]) -> None:
        with pipe:
            for line in pipe:
                try:
                    message = json.loads(line)
                except ValueError:
                    # Half a line of a worker that was killed, or a job that writes where it must
                    # not: then what follows is not to be trusted.
                    self._process.kill()
                    return
                self._inbox.put((self, message))

    def _read_output(self, pipe: IO[bytes]) -> None:
        job = "worker"
        with pipe:
            for line in pipe:
                if line.startswith(OUTPUT_MARK):
                    job = json.loads(line.removeprefix(OUTPUT_MARK))
                    self.last_words.clear()
                elif text := line.decode(errors="replace").rstrip():
                    self.last_words.append(text)
                    _log.info("%s: %s", job, text)

    def _wait(self) -> None:
        # Not the end of the pipes but the end of the process counts: a program that a job has
        # started may hold one open for longer.
        self._process.wait()
        self._join_readers()
        self._inbox.put((self, None))

    def _join_readers(self) -> None:
        self._messages_reader.join(_PATIENCE_S)
        # Only this pipe goes to the programs that a job starts.
        self._output_reader.join(1.0)


def _start(target: Callable[..., None], *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=target, args=arguments, daemon=True)
    thread.start()
    return thread
