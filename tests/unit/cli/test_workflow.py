"""A run without the C++ kernels says so once, with what to do."""

import io

import pytest
from rich.console import Console

from spikefuse.cli.workflow import tell_slow_neurons
from spikefuse.core import library


def _told(backend: str) -> str:
    console = Console(file=io.StringIO(), width=200)
    tell_slow_neurons(console, backend, "cpu")
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_slow_neurons_are_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    reason = "the C++ library was not built. Install GCC or Clang, then install spikefuse again"
    monkeypatch.setattr(library, "_load", lambda: (None, reason))
    assert _told("auto") == (
        f"neurons  PyTorch operations, several times slower than C++: {reason}.\n"
    )
    assert _told("eager") == ""  # asked for by name


@pytest.mark.skipif(not library.available(), reason=f"native: {library.why_not()}")
def test_fast_neurons_are_not_worth_a_line() -> None:
    assert _told("auto") == ""
