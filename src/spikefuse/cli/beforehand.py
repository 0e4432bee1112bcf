"""What a user would want to know of a results folder before work in it begins."""

import time
from typing import TYPE_CHECKING

from spikefuse.cli.terminal import fact

if TYPE_CHECKING:
    from rich.console import Console

    from spikefuse.planning import Plan
    from spikefuse.results import TrialStore


def tell_others(store: "TrialStore", console: "Console", shard: str) -> None:
    """Who is at work in this folder already; the shares of a job array are not told of each other.

    Raises:
        StoreError: The folder may not be read.
    """
    from spikefuse.execution import parse_shard
    from spikefuse.results.journal import Journal

    if parse_shard(shard) != (1, 1):
        return
    for worker in Journal(store.root).workers():
        since = time.strftime("%Y-%m-%d %H:%M", time.localtime(worker.since))
        unsure = (
            "" if worker.is_alive else " (as it signed; whether it still runs is not seen here)"
        )
        fact(
            console,
            "beside",
            f"{worker.host}, process {worker.process} has been at work in this folder since "
            f"{since}{unsure}. A network that both train is stored once; spikefuse status says who "
            "does what.",
        )


def tell_other_precision(plan: "Plan", store: "TrialStore", console: "Console") -> None:
    """Networks that are stored already and would train again, because this precision is another.

    `auto` may be another precision on a GPU than on a CPU, and was bf16 on some processors before
    products went by events.

    Raises:
        StoreError: The folder may not be read.
    """
    from spikefuse.core.device import PRECISIONS

    own = plan.profile.precision
    waiting = [trial.definition for trial in plan.trials if not trial.is_ready]
    names = {trial.definition.name for trial in plan.trials}
    there = set(store) - names if waiting else set()
    for other in PRECISIONS if there else ():
        if other != own:
            alike = (each.model_copy(update={"precision": other}).name for each in waiting)
            count = sum(name in there for name in alike)
            if count:
                fact(
                    console,
                    "stored",
                    f"{count} of these networks are stored here in {other} and would train again "
                    f"in {own}. --precision {other} takes those that are there.",
                )
