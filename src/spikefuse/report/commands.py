"""The commands that remake parts of a report, so that nobody has to believe a number."""

import shlex
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from spikefuse.analysis.folder import CALIBRATED, reading_of_older
from spikefuse.analysis.table import DEFAULT_STUDIES
from spikefuse.core.device import PRECISIONS
from spikefuse.data.own.source import PREFIX
from spikefuse.data.sources.registry import SOURCES, choices
from spikefuse.planning.plan import PARTS
from spikefuse.report.printable import plain
from spikefuse.studies.effort import AUTO
from spikefuse.studies.fusion import FUSION
from spikefuse.studies.profiles import EFFORT, PROFILES
from spikefuse.studies.registry import STUDIES
from spikefuse.studies.sensitivity import SENSITIVITY

# The options of a run that decide its numbers, or where they lie; how it was spread over
# processes does not.
_KEPT = (
    *("--plugin", "--profile", "--data", "--data-dir", "--seeds", "--protocols"),
    *("--readings", *PARTS, "--out"),
    *("--device", "--precision", "--backend", "--products", "--threads"),
    *(f"--{name.replace('_', '-')}" for name in EFFORT),
)

_AUTO, _ON_A_CPU = "auto", "float32"
"""A precision that is decided where a run is, and what it is where no device was asked for."""
_TAKE_READINGS = (["ask"], ["reproduce"], ["run"])
_LONGEST = 2000
"""Characters of a command that are shown."""


@dataclass(frozen=True)
class Commands:
    """Writes commands with the options of the run that is reported.

    Attributes:
        options: Of the run, by name; empty where its record names no profile.
        folder: The run's results folder as its command named it.
        of_study: Options of studies that earlier commands asked for.
    """

    options: Mapping[str, str]
    folder: str
    of_study: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def run(self, *studies: str, protocols: bool = True, **others: str) -> str:
        """The command that trains and evaluates the studies; empty where the run is unknown.

        Args:
            *studies: Their names.
            protocols: Pass the run's protocols on; some studies have their own.
            **others: Options that are said otherwise, without their dashes; empty ones are not.
        """
        if not self.options:
            return ""
        return _line(studies, self._said(studies, protocols, others))

    def runs(self, *studies: str) -> list[str]:
        """The same, a command for those that were asked for with the same options."""
        if not self.options:
            return []
        groups: dict[tuple[tuple[str, str], ...], list[str]] = {}
        for study in studies:
            said = self._said((study,), protocols=True, others={})
            groups.setdefault(tuple(said.items()), []).append(study)
        return [_line(names, dict(said)) for said, names in groups.items()]

    def _said(
        self, studies: tuple[str, ...], protocols: bool, others: Mapping[str, str]
    ) -> dict[str, str]:
        """The options of a command for some studies: of several, those of the first."""
        left_out = {name for name, study in PARTS.items() if studies != (study,)}
        left_out |= set() if protocols else {"--protocols"}
        alone = STUDIES.get(studies[0]) if len(studies) == 1 else None
        if alone is not None and not alone.takes_reading:
            left_out.add("--readings")
        known = self.of_study.get(studies[0], self.options)
        said = {**known, **{f"--{name}": value for name, value in others.items() if value}}
        if "," in said.get("--readings", "") and studies != (SENSITIVITY,):
            left_out.add("--readings")  # other studies are run under one
        return {name: said[name] for name in _KEPT if name in said and name not in left_out}

    def compare(self, first: Mapping[str, str], second: Mapping[str, str], *more: str) -> str:
        """The command that tests one cell against another; levels by factor."""
        if not self.options:
            return ""
        cells = (
            ",".join(f"{factor}={level}" for factor, level in cell.items())
            for cell in (first, second)
        )
        return shlex.join(["spikefuse", "compare", *cells, "--results", self.folder, *more])

    def claims(self, protocol: str, split: str) -> str:
        """The command that judges the claims under one reading."""
        if not self.options:
            return ""
        words = ["spikefuse", "claims", self.folder, "--protocol", protocol, "--split", split]
        return shlex.join([*words, "--rules"])


def _line(studies: Iterable[str], said: Mapping[str, str]) -> str:
    words = [word for option in said.items() for word in option]
    return shlex.join(["spikefuse", "run", *studies, *words])


def commands_of(record: Mapping[str, Any]) -> Commands:
    """The commands of a run, from its record.

    Options come from the command that was called; profile, data, seeds and precision from the
    record where the command left them out, so that defaults may change and other machines get the
    same.

    Args:
        record: What the run wrote about itself, run.json.
    """
    profile, command = str(record.get("profile", "")), record.get("command")
    if profile not in (*PROFILES, AUTO) or _says_it_all(command):
        return Commands({}, "")
    options = _known(record, profile, command)
    typed = record.get("commands")
    of_study = {
        str(study): _known(record, profile, each)
        for study, each in (typed.items() if isinstance(typed, dict) else ())
        if not _says_it_all(each)
    }
    older = reading_of_older(record)
    if older is not None:  # what the base was then
        options = {"--readings": older, **options}
        named = record.get("studies")
        names = map(str, named if isinstance(named, list) else ())
        others = {name: of_study.get(name, options) for name in names}
        of_study = {name: {"--readings": older, **said} for name, said in others.items()}
        if FUSION.name in of_study:  # it calibrated, whatever the base
            of_study[FUSION.name] = {**of_study[FUSION.name], "--readings": CALIBRATED}
    folder = options.get("--out") or f"runs/{profile}-{record.get('source', '')}"
    return Commands(options, folder, of_study)


