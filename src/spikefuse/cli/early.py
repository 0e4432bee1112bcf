"""What a run tells early: its time before it, results and report on the way.

Both are written again after each stage of a run, while the next trains.
"""

import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console

from spikefuse.cli.terminal import fact, news
from spikefuse.core.untrusted import reason_of
from spikefuse.execution import Event, Job

if TYPE_CHECKING:
    from spikefuse.cli.workflow import Prepared

PATIENCE_S = 10.0
"""What a drawing process that is told to stop gets to do so."""


def tell_time(prepared: "Prepared", console: Console) -> None:
    """How long the work will take, measured here and now; not for a plan of a minute or two."""
    from spikefuse.cli.progress import expected
    from spikefuse.core import library
    from spikefuse.execution import parse_shard
    from spikefuse.planning.estimate import at_once, seconds_of

    request, plan = prepared.request, prepared.plan
    if len(plan.stages) == 1 or parse_shard(request.shard) != (1, 1) or request.executor == "ray":
        return  # measuring takes seconds; other machines are not this one
    seconds = seconds_of(plan, request.workers, request.backend, request.device, request.products)
    count = at_once(request.workers, request.device)
    if request.device == "cpu":
        instructions = (library.instructions() or "no C++ kernels").upper().replace("_", " ")
        where = f"{count} cores" if count > 1 else "1 core"
        where += f", {instructions}"
    else:
        where = f"{count} x {request.device}"
    told = expected(seconds, plan, f" on {where}, measured with a few steps")
    fact(console, "time", told)


class EarlyResults:
    """Hears the events of a run; used as a context that ends with the run.

    Tables and claims take a second and are written here. The report takes many, so a process of its
    own draws it from the folder; what it has not finished when the run ends, or is stopped, is left
    to the report before or after: files are replaced whole.

    Args:
        prepared: The run.
        jobs: All that will run.
        console: Where to tell.
    """

    def __init__(self, prepared: "Prepared", jobs: Sequence[Job], console: Console) -> None:
        from spikefuse.execution import parse_shard
        from spikefuse.planning.stages import StageWatch

        request = prepared.request
        # A share sees its own part only, and what readings say is compared when all are there.
        self._is_wanted = parse_shard(request.shard) == (1, 1) and not prepared.readings
        self._last = len(prepared.plan.stages) - 1
        self._watch = StageWatch(jobs)
        self._prepared, self._console = prepared, console
        self._drawing: subprocess.Popen[bytes] | None = None
        self._is_due = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._drawing is None:
            return
        if self._drawing.poll() is None:
            self._drawing.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._drawing.wait(PATIENCE_S)
        if self._drawing.poll() is None:
            self._drawing.kill()
            self._drawing.wait()

    def on_event(self, event: Event) -> None:
        """Take in one event of a job."""
        stage = self._watch.hear(event)
        # After the last stage the command itself writes.
        self._is_due |= self._is_wanted and stage is not None and 0 <= stage < self._last
        if self._drawing is not None and self._drawing.poll() is not None:
            self._tell(self._drawing.returncode)
            self._drawing = None
        if self._is_due and self._drawing is None:
            self._is_due = False
            self._write()

    def _write(self) -> None:
        from spikefuse.cli.workflow import write_results
        from spikefuse.core.errors import SpikefuseError

        try:
            results = write_results(self._prepared)
        except SpikefuseError as error:
            # The end of the run meets it again; what is trained meanwhile is not lost for it.
            news(self._console, f"results so far cannot be written: {error}", style="red")
            return
        if not self._prepared.reports:
            news(self._console, f"results so far: {results}")
            return
        command = [sys.executable, "-m", "spikefuse", "report", str(self._prepared.out)]
        nothing = subprocess.DEVNULL
        try:
            with (self._prepared.out / "run.log").open("ab") as log:
                self._drawing = subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=log)
        except OSError as error:  # the end of the run draws it anyway
            news(self._console, f"no report so far: {reason_of(error)}", style="red")

    def _tell(self, code: int) -> None:
        page: Path = self._prepared.out / "report.html"
        if code == 0:
            news(self._console, f"report so far: {page.resolve()}")
        else:
            news(self._console, f"no report so far: see {self._prepared.out / 'run.log'}")
