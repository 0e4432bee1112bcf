"""The first question of this package, asked in one line: does a second modality help?"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spikefuse.analysis.asked import (
    FILE,
    Asked,
    answer_document,
    asked,
    question_of,
    source_record,
)
from spikefuse.analysis.kept import require_kept
from spikefuse.analysis.tabulate import tabulate
from spikefuse.analysis.write import gather
from spikefuse.core.checks import nearest, one_of, require
from spikefuse.core.errors import InputError, StudyError
from spikefuse.data import banner_of, content_at, load_corpus
from spikefuse.data.own import own_settings, read_own, summary
from spikefuse.data.own.outside import outside, root_of, root_of_source
from spikefuse.data.own.source import register_from
from spikefuse.data.places.location import Location
from spikefuse.data.sources.registry import choices
from spikefuse.execution import make_executor
from spikefuse.planning import Plan, make_plan
from spikefuse.planning.run import jobs_of, labels_of, run_plan
from spikefuse.results import TrialStore
from spikefuse.results.atomic import make_folder, write_file
from spikefuse.results.documents import pretty_json
from spikefuse.results.outputs import require_folder
from spikefuse.studies.controls import controls_of
from spikefuse.studies.effort import AUTO, Effort, check_effort, effort_named
from spikefuse.studies.readings import BASE, NETWORK_READINGS
from spikefuse.workbench.asking import (
    Factory,
    Named,
    answer_by_modules,
    named_of,
    require_alone,
    seconds_of_modules,
    wanted_of,
)
from spikefuse.workbench.data import Dataset, dataset
from spikefuse.workbench.following import events_apart, events_file, follower


@dataclass(frozen=True)
class Answer:
    """What the networks answer.

    Attributes:
        answers: By kind of network, "snn" first.
        document: Everything as plain values, as `spikefuse ask` writes it to `answer.json`.
    """

    answers: Mapping[str, Asked]
    document: Mapping[str, Any]

    @property
    def reply(self) -> str:
        """The SNN's answer: "yes", "no" or "open"."""
        return str(self.document["answer"])

    def __str__(self) -> str:
        return self.sentence

    def __repr__(self) -> str:
        """The answer, in a line; everything is in `document`."""
        return f"Answer({self.reply}, {', '.join(self.answers)})"

    @property
    def sentence(self) -> str:
        """The answer of every kind of network, in words."""
        return " ".join(each.sentence for each in self.answers.values())


def ask(
    data: Dataset | str | Path,
    seeds: int | None = None,
    profile: str = AUTO,
    *,
    network: str | Factory | None = None,
    reading: str = BASE,
    out: str | Path | None = None,
    events: str | Path | None = None,
    **said: Any,
) -> Answer:
    """Does a second modality help on this data? As `spikefuse ask`, in this process.

    Args:
        data: From `dataset`; the name of a source; or a path to data of your own.
        seeds: How many; the effort's own if left out.
        profile: "auto" (by the number of samples), "smoke", "quick",
            "medium", "full" or "paper".
        network: A function of {modality: (C, H, W)} and the number of classes that makes an
            `nn.Module` of your own, or its "file.py:function"; our SNN and its twin if left out.
        reading: What our networks have in place of the base network's settings, see `--readings`.
        out: Keeps networks, `results.csv` and `answer.json`, and goes on where it was stopped;
            `spikefuse report` draws it. In memory only if left out.
        events: A file that is told what happens to each network, as lines of JSON.
        said: Of a path: `pair`, `group`, `name_pattern`, `skip_unreadable`, ...

    Raises:
        InputError: The data cannot be used as it is, or has one modality alone; `events` cannot
            be written.
        StudyError: A network could not be trained.
    """
    require((seeds or 1) >= 1, "ask", "seeds", "at least 1", seeds)
    call = call_of(data, seeds, profile, network, reading, out, said)
    check_effort(profile)
    one_of("ask", "reading", reading, NETWORK_READINGS)
    must = "left out for a network of your own"
    require(events is None or network is None, "ask", "events", must, events)
    require(reading == BASE or network is None, "ask", "reading", must, reading)
    told_to = events_file(events, "ask")
    kept = None if out is None else Path(out).expanduser()
    if kept is not None or told_to is not None:
        own = root_of_source(data.source) if isinstance(data, Dataset) else root_of(str(data))
        events_apart(told_to, own, kept, "ask")
    if kept is not None:
        outside(kept, own, "ask", "out")
        require_folder(kept, "ask", "out")
    named = None if network is None else named_of(network)
    location, source, audit = _found(data, said)
    if len(source.modalities) < 2:
        raise InputError(
            f"ask: data must be of two modalities or more, got {source.modalities[0].name!r} alone."
        )
    effort = effort_named(profile, source.name)
    keep = tempfile.TemporaryDirectory(prefix="spikefuse-") if kept is None else None
    root = kept or Path(keep.name if keep else "")
    if named is not None:
        return _ask_modules(named, location, effort, seeds, audit, root, call)
    study = controls_of(source).of_reading(reading)
    store = TrialStore(root, is_planned=True)
    plan = make_plan(
        [study],
        effort.profile,
        source.name,
        store,
        protocols=study.protocols,
        seeds=seeds,
        fingerprint=content_at(location),
        workers=1,
    )
    require_kept(plan, store)
    store = TrialStore(root)  # what is refused leaves nothing behind
    _train(plan, store, location, told_to, call)
    answers = asked(tabulate(plan, store))
    document = answer_document(
        answers,
        question_of(source.title, [each.name for each in source.modalities]),
        audit,
        effort={
            **{"profile": plan.profile.name, "said": effort.said, "seeds": list(plan.seeds)},
            "reading": reading,
        },
        command=call,
    )
    if kept is not None:
        gather(plan, store, store.root, banner_of(location), call)
        write_file(store.root / FILE, pretty_json(document), "ask")
    return Answer(answers, document)


