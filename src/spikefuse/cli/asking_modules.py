"""`spikefuse ask --network MODULE:FUNCTION`: the same answer and report for one's own network."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spikefuse.cli.progress import duration
from spikefuse.cli.terminal import fact, make_console
from spikefuse.core.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from spikefuse.cli.checked import Checked
    from spikefuse.data import Location
    from spikefuse.workbench.asking import Named

IDLE = ("executor", "workers", "time_limit", "ray_address", "retry_failed", "events", "track")
IDLE_OF_OURS = ("backend", "precision", "products", "device", "readings")
"""Options about processes, kernels and neurons that a module of one's own does not meet."""


def refuse_idle_options(given: dict[str, Any]) -> None:
    """Refuse options that would have no effect.

    Raises:
        InputError: One is given.
    """
    for name in (*IDLE, *IDLE_OF_OURS):
        if name in given:
            option = f"--{name.replace('_', '-')}"
            raise InputError(f"ask: {option} has no effect on a network of yours. Leave it out.")


def ask_modules(
    named: Named,
    checked: Checked,
    location: Location,
    audit: dict[str, Any],
    out: Path,
    console: Console,
    *,
    as_json: bool,
) -> str:
    """Train somebody's own network for the question and write the answer; see `ask_data`."""
    from spikefuse.cli.asking import finish, write_data
    from spikefuse.cli.workflow import command_line
    from spikefuse.data import content_at, load_corpus
    from spikefuse.report.output.place import require_page
    from spikefuse.results.atomic import make_folder
    from spikefuse.results.outputs import require_folder
    from spikefuse.studies.effort import effort_named
    from spikefuse.workbench.asking import (
        answer_by_modules,
        require_alone,
        seconds_of_modules,
        wanted_of,
    )

    require_folder(out, "ask")
    require_alone(out, named)
    require_page(out / "report.html", out, "ask")
    effort = effort_named(checked.request.profile, location.source)
    seeds = checked.request.seeds or effort.profile.seeds
    wanted = wanted_of(location.source, effort.profile, seeds, content_at(location))
    corpus = load_corpus(wanted[0].definition.data, location)
    fact(console, "data", corpus.banner)
    fact(console, "effort", effort.said)
    fact(console, "networks", f"{len(wanted)} made by {named.name}")
    fact(console, "time", f"about {duration(seconds_of_modules(named, wanted, corpus))}")
    fact(console, "results", out)
    make_folder(out, "ask")
    write_data(out, audit, location, corpus)

    def report(done: int, total: int, each: Any) -> None:
        cell = each.cell
        told = f"{cell.modality} {'' if cell.pairing == 'true' else 'shuffled '}"
        console.print(f"{done}/{total}  {told}seed {each.definition.seed}")

    answers, document = answer_by_modules(
        named,
        wanted,
        corpus,
        out,
        report,
        effort=effort,
        audit={**audit, "banner": corpus.banner},
        command=command_line(),
    )
    return finish(out, document, answers, console, as_json)


def show_modules(
    rows: Sequence[Mapping[str, Any]],
    record: Mapping[str, Any],
    given: Mapping[str, object],
    *,
    as_json: bool,
) -> None:
    """The stored answer of somebody's own network; see `spikefuse show`.

    Raises:
        InputError: An option is given that is about our networks alone.
    """
    from spikefuse.analysis.asked import NETWORK, ROWS_AS, answer_document, asked_of
    from spikefuse.cli.asking import show_answers

    for name in (name for name, value in given.items() if value is not None):
        raise InputError(f"show: --{name} has no effect on a network of yours. Leave it out.")
    answers = asked_of(rows, str(record[NETWORK]), str(record.get(ROWS_AS)))
    document = answer_document(answers, str(record.get("title")), {})
    if as_json:
        print(json.dumps(document, indent=2, allow_nan=False))
    else:
        show_answers(answers, document, make_console())
