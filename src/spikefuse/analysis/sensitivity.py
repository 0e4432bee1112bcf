"""Which reading of the paper explains its numbers? Its claims judged under every reading."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from spikefuse.analysis.claims import Verdict, evaluate_claims
from spikefuse.analysis.claims.engine import OUTCOMES, Outcome
from spikefuse.analysis.estimates import LEVEL
from spikefuse.analysis.row_index import Row
from spikefuse.analysis.words import FEWEST
from spikefuse.core.checks import one_of
from spikefuse.studies.readings import READINGS
from spikefuse.studies.sensitivity import SENSITIVITY

COLUMNS = (
    *("claim", "reading", "topic", "protocol", "split", "verdict"),
    *("measured", "low", "high", "n", "paper", "reason"),
)
"""Columns of sensitivity.csv; accuracies and differences are shares of 1."""


@dataclass(frozen=True)
class JudgedClaim:
    """One claim under one reading; numbers are shares of 1, None where not measured.

    Attributes:
        measured: Of the part of the claim that decided; likewise its interval.
        paper: The paper's value of it.
    """

    claim: str
    protocol: str
    split: str
    verdict: Outcome
    measured: float | None
    low: float | None
    high: float | None
    n: int
    paper: float | None
    reason: str


@dataclass(frozen=True)
class Judged:
    """The paper's claims under one reading.

    Attributes:
        reading: Its name.
        topic: What the paper leaves open.
        says: The reading in a few words; empty for one that is not in `READINGS`.
    """

    reading: str
    topic: str
    says: str
    claims: tuple[JudgedClaim, ...]

    def count(self, outcome: Outcome) -> int:
        """How many claims came out so."""
        return Counter(claim.verdict for claim in self.claims)[outcome]


def judge_readings(rows: Sequence[Row], readings: Iterable[str]) -> tuple[Judged, ...]:
    """The claims under each reading, on its own protocol and split.

    Claims whose cells are missing are inconclusive.

    Raises:
        InputError: A reading is unknown.
    """
    chosen = [READINGS[one_of(SENSITIVITY, "readings", name, READINGS)] for name in readings]
    judged = []
    for each in chosen:
        verdicts = evaluate_claims(rows, each.protocol, each.split, reading=each.name)
        claims = tuple(_judged_claim(verdict) for verdict in verdicts)
        judged.append(Judged(each.name, each.topic, each.says, claims))
    return tuple(judged)


def _judged_claim(verdict: Verdict) -> JudgedClaim:
    return JudgedClaim(
        claim=verdict.id,
        protocol=verdict.protocol,
        split=verdict.split,
        verdict=verdict.verdict,
        measured=verdict.measured_value,
        low=verdict.low if verdict.n >= FEWEST else None,
        high=verdict.high if verdict.n >= FEWEST else None,
        n=verdict.n,
        paper=verdict.paper_value,
        reason=verdict.reason,
    )


def ranked(judged: Iterable[Judged]) -> list[Judged]:
    """Most claims reproduced first and, among equals, fewest contradicted; else in their order."""
    return sorted(judged, key=lambda each: (-each.count("reproduced"), each.count("contradicted")))


def best_readings(judged: Sequence[Judged]) -> tuple[Judged, ...]:
    """Those that reproduce most claims and, among them, contradict fewest; several where they tie.

    None where no claim is reproduced under any reading.
    """
    order = ranked(judged)
    if not order or not order[0].count("reproduced"):
        return ()
    first = [order[0].count(outcome) for outcome in ("reproduced", "contradicted")]
    return tuple(
        each
        for each in order
        if [each.count(outcome) for outcome in ("reproduced", "contradicted")] == first
    )


def explanation(judged: Sequence[Judged]) -> str:
    """Which reading explains the paper best, in a sentence; a tie is called one."""
    if not judged:
        return "No reading has been run."
    total = len({claim.claim for each in judged for claim in each.claims})
    best = best_readings(judged)
    if not best:
        return f"No reading can be named: none of the {total} claims is reproduced under any."
    first = best[0]
    counts = (
        f"{first.count('reproduced')} of {total} claims reproduced and "
        f"{first.count('contradicted')} contradicted"
    )
    if len(best) > 1:
        names = ", ".join(each.reading for each in best)
        return f"No single reading explains the paper best: {names} tie, with {counts}."
    says = f" ({first.says})" if first.says else ""
    said = f"The reading that explains the paper best is {first.reading}{says}: {counts}"
    return f"{said}{_beside_next(judged, first)}."


def _beside_next(judged: Sequence[Judged], first: Judged) -> str:
    """That the lead on the next reading may be chance; empty where it is more.

    An exact sign test over the claims that only one of the two reproduces. It takes claims as
    independent, which flatters a lead.
    """
    others = [each for each in ranked(judged) if each is not first]
    if not others:
        return ""
    from spikefuse.stats.special import bdtr

    held = [
        {claim.claim for claim in each.claims if claim.verdict == "reproduced"}
        for each in (first, others[0])
    ]
    more, less = len(held[0] - held[1]), len(held[1] - held[0])
    p_value = min(1.0, 2.0 * float(bdtr(min(more, less), more + less, 0.5))) if more + less else 1.0
    if p_value < LEVEL:
        return ""
    return (
        f"; its lead on {others[0].reading} cannot be told from chance (claims that only one of "
        f"them reproduces: {more} and {less}, p = {p_value:.2g})"
    )


def sensitivity_rows(judged: Sequence[Judged]) -> list[dict[str, Any]]:
    """One row a claim and reading, with the columns of `COLUMNS`."""
    rows = (
        {"reading": each.reading, "topic": each.topic, **asdict(claim)}
        for each in judged
        for claim in each.claims
    )
    return [{column: row[column] for column in COLUMNS} for row in rows]


def judged_from(rows: Iterable[Mapping[str, str]]) -> tuple[Judged, ...]:
    """The claims by reading, from the rows of sensitivity.csv as text: `sensitivity_rows` undone.

    Args:
        rows: Anyone may have edited them: a row without claim or reading is left out, an unknown
            verdict counts as inconclusive, a number that is none as not measured.
    """
    by_reading: dict[str, list[Mapping[str, str]]] = {}
    for row in rows:
        if row.get("claim") and row.get("reading"):
            by_reading.setdefault(row["reading"], []).append(row)
    judged = []
    for name, found in by_reading.items():
        says = READINGS[name].says if name in READINGS else ""
        claims = tuple(_claim_from(row) for row in found)
        judged.append(Judged(name, found[0].get("topic") or "", says, claims))
    return tuple(judged)


def _claim_from(row: Mapping[str, str]) -> JudgedClaim:
    said, n = row.get("verdict"), int(_number(row.get("n")) or 0)
    return JudgedClaim(
        claim=row["claim"],
        protocol=row.get("protocol") or "",
        split=row.get("split") or "",
        verdict=next((outcome for outcome in OUTCOMES if outcome == said), "inconclusive"),
        measured=_number(row.get("measured")),
        # Tables of before have the ends of two seeds too, whose values the reason tells.
        low=_number(row.get("low")) if n >= FEWEST else None,
        high=_number(row.get("high")) if n >= FEWEST else None,
        n=n,
        paper=_number(row.get("paper")),
        reason=row.get("reason") or "",
    )


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
