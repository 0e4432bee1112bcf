"""The paper's 24 claims as data, and the engine that judges them on tidy rows.

    verdicts = evaluate_claims(rows, protocol="disjoint", split="test")
    write_claims(verdicts, path)

`rules` says what a claim is made of, `catalogue` states C1 to C24, `observations` finds the numbers
in the rows, `engine` judges, `files` writes claims.json.
"""

from typing import TYPE_CHECKING

from spikefuse.core.lazy import on_demand

if TYPE_CHECKING:
    from spikefuse.analysis.claims.catalogue import CLAIMS
    from spikefuse.analysis.claims.engine import (
        DECISION,
        NOT_TESTED,
        OUTCOMES,
        PartVerdict,
        Verdict,
        evaluate_claims,
    )
    from spikefuse.analysis.claims.files import claims_document, write_claims
    from spikefuse.analysis.claims.observations import (
        ASSUMED_SAMPLES,
        Observations,
        Unavailable,
        measure,
    )
    from spikefuse.analysis.claims.rules import Claim, Levels, Part, Quantity

__all__ = [
    "ASSUMED_SAMPLES",
    "CLAIMS",
    "DECISION",
    "NOT_TESTED",
    "OUTCOMES",
    "Claim",
    "Levels",
    "Observations",
    "Part",
    "PartVerdict",
    "Quantity",
    "Unavailable",
    "Verdict",
    "claims_document",
    "evaluate_claims",
    "measure",
    "write_claims",
]

on_demand(__name__)
