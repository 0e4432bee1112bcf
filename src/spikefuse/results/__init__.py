"""What a study leaves on disk: immutable trial folders, an index that can be rebuilt, tidy tables.

The folders are the truth; everything else is made from them. No file here is a pickle.
"""

from typing import TYPE_CHECKING

from spikefuse.core.lazy import on_demand

if TYPE_CHECKING:
    from spikefuse.results.documents import definition_hash
    from spikefuse.results.folder import TrialFolder
    from spikefuse.results.index import INDEX, index_rows, write_index
    from spikefuse.results.record import TrialRecord
    from spikefuse.results.store import TrialStore
    from spikefuse.results.tidy import TIDY_COLUMNS, read_tidy, write_tidy

__all__ = [
    "INDEX",
    "TIDY_COLUMNS",
    "TrialFolder",
    "TrialRecord",
    "TrialStore",
    "definition_hash",
    "index_rows",
    "read_tidy",
    "write_index",
    "write_tidy",
]

on_demand(__name__)
