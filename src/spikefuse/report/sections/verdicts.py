"""The paper's claims with their verdicts, under each reading of the results."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spikefuse.analysis.claims import (
    DECISION,
    NOT_TESTED,
    OUTCOMES,
    claims_document,
    evaluate_claims,
)
from spikefuse.analysis.claims.observations import PAPER_STUDIES
from spikefuse.analysis.figures import FIGURES
from spikefuse.analysis.row_index import DIVERGED
from spikefuse.analysis.table import DEFAULT_STUDIES
from spikefuse.analysis.words import NONE, percent, points
from spikefuse.core.errors import SpikefuseError
from spikefuse.report.drawing.pictures import View, views_of
from spikefuse.report.printable import plain
from spikefuse.report.reading.settings import number, text
from spikefuse.report.reading.sources import Run
from spikefuse.report.tables import Column, Table
from spikefuse.report.texts import is_of_the_paper
from spikefuse.studies.robustness import ROBUSTNESS

KINDS: tuple[str, ...] = OUTCOMES
_PAPER_CLAIM = re.compile(r"C\d{1,3}", re.ASCII)
_MARKS = {
    "reproduced": "\u2713",
    "contradicted": "\u2717",
    NOT_TESTED: "\u25cb",
    "inconclusive": "?",
}

Claims = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Judgement:
    """One claim under one reading, as text."""

    kind: str
    mark: str
    measured: str
    quantity: str


@dataclass(frozen=True)
class ClaimRow:
    """One claim as text, with a judgement for each reading of `Verdicts.readings`."""

    id: str
    statement: str
    paper: str
    rule: str
    figure: str
    judgements: tuple[Judgement, ...]

    @property
    def anchor(self) -> str:
        """Its identifier in the page; empty for a claim that is none of the paper's."""
        return f"claim-{self.id}" if _PAPER_CLAIM.fullmatch(self.id) else ""


@dataclass(frozen=True)
class Reading:
    """A reading and how many claims came out how."""

    title: str
    detail: str
    counts: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Verdicts:
    """The table of verdicts."""

    readings: tuple[Reading, ...]
    rows: tuple[ClaimRow, ...]
    decision: str = DECISION


def verdicts(run: Run) -> tuple[Verdicts | None, list[str]]:
    """Verdicts under both readings, and what could not be judged.

    A claims.json in the folder is shown as it is, for the reading it names; the other reading is
    judged here from the same rows. Networks that see other modalities than the paper's have none,
    and neither has a reading of which no part of a claim was measured: nobody asked.
    """
    if not is_of_the_paper(run.modalities) or not _is_asked(run):
        return None, []
    judged: dict[str, tuple[View | None, Claims]] = {}
    notices = []
    for view in views_of(run):
        key = f"{view.protocol}, {view.split}"
        try:
            if any(str(row.get("protocol")) == view.protocol for row in run.rows):
                found = evaluate_claims(list(run.rows), view.protocol, view.split)
                judged[key] = (view, claims_document(found)["claims"])
        except (SpikefuseError, ValueError, KeyError, TypeError) as error:
            notices.append(f"The claims could not be judged under {key} ({error}).")
    if run.claims:
        first = run.claims[0]
        key = ", ".join(str(first[name]) for name in ("protocol", "split") if name in first)
        same = next(
            (each for each in views_of(run) if f"{each.protocol}, {each.split}" == key), None
        )
        judged[key or "claims.json"] = (same, run.claims)
    if not run.table.select(metric=DIVERGED):  # of such networks the claims say why they are open
        judged = {key: each for key, each in judged.items() if not _is_unmeasured(each[1])}
    if not judged:
        return None, notices
    readings = tuple(_reading(key, view, claims) for key, (view, claims) in judged.items())
    rows = _rows([claims for _, claims in judged.values()])
    return Verdicts(readings, rows), notices


def _is_asked(run: Run) -> bool:
    """Whether a study has rows that asks what the paper claims: not that of fusions alone.

    Verdicts without any rows were asked for by whoever brought them.
    """
    if not run.rows:
        return True
    plain = run.table.select(study=(*PAPER_STUDIES, *DEFAULT_STUDIES), fusion=("none", "early"))
    return any(row.get("study") != ROBUSTNESS.name for row in plain)


