"""Is A better than B, or are they the same within a margin? The test that fits is chosen and named.

    found = answer("modality=fused", "modality=image", Path("runs/quick-mnist-fsdd"))
    found.sentence, found.reply

`operands` says what A and B may be, `cells` finds cells in a table, `samples` puts two networks'
predictions side by side, `judge` chooses the test, `answer` says it.
"""

from typing import TYPE_CHECKING

from spikefuse.core.lazy import on_demand

if TYPE_CHECKING:
    from spikefuse.analysis.compare.answer import Answer, answer, answer_document
    from spikefuse.analysis.compare.cells import Operand
    from spikefuse.analysis.compare.judge import Comparison, compare_series

__all__ = [
    "Answer",
    "Comparison",
    "Operand",
    "answer",
    "answer_document",
    "compare_series",
]

on_demand(__name__)
