"""What the first screen says of a run without the networks of the usual answer."""

from collections.abc import Sequence
from typing import NamedTuple

from spikefuse.analysis.census import census, choose
from spikefuse.analysis.fusion_race import Race, fusion_races
from spikefuse.analysis.gains import NETWORKS, PRODUCT
from spikefuse.analysis.groups import GroupNames, group_names, group_summaries
from spikefuse.analysis.headline import Headline, headline
from spikefuse.analysis.pairing_leak import PairingLeak, pairing_leak
from spikefuse.analysis.remedies import remedies
from spikefuse.analysis.robustness import STUDIES as CURVES
from spikefuse.analysis.robustness import Robustness, robustness
from spikefuse.analysis.senses import senses
from spikefuse.analysis.table import Table
from spikefuse.analysis.time_axis import time_gains
from spikefuse.analysis.words import level_name, plural
from spikefuse.core.errors import StudyError
from spikefuse.data.sources.contract import FUSED
from spikefuse.report.headline import leak_sentence
from spikefuse.report.printable import plain
from spikefuse.report.sections.census import census_heading, census_sentence
from spikefuse.report.sections.fusion_race import fusion_sentence
from spikefuse.report.sections.groups import group_heading, group_sentences
from spikefuse.report.sections.remedies import first_sentences, remedy_heading
from spikefuse.report.sections.robustness import kept_sentence
from spikefuse.report.sections.senses import cost_sentence
from spikefuse.report.sections.time_axis import time_heading, time_sentence
from spikefuse.studies.leak import LEAK


class StudyAnswer(NamedTuple):
    """The heading and the first sentences."""

    heading: str
    text: str


def study_answer(table: Table, names: GroupNames | None = None) -> StudyAnswer | None:
    """The answer of the first study that has one; None where none has, or rows disagree.

    Args:
        table: The rows of a run.
        names: What its groups are called; by the name of its study if left out.
    """
    try:
        races = fusion_races(table)
        if any(race.entries for race in races):
            return StudyAnswer(_race_heading(races), fusion_sentence(races))
        lost = [each for each in senses(table) if cost_sentence(each)]
        if lost:
            first = lost[0].dearest
            name = level_name("network", lost[0].network)
            which = first.modalities[0] if first else FUSED
            heading = f"The fused {name} loses most without {which}"
            if first is not None and first.cost is not None and first.cost.mean <= 0.0:
                heading = f"The fused {name} loses nothing without one sense, on average over seeds"
            return StudyAnswer(heading, " ".join(map(cost_sentence, lost)))
        if counted := census(table):
            return StudyAnswer(census_heading(choose(counted)), census_sentence(counted))
        if of_pairing := _leak_answer(table):
            return of_pairing
        if of_groups := _group_answer(table, names or group_names({}, table)):
            return of_groups
        if in_time := time_gains(table):
            return StudyAnswer(time_heading(in_time), time_sentence(in_time))
        if remedied := remedies(table):
            return StudyAnswer(remedy_heading(remedied), first_sentences(remedied))
        # Last: every run has the curves of the plain networks that it trains.
        for study in reversed(CURVES):
            found = robustness(table, study)
            if said := kept_sentence(found):
                return StudyAnswer(_curve_heading(found), said)
        return None
    except StudyError:
        return None


def _group_answer(table: Table, names: GroupNames) -> StudyAnswer | None:
    """Of a run that holds groups out."""
    found, many = group_summaries(table, names), plain(names.many, 40)
    heading = group_heading(found, many)
    return StudyAnswer(heading, " ".join(group_sentences(found, many))) if heading else None


def _leak_answer(table: Table) -> StudyAnswer | None:
    """Of a run of the pairing alone; how it leaks stands in a sentence of its own on the page."""
    leaks = [leak for name in NETWORKS if (leak := pairing_leak(table, name)) is not None]
    if LEAK.name not in table.levels("study") or not leaks:
        return None
    found = headline(table)
    return StudyAnswer(_leak_heading(leaks[0], found), leak_sentence(found, {}))


def _leak_heading(leak: PairingLeak, found: Headline) -> str:
    name, matched = level_name("network", leak.network), leak.matched
    alike = "with as many distinct samples in training"
    if matched is None:
        return f"What the pairing leaks is not known {alike}"
    if matched.are_all_silent:
        return f"What the pairing leaks is not known: of every seed a {name} is silent"
    if matched.low is None:
        return f"{plural(matched.n, 'seed')} cannot say what the pairing leaks {alike}"
    # Beside the other answers of the screen, as all of them.
    word = {1: "flatters", 0: "is not shown to flatter", -1: "costs"}
    sign = found.sign(f"{leak.network.upper()} leak, clips matched")
    return f"Pairing before the split {word[sign]} the {name} {alike}"


def _race_heading(races: Sequence[Race]) -> str:
    """Who wins in the first race; a win is one over every other kind after Holm."""
    race = races[0]
    where = f"for the {level_name('network', race.network)} at {race.size}"
    if race.best is None:
        return f"No fusion is chosen {where}"
    if not race.compared:
        accuracy = race.entries[race.best].accuracy
        count = accuracy.n if accuracy is not None else 0
        return f"{plural(count, 'seed')} cannot say which fusion wins {where}"
    others = {name for name in race.entries if name not in (race.best, PRODUCT)}
    if others and others <= set(race.beaten):
        return f"{race.best} wins {where}"
    return f"{race.best} is best by validation {where}, and no fusion is shown to win"


def _curve_heading(found: Robustness) -> str:
    known = {(each.network, each.modality): each for each in found.curves}
    curve = known.get(("snn", FUSED)) or found.curves[0]
    name = f"{curve.modality} {level_name('network', curve.network)}"
    if curve.relative is None:
        return f"The {name} has too few seeds for a mean over noise"
    return f"The {name} is right in {100 * curve.relative.mean:.1f}\u00a0% on average over noise"