def _known(record: Mapping[str, Any], profile: str, command: object) -> dict[str, str]:
    """The options of a command; what decides its numbers from the record where it lacks that."""
    given = _options(command)
    found = {"--profile": profile}
    if precision := _left_open(record, given):
        given.pop("--precision", None)
        found["--precision"] = precision
    source = str(record.get("source", ""))
    if source in SOURCES:
        # The short name; "auto" may find other data on another day.
        found["--data"] = next(iter(SOURCES[source].aliases), source)
    seeds = record.get("seeds")
    if isinstance(seeds, list) and seeds:
        found["--seeds"] = str(len(seeds))
    given.pop("--profile", None)
    is_own = source.startswith(PREFIX) and given.get("--data") not in choices()
    known = given.get("--data") in (source, *choices()) or is_own
    if not known or given.get("--data") == "auto":
        given.pop("--data", None)
    return {name: {**found, **given}[name] for name in _KEPT if name in {**found, **given}}


def _precision(record: Mapping[str, Any]) -> str:
    """That of the run's networks; empty where the record does not say one of ours."""
    settings = record.get("profile_settings")
    found = str(settings.get("precision")) if isinstance(settings, dict) else ""
    return found if found in PRECISIONS else ""


def _left_open(record: Mapping[str, Any], given: Mapping[str, str]) -> str:
    """The precision of a run whose command left it to the machine; empty where any gives that."""
    precision = _precision(record)
    is_decided = given.get("--precision", _AUTO) != _AUTO
    return "" if is_decided or (precision == _ON_A_CPU and "--device" not in given) else precision


def typed_of(record: Mapping[str, Any]) -> str:
    """The command of the run as it is typed today, with what has another default than it had.

    An older version's base network is a reading now, and its precision was the processor's.

    Args:
        record: What the run wrote about itself, run.json.
    """
    typed = plain(record.get("command") or "", _LONGEST)
    words, reading = typed.split(), _reading_of_older(record, typed)
    if len(typed) == _LONGEST:  # cut off
        return typed
    if _is_call(typed):
        is_open = reading and typed.endswith(")") and "reading=" not in typed
        return f"{typed[:-1]}, reading={reading!r})" if is_open else typed
    if words[:1] != ["spikefuse"] or words[1:2] not in _TAKE_READINGS:
        return typed
    if reading and "--readings" not in typed:
        typed += f" --readings {reading}"
    if precision := _left_open(record, _options(typed)):
        typed = typed.replace(f" --precision {_AUTO}", "").replace(f" --precision={_AUTO}", "")
        typed += f" --precision {precision}"
    return typed


def _reading_of_older(record: Mapping[str, Any], typed: str) -> str:
    """What a command of an older version was run under; empty where no one reading is that."""
    older, words = reading_of_older(record), typed.split()
    if older is None or SENSITIVITY in words:
        return ""
    if _says_it_all(typed):
        return older
    named = [STUDIES[word] for word in words if word in STUDIES]
    # The study of fusions calibrated, whatever the base.
    under = {CALIBRATED if each is FUSION else older for each in named if each.takes_reading}
    if not named:
        return older
    return under.pop() if len(under) == 1 else ""


def studies_of(
    record: Mapping[str, Any], there: Collection[object] | None = None
) -> tuple[str, ...]:
    """The studies of a run that hold the numbers of its first screen.

    Args:
        record: What the run wrote about itself, run.json.
        there: Studies that have rows; what the record names beside them holds no numbers.
    """
    asked = record.get("studies")
    names = [str(name) for name in asked] if isinstance(asked, list) else []
    names = names if there is None else [name for name in names if name in there]
    first = next((name for name in DEFAULT_STUDIES if name in names), None)
    return (first,) if first else tuple(names) or DEFAULT_STUDIES[:1]


def _says_it_all(command: object) -> bool:
    """Whether a command line is remade by itself alone: a question, or a study of one's own."""
    words = str(command).split()[1:3] if isinstance(command, str) else []
    return (
        _is_call(command)
        or words[:1] == ["ask"]
        or any(word.lower().endswith(".toml") for word in words[1:])
    )


def _is_call(command: object) -> bool:
    """Whether it is Python that was called, not a command line."""
    return isinstance(command, str) and command.startswith("sf.ask(")


def _options(command: object) -> dict[str, str]:
    """The options of a command line that are kept; none where it cannot be read."""
    try:
        words = shlex.split(plain(command, _LONGEST)) if isinstance(command, str) else []
    except ValueError:
        return {}
    found: dict[str, str] = {}
    for word, following in zip(words, [*words[1:], ""], strict=False):
        name, equals, value = word.partition("=")
        if name in _KEPT:
            said = value if equals else following
            # Numbers by name may be said one at a time; other options count once.
            found[name] = f"{found[name]},{said}" if name == "--epochs" and name in found else said
    return {name: value for name, value in found.items() if value and not value.startswith("--")}