def _is_unmeasured(claims: Claims) -> bool:
    """Whether all say that no seed stands behind any part of them."""
    said = [part for claim in claims for part in (claim, *_parts(claim))]
    return all(isinstance(part, Mapping) and part.get("n") == 0 for part in said)


def _reading(key: str, view: View | None, claims: Claims) -> Reading:
    counts = Counter(_kind(claim) for claim in claims)
    title, detail = (view.title, view.detail) if view else (key, "as claims.json says")
    return Reading(
        plain(title, 80), plain(detail, 80), tuple((kind, counts[kind]) for kind in KINDS)
    )


def _kind(claim: Mapping[str, Any]) -> str:
    said = str(claim.get("verdict", ""))
    return said if said in KINDS else "inconclusive"


def _rows(columns: Sequence[Claims]) -> tuple[ClaimRow, ...]:
    by_id = [{str(claim.get("id", "?")): claim for claim in claims} for claims in columns]
    names = dict.fromkeys(name for claims in by_id for name in claims)
    numbers = {str(figure.number) for figure in FIGURES}
    rows = []
    for name in names:
        claim = next(claims[name] for claims in by_id if name in claims)
        figure = claim.get("figure") or next((f.number for f in FIGURES if name in f.claims), "")
        rows.append(
            ClaimRow(
                id=plain(name, 20),
                statement=plain(claim.get("statement", ""), 400),
                paper=plain(text(_first(claim, "paper", "paper_value")), 300),
                rule=plain(str(claim.get("rule") or "").removesuffix(DECISION).strip(), 600),
                figure=str(figure) if str(figure) in numbers else "",
                judgements=tuple(_judgement(claims.get(name, {})) for claims in by_id),
            )
        )
    return tuple(rows)


def _first(claim: Mapping[str, Any], *names: str) -> object:
    return next((claim[name] for name in names if claim.get(name) is not None), None)


def _judgement(claim: Mapping[str, Any]) -> Judgement:
    kind = _kind(claim)
    decided = claim.get("decided_by")
    return Judgement(kind, _MARKS[kind], _measured(claim), plain(text(decided), 300))


def _measured(claim: Mapping[str, Any]) -> str:
    """`+0.49 pp (+0.40 to +0.58), n = 5`; accuracies in per cent without a sign."""
    value = number(_first(claim, "measured_value", "measured", "value"))
    count = f"n\u00a0=\u00a0{text(claim.get('n'))}"
    if value is None:
        return f"not measured, {count}"
    decided = _decided(claim)
    is_accuracy = decided.get("unit") == "accuracy"

    def write(share: float) -> str:
        return percent(share) if is_accuracy else points(share)

    shown = f"{write(value)}\u00a0{'%' if is_accuracy else 'pp'}"
    both = decided.get("values")
    ends = None if isinstance(both, list) else claim.get("interval")
    if isinstance(both, list):
        told = [write(value) for each in both if (value := number(each)) is not None]
        shown += f" ({' and '.join(told)})"
    if isinstance(ends, list | tuple) and len(ends) == 2:
        low, high = number(ends[0]), number(ends[1])
        if low is not None and high is not None:
            shown += f" ({write(low)} to {write(high)})"
    return f"{shown}, {count}"


def _decided(claim: Mapping[str, Any]) -> Mapping[str, Any]:
    """The part of a claim that decided; empty where the file does not say."""
    found = (
        part
        for part in _parts(claim)
        if isinstance(part, Mapping) and str(part.get("quantity")) == str(claim.get("decided_by"))
    )
    return next(found, {})


def _parts(claim: Mapping[str, Any]) -> list[Any]:
    parts = claim.get("parts")
    return parts if isinstance(parts, list) else []


def verdict_table(found: Verdicts) -> Table:
    """The verdicts as a plain table, for a file."""
    columns = [Column("Claim"), Column("Statement"), Column("Paper"), Column("Figure")]
    for reading in found.readings:
        columns += [Column(f"Verdict: {reading.title}"), Column(f"Measured: {reading.title}")]
    rows = []
    for row in found.rows:
        judged = [cell for each in row.judgements for cell in (each.kind, each.measured)]
        rows.append((row.id, row.statement, row.paper, row.figure or NONE, *judged, row.rule))
    return Table("claims", "The paper's claims", (*columns, Column("Rule")), tuple(rows))
