"""`spikefuse ask` from options to the answer: read, estimate, train, answer, report."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spikefuse.cli.checked import Checked, check_request
from spikefuse.cli.downloads import download_progress
from spikefuse.cli.own import files_progress, print_found, settings_of
from spikefuse.cli.progress import expected
from spikefuse.cli.request import Request
from spikefuse.cli.terminal import fact, make_console
from spikefuse.cli.tracked import tell_report
from spikefuse.cli.workflow import Prepared, command_line, execute, listed, planned
from spikefuse.core.checks import require
from spikefuse.core.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from spikefuse.analysis.asked import Asked
    from spikefuse.data import Corpus, Location
    from spikefuse.studies.effort import Effort

OURS = "SNN"
"""What is asked about where no network is named: an SNN and its dense twin."""


def ask_data(
    data: str,
    given: dict[str, Any],
    own: dict[str, Any],
    *,
    network: str = OURS,
    as_json: bool = False,
) -> str:
    """Answer the question for some data; see `spikefuse ask`.

    Args:
        data: A path, or the name of a source.
        given: Fields of `Request`.
        own: What is said about data of one's own.
        network: "SNN", or "module:function" of somebody's own.
        as_json: The answer goes to the standard output as JSON, the rest to the other.

    Returns:
        "yes", "no" or "open".
    """
    console = make_console(to_stderr=as_json)
    request = Request(**given)
    checked = _checked(data, request)
    named = None
    if network.upper() != OURS:
        from spikefuse.cli.asking_modules import refuse_idle_options
        from spikefuse.workbench.asking import find_factory

        refuse_idle_options(given)
        named = find_factory(network)
    location, audit = find(data, own, request, console)
    out = request.out or Path("runs") / f"ask-{location.source}"
    if named is not None:
        from spikefuse.cli.asking_modules import ask_modules

        return ask_modules(named, checked, location, audit, out, console, as_json=as_json)
    from spikefuse.data import load_corpus
    from spikefuse.studies.effort import effort_named

    effort = effort_named(request.profile, location.source)
    prepared = plan_of(checked, effort, location, out, console)
    tell_plan(prepared, effort, console)
    corpus = load_corpus(prepared.plan.trials[0].definition.data, prepared.location)
    write_data(prepared.out, audit, location, corpus)
    execute(prepared, console, is_timed=True)
    return _answered(prepared, audit, effort, console, as_json)


def _checked(data: str, request: Request) -> Checked:
    """What is wrong of a question whatever its data is: told before a file of it is read."""
    from spikefuse.data.own.outside import results_apart
    from spikefuse.planning.plan import studies_under
    from spikefuse.studies.controls import CONTROLS
    from spikefuse.studies.effort import check_effort

    require((request.seeds or 1) >= 1, "ask", "--seeds", "at least 1", request.seeds)
    check_effort(request.profile)
    studies_under([CONTROLS], listed(request.readings, "--readings"))
    results_apart(own_root(data), request.out, "runs/ask-{}", "ask", events=request.events)
    return check_request(request)


def own_root(data: str) -> Path | None:
    """The folder, table or archive of somebody's own; None of a source that is ready.

    Raises:
        InputError: The settings that name it cannot be read.
    """
    from spikefuse.data.own.outside import root_at
    from spikefuse.data.sources.registry import choices

    path = Path(data).expanduser()
    return None if data in choices() and not os.path.exists(path) else root_at(path)


def find(
    data: str,
    own: dict[str, Any],
    request: Request,
    console: Console,
    *,
    command: str = "ask",
    least: int = 2,
) -> tuple[Location, dict[str, Any]]:
    """The data's location, and what the checks say of it.

    Args:
        data: A path, or the name of a source.
        own: What is said about data of one's own.
        request: Says where the data of a source is.
        console: Where to tell.
        command: The command that was typed.
        least: Modalities that there must be.

    Raises:
        InputError: It cannot be used as it is, or has one modality alone.
    """
    from spikefuse.analysis.asked import source_record
    from spikefuse.data import SOURCES, Location, locate
    from spikefuse.data.own import read_own, summary
    from spikefuse.data.own.source import register_from

    if own_root(data) is None:
        for name in own:
            option = f"--{name.replace('_', '-')}"
            raise InputError(f"{command}: {option} is for data of your own. Leave it out.")
        with download_progress(console) as progress:
            location = locate(data, request.data_dir, progress=progress)
        names = [modality.name for modality in SOURCES[location.source].modalities]
        _require_others(names, least, command)
        return location, source_record(location.source)
    path = Path(data).expanduser()
    settings = settings_of(path, own)
    with files_progress(console) as progress:
        found = read_own(path, settings, progress=progress)
    _require_others(list(found.modalities), least, command)
    source = register_from(found, path, settings)
    print_found(found, console)
    location = Location(source.name, origin="option", reason=f"{path} was asked for")
    return location, summary(found)


def _require_others(names: list[str], least: int, command: str) -> None:
    if len(names) < least:
        raise InputError(
            f"{command}: DATA must be of two modalities or more, got {names[0]!r} alone. Put a "
            "folder of the other one beside it."
        )


def show_data(data: str, own: dict[str, Any], data_dir: Path | None, out: Path, seed: int) -> None:
    """Draw samples of each class of some data; see `spikefuse data show`.

    Raises:
        InputError: The data cannot be used as it is, or the picture would lie in it.
    """
    from spikefuse.data import DataSettings, banner_of, content_at, load_corpus
    from spikefuse.data.own.outside import outside
    from spikefuse.report.drawing.samples import ending_of, write_samples
    from spikefuse.results.outputs import require_output

    outside(out, own_root(data), "data show")
    ending_of(out)
    require_output(out, "data show")
    console = make_console()
    request = Request(data_dir=data_dir)
    location, _ = find(data, own, request, console, command="data show", least=1)
    fact(console, "data", banner_of(location))
    settings = DataSettings(source=location.source, fingerprint=content_at(location))
    write_samples(out, load_corpus(settings, location), seed=seed)
    fact(console, "picture", out.resolve())


def plan_of(
    checked: Checked, effort: Effort, location: Location, out: Path, console: Console
) -> Prepared:
    """The plan: every modality alone, all together, and together with shuffled pairs."""
    from spikefuse.data import SOURCES
    from spikefuse.planning.plan import studies_under
    from spikefuse.studies.controls import CONTROLS, plain_protocol

    source = SOURCES[location.source]
    protocols = (plain_protocol(source),)
    studies = studies_under([CONTROLS], listed(checked.request.readings, "--readings"))
    return planned(
        checked, studies, effort.profile, protocols, location, out, console, reports=True
    )


def tell_plan(prepared: Prepared, effort: Effort, console: Console) -> None:
    """Effort, number of networks and the estimate, before anything is trained."""
    from spikefuse.planning.estimate import seconds_of

    request, plan = prepared.request, prepared.plan
    ready = sum(trial.is_ready for trial in plan.trials)
    said = effort.said
    if request.seeds is not None:
        said += f"; {request.seeds} seeds were asked for"
    fact(console, "effort", said)
    networks = f"{len(plan.trials)}, {ready} stored, {len(plan.trials) - ready} to do"
    if plan.populations:
        # The word that the lines of progress count in.
        many = f"{len(plan.populations)} population" + "s" * (len(plan.populations) > 1)
        networks += f", in {many} (networks of one shape, trained at once)"
    fact(console, "networks", networks)
    seconds = seconds_of(plan, request.workers, request.backend, request.device, request.products)
    fact(console, "time", expected(seconds, plan))
    fact(console, "results", prepared.out)


def write_data(out: Path, audit: dict[str, Any], location: Location, corpus: Corpus) -> None:
    """What the data is, beside the results, and of which; its picture is drawn once."""
    from spikefuse.analysis.earlier import set_data_aside
    from spikefuse.analysis.folder import DATA_FILE, DATA_PICTURE
    from spikefuse.data import content_at
    from spikefuse.report.drawing.samples import write_samples
    from spikefuse.results.atomic import write_file
    from spikefuse.results.documents import pretty_json

    known = {"source": location.source, "fingerprint": content_at(location)}
    set_data_aside(out, known)
    write_file(out / DATA_FILE, pretty_json({**audit, **known}), "ask")
    write_samples(out / DATA_PICTURE, corpus)


def _answered(
    prepared: Prepared, audit: dict[str, Any], effort: Effort, console: Console, as_json: bool
) -> str:
    from spikefuse.analysis.asked import answer_document, asked, question_of
    from spikefuse.data import SOURCES
    from spikefuse.results import read_tidy

    plan, out = prepared.plan, prepared.out
    answers = asked(read_tidy(out / "results.csv"))
    source = SOURCES[plan.source]
    document = answer_document(
        answers,
        question_of(source.title, [each.name for each in source.modalities]),
        {**audit, "banner": prepared.banner},
        effort={
            **{"profile": plan.profile.name, "said": effort.said, "seeds": list(plan.seeds)},
            "reading": plan.studies[0].reading,
        },
        command=command_line(),
    )
    reply = finish(out, document, answers, console, as_json)
    tell_report(prepared.request.events, out / "report.html")
    return reply


def finish(
    out: Path,
    document: dict[str, Any],
    answers: dict[str, Asked],
    console: Console,
    as_json: bool,
) -> str:
    """Write the answer and the report, and tell both.

    Returns:
        "yes", "no" or "open".
    """
    from spikefuse.analysis.asked import FILE
    from spikefuse.report import build_report
    from spikefuse.results.atomic import write_file
    from spikefuse.results.documents import pretty_json

    write_file(out / FILE, pretty_json(document), "ask")
    report = build_report(out, out / "report.html")
    if as_json:
        print(json.dumps(document))
    show_answers(answers, document, console)
    fact(console, "answer", out / FILE)
    fact(console, "report", report.resolve())
    return str(document["answer"])


def show_answers(answers: dict[str, Asked], document: dict[str, Any], console: Console) -> None:
    """The answer in words first, then every number."""
    from rich.text import Text

    from spikefuse.analysis.asked import interval_note

    for each in answers.values():
        console.print(Text(each.sentence, style="bold"))
        record = document["networks"][each.network]
        for reason in record["reasons"]:
            console.print(reason)
        if record.get("seeds_to_decide"):
            seeds, why = record["seeds_to_decide"], record["seeds_to_decide_why"]
            console.print(f"About {seeds:,} seeds would decide it, {why}.")
        elif record.get("seeds_to_decide_why"):
            console.print(
                f"How many seeds would decide it is not known: {record['seeds_to_decide_why']}."
            )
    console.print(_numbers(answers))
    if note := interval_note(answers.values()):
        console.print(note)


def _numbers(answers: dict[str, Asked]) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from spikefuse.analysis.words import NONE, in_brackets, level_name, share, signed

    def cell(found: Any, write: Any) -> str:
        if found is None:
            return NONE
        ends = in_brackets(found, write)
        return f"{write(found.mean)} {f'({ends})' if ' and ' in ends else ends}"

    seeds = {each.baselines.fused.n for each in answers.values() if each.baselines.fused}
    n = f", n = {min(seeds)}" if len(seeds) == 1 else ""
    title = f"Test accuracy in %, and what all together gain in pp{n}"
    table = Table(title=title, box=box.SIMPLE_HEAD)
    table.title_justify = "left"
    for column in ("network", "accuracy", "all together minus it"):
        table.add_column(column, no_wrap=column != "network")
    for each in answers.values():
        name = level_name("network", each.network)
        fused = cell(each.baselines.fused, share)
        table.add_row(Text(f"{name} all together"), Text(fused), Text(""))
        for stick in each.baselines.yardsticks.values():
            shown = (
                f"{name} {stick.name}",
                cell(stick.accuracy, share),
                cell(stick.gain, signed),
            )
            table.add_row(*map(Text, shown))
        table.add_section()
    return table
