"""Live progress of a run: overall, per population, time left. Plain lines where no terminal is."""

import time
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console, RenderableType
from rich.constrain import Constrain
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TextColumn,
)
from rich.table import Column

from spikefuse.cli.terminal import news
from spikefuse.execution import Event, Job

if TYPE_CHECKING:
    from spikefuse.planning.plan import Plan

SECONDS_BETWEEN_LINES = 30.0


def duration(seconds: float) -> str:
    """Seconds for people.

    Example:
        >>> duration(5), duration(200), duration(7300), duration(35_683_860)
        ('5 s', '3 min 20 s', '2 h 01 min', '413 days 0 h')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole < 48 * 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86_400} days {whole % 86_400 // 3600} h"


def expected(seconds: float, plan: "Plan", where: str = "") -> str:
    """The time of a plan in words, which is the most where networks stop by themselves."""
    told = f"about {duration(seconds)}{where}"
    if not plan.may_end_early:
        return told
    return f"at most {told}: each network stops when its accuracy no longer rises"


class _Bars(Progress):
    """Bars that leave the last columns free.

    A terminal shows Ctrl-C as "^C" where the cursor is; at the very end of a line the letters would
    begin another line, which nobody clears.
    """

    def get_renderable(self) -> RenderableType:
        live = getattr(self, "live", None)  # the base class draws once before it has one
        width = live.console.width - len("^C^C") if live else None
        return Constrain(super().get_renderable(), width)


class RunProgress:
    """Shows the events of an executor.

    Args:
        jobs: The work; costs weigh the jobs against each other.
        console: Where to show it.
        may_end_early: Networks may stop before their last epoch, so what is left is the most.
    """

    def __init__(self, jobs: list[Job], console: Console, may_end_early: bool = False) -> None:
        self._about = "at most about" if may_end_early else "about"
        self._cost = {job.name: max(job.cost, 1.0) for job in jobs}
        self._share = dict.fromkeys(self._cost, 0.0)
        self._console = console
        self._begin = self._last_line = time.monotonic()
        self._finished = 0
        self._errors: set[str] = set()
        self._tasks: dict[str, TaskID] = {}
        self._progress = _Bars(
            # What tells how far it is comes first and whole; a narrow terminal cuts the names.
            BarColumn(bar_width=16, table_column=Column(min_width=16, no_wrap=True)),
            TextColumn("{task.percentage:>3.0f} %", table_column=Column(min_width=5, no_wrap=True)),
            TextColumn(
                "{task.fields[note]}  {task.description}",
                markup=False,
                table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"),
            ),
            expand=True,
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._overall = self._progress.add_task("", total=1.0, note="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    @property
    def done(self) -> float:
        """Share of the work that is done."""
        total = sum(self._cost.values())
        return sum(self._cost[name] * share for name, share in self._share.items()) / total

    def on_event(self, event: Event) -> None:
        """Take in one event of a job."""
        if event.kind == "started":
            self._tasks[event.job] = self._progress.add_task(event.job, total=1.0, note="")
        elif event.kind == "progress":
            share, note = self._read(event.data)
            self._share[event.job] = max(self._share[event.job], share)
            if event.job in self._tasks:
                self._progress.update(self._tasks[event.job], completed=share, note=note)
        else:
            self._close(event)
        self._show_overall(force_line=event.kind in ("finished", "failed"))

    def _read(self, data: Mapping[str, Any]) -> tuple[float, str]:
        if "condition" in data:
            return 0.97, f"noise {data['condition']}/{data['conditions']}"
        epochs, steps = max(1, data["epochs"]), max(1, data["steps"])
        share = (data["epoch"] - 1 + data["step"] / steps) / epochs
        note = f"epoch {data['epoch']}/{epochs}"
        if data.get("validation_accuracy"):
            shown = " ".join(f"{100 * a:.1f}" for a in data["validation_accuracy"])
            note += f"  validation {shown} %"
        return 0.95 * min(1.0, share), note

    def _close(self, event: Event) -> None:
        if event.kind != "stopped":
            self._share[event.job] = 1.0
            self._finished += 1
        task = self._tasks.pop(event.job, None)
        if task is not None:
            self._progress.remove_task(task)
        if event.kind == "failed":
            error = str(event.data.get("error", ""))
            text = "for the same reason" if error in self._errors else error
            self._errors.add(error)
            news(self._console, f"failed: {event.job}: {text}", style="red")

    def _show_overall(self, force_line: bool) -> None:
        now = time.monotonic()
        done = self.done
        left = (now - self._begin) * (1 - done) / done if done > 0.01 else None
        note = f"{self._finished}/{len(self._cost)} populations"
        if left is not None:
            note = f"{self._about} {duration(left)} left, {note}"
        self._progress.update(self._overall, completed=done, note=note)
        quiet = now - self._last_line < SECONDS_BETWEEN_LINES
        if not self._console.is_terminal and (force_line or not quiet):
            self._last_line = now
            news(self._console, f"{100 * done:3.0f} %  {note}")
