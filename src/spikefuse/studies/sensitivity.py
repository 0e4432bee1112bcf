"""Which reading of the paper explains its numbers? Its experiments under every reading, judged."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from spikefuse.core.checks import one_of
from spikefuse.studies.claims import Verdict, evaluate_claims
from spikefuse.studies.claims.engine import Outcome
from spikefuse.studies.design import Study
from spikefuse.studies.paper import EXPERIMENTS
from spikefuse.studies.readings import READINGS, Reading
from spikefuse.studies.rows import Row

SENSITIVITY = "sensitivity"

COLUMNS = (
    *("claim", "reading", "topic", "protocol", "split", "verdict"),
    *("measured", "low", "high", "n", "paper", "reason"),
)
"""Columns of sensitivity.csv; accuracies and differences are shares of 1."""


@dataclass(frozen=True)
class Judged:
    """The paper's claims under one reading."""

    reading: Reading
    verdicts: tuple[Verdict, ...]

    def count(self, outcome: Outcome) -> int:
        """How many claims came out so."""
        return Counter(verdict.verdict for verdict in self.verdicts)[outcome]


def sensitivity_studies(
    readings: Iterable[str] = (), experiments: Iterable[str] = ()
) -> tuple[Study, ...]:
    """The paper's experiments under the readings.

    Args:
        readings: Names in `READINGS`; all if empty.
        experiments: Names of the paper's experiments; all if empty.

    Raises:
        InputError: A name is unknown.
    """
    by_name = {study.name: study for study in EXPERIMENTS}
    chosen = [one_of(SENSITIVITY, "readings", name, READINGS) for name in readings]
    kept = [one_of(SENSITIVITY, "studies", name, by_name) for name in experiments]
    under = tuple(dict.fromkeys(chosen or READINGS))
    return tuple(replace(by_name[name], readings=under) for name in dict.fromkeys(kept or by_name))


def readings_of(studies: Iterable[Study]) -> tuple[str, ...]:
    """The readings under which studies run; none for other studies than these."""
    return tuple(dict.fromkeys(name for study in studies for name in study.readings))


def judge_readings(rows: Sequence[Row], readings: Iterable[str]) -> tuple[Judged, ...]:
    """The claims under each reading, on its own protocol and split.

    Claims whose cells are missing are inconclusive.

    Raises:
        InputError: A reading is unknown.
    """
    chosen = [READINGS[one_of(SENSITIVITY, "readings", name, READINGS)] for name in readings]
    return tuple(
        Judged(each, evaluate_claims(rows, each.protocol, each.split, reading=each.name))
        for each in chosen
    )


def best_readings(judged: Sequence[Judged]) -> tuple[Judged, ...]:
    """Those that reproduce most claims and, among them, contradict fewest; several where they tie.

    None where no claim is reproduced under any reading.
    """
    scores = [(each.count("reproduced"), -each.count("contradicted")) for each in judged]
    best = max(scores, default=(0, 0))
    if best[0] == 0:
        return ()
    return tuple(each for each, score in zip(judged, scores, strict=True) if score == best)


def explanation(judged: Sequence[Judged]) -> str:
    """Which reading explains the paper best, in a sentence; a tie is called one."""
    if not judged:
        return "No reading has been run."
    total = len(judged[0].verdicts)
    best = best_readings(judged)
    if not best:
        return f"No reading can be named: none of the {total} claims is reproduced under any."
    first = best[0]
    counts = (
        f"{first.count('reproduced')} of {total} claims reproduced and "
        f"{first.count('contradicted')} contradicted"
    )
    names = [each.reading.name for each in best]
    if len(best) == 1:
        return (
            f"The reading that explains the paper best is {names[0]} ({first.reading.says}): "
            f"{counts}."
        )
    return f"No single reading explains the paper best: {', '.join(names)} tie, with {counts}."


def sensitivity_rows(judged: Sequence[Judged]) -> list[dict[str, Any]]:
    """One row a claim and reading, with the columns of `COLUMNS`."""
    return [
        {
            "claim": verdict.id,
            "reading": each.reading.name,
            "topic": each.reading.topic,
            "protocol": verdict.protocol,
            "split": verdict.split,
            "verdict": verdict.verdict,
            "measured": verdict.measured_value,
            "low": verdict.low,
            "high": verdict.high,
            "n": verdict.n,
            "paper": verdict.paper_value,
            "reason": verdict.reason,
        }
        for each in judged
        for verdict in each.verdicts
    ]