def _train(
    plan: Plan, store: TrialStore, location: Location, told_to: Path | None, call: str
) -> None:
    jobs = jobs_of(plan, store, location)
    names, labels = {job.name for job in jobs}, labels_of(plan.populations)
    heard = {job: each for job, each in labels.items() if job in names}
    with follower(told_to, heard, store, "ask", call) as tracker:
        summed = run_plan(plan, store, jobs, make_executor("process"), tracker.on_event)
    if summed.failures:
        raise StudyError(f"ask: {summed.failures[0]}")


def call_of(
    data: Dataset | str | Path,
    seeds: int | None,
    profile: str,
    network: str | Factory | None,
    reading: str,
    out: str | Path | None,
    said: Mapping[str, Any],
) -> str:
    """The call that asks again; arrays in memory are `data`, a function is its name.

    Example:
        >>> call_of("animals", 2, "auto", None, "base", None, {"pair": "stem"})
        "sf.ask('animals', seeds=2, pair='stem')"
    """
    given: dict[str, Any] = {"seeds": seeds, "profile": profile, "network": network}
    given |= {"reading": reading, "out": out}
    usual = {"seeds": None, "profile": AUTO, "network": None, "reading": BASE, "out": None}
    words = ["data" if isinstance(data, Dataset) else repr(str(data))]
    for name, value in {**given, **said}.items():
        if name in usual and value == usual[name]:
            continue
        is_function = name == "network" and not isinstance(value, str)
        word = getattr(value, "__qualname__", "network") if is_function else None
        words.append(f"{name}={word or repr(str(value) if isinstance(value, Path) else value)}")
    return f"sf.ask({', '.join(words)})"


def _ask_modules(
    named: Named,
    location: Location,
    effort: Effort,
    seeds: int | None,
    audit: Mapping[str, Any],
    root: Path,
    call: str,
) -> Answer:
    """The answer of somebody's own network; what the folder holds is not trained again."""
    require_alone(root, named)
    count = seeds or effort.profile.seeds
    wanted = wanted_of(location.source, effort.profile, count, content_at(location))
    corpus = load_corpus(wanted[0].definition.data, location)
    told = {**audit, "banner": corpus.banner}
    seconds_of_modules(named, wanted, corpus)  # what does not run leaves nothing behind
    make_folder(root, "ask")
    answers, document = answer_by_modules(
        named, wanted, corpus, root, None, effort=effort, audit=told, command=call
    )
    write_file(root / FILE, pretty_json(document), "ask")
    return Answer(answers, document)


def _found(data: Dataset | str | Path, said: Mapping[str, Any]) -> tuple[Location, Any, Any]:
    """Location, source, and what is known of the data."""
    is_known = isinstance(data, Dataset) or str(data) in choices()
    if not is_known:
        path = Path(str(data)).expanduser()
        settings = own_settings(dict(said), "ask") if said or path.suffix != ".toml" else None
        own = read_own(path, settings)
        source = register_from(own, path, settings)
        location = Location(source.name, origin="option", reason="a path was given")
        return location, source, summary(own)
    for name in said:
        close = nearest(name, ("seeds", "profile", "network", "out", "events"))
        hint = f"Did you mean {' or '.join(close)}?" if close else "Leave it out."
        raise InputError(f"ask: {name} is for a path to data of your own. {hint}")
    found = data if isinstance(data, Dataset) else dataset(str(data))
    return found.location, found.source, source_record(found.source.name)
