"""A cache of its own for each test."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spikefuse.data.own import OwnData, own_settings, read_own


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., OwnData]:
    """`read_own` with settings by name and a cache below the test's folder."""

    def call(path: Path, **values: Any) -> OwnData:
        settings = own_settings(values, "the options") if values else None
        return read_own(path, settings, cache=tmp_path / "cache-of-the-test")

    return call
