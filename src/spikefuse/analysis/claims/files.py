"""claims.json: the verdicts as a file that others may build on."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spikefuse.analysis.claims.beside import Beside
from spikefuse.analysis.claims.engine import OUTCOMES, PartVerdict, Verdict
from spikefuse.analysis.words import FEWEST
from spikefuse.results.atomic import make_folder, write_file
from spikefuse.results.documents import pretty_json

FORMAT = "spikefuse claims 2"


def _interval(low: float | None, high: float | None) -> list[float] | None:
    return None if low is None or high is None else [low, high]


def _part(part: PartVerdict) -> dict[str, Any]:
    return {
        "quantity": part.words,
        "kind": part.kind,
        "unit": "accuracy" if part.is_accuracy else "difference of accuracies",
        "wanted": part.wanted,
        "paper_value": part.paper_value,
        "measured_value": part.measured_value,
        "interval": None if part.values else _interval(part.low, part.high),
        "n": part.n,
        "p_inside": part.p_inside,
        "p_outside_holm": part.p_outside,
        "outcome": part.outcome,
        "note": part.note,
        "values": list(part.values) or None,
        "power": None if part.prospect is None else part.prospect.power,
        "seeds_needed": None if part.prospect is None else list(part.prospect.ends),
    }


def _beside(each: Beside) -> dict[str, Any]:
    """The same difference elsewhere; it decides nothing."""
    return {
        "where": each.words,
        "measured_value": each.interval.estimate,
        "interval": None
        if len(each.values) < FEWEST
        else _interval(each.interval.low, each.interval.high),
        "n": each.interval.n,
        "is_shown": each.is_shown,
    }


def claims_document(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """The content of claims.json: plain JSON values, numbers as fractions of 1, never NaN."""
    counts = Counter(verdict.verdict for verdict in verdicts)
    return {
        "format": FORMAT,
        "counts": {name: counts[name] for name in OUTCOMES},
        "claims": [
            {
                "id": verdict.id,
                "figure": verdict.figure,
                "statement": verdict.statement,
                "paper": verdict.paper,
                "paper_value": verdict.paper_value,
                "measured_value": verdict.measured_value,
                "interval": None
                if verdict.decided_by.values
                else _interval(verdict.low, verdict.high),
                "confidence": verdict.confidence,
                "n": verdict.n,
                "verdict": verdict.verdict,
                "rule": verdict.rule,
                "reason": verdict.reason,
                "protocol": verdict.protocol,
                "split": verdict.split,
                "noise_position": verdict.noise_position,
                "decided_by": verdict.decided_by.words,
                "parts": [_part(part) for part in verdict.parts],
                "beside": [_beside(each) for each in verdict.beside],
            }
            for verdict in verdicts
        ],
    }


def write_claims(verdicts: Sequence[Verdict], path: Path, unfinished: str | None = None) -> None:
    """Write claims.json, whole or not at all; its folder is made if missing.

    Args:
        verdicts: Of all claims.
        path: Where to.
        unfinished: What the rows behind them do not hold yet, in words.

    Raises:
        StoreError: The file cannot be written; what stood there is untouched.
    """
    make_folder(path.parent, "claims")
    document = claims_document(verdicts) | ({"unfinished": unfinished} if unfinished else {})
    write_file(path, pretty_json(document), "claims")
