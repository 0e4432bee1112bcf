"""One trial from the command line: what it says at the end is what is stored."""

from pathlib import Path

import pytest
from rich.console import Console

from spikefuse.cli.single import show_trial
from spikefuse.core.errors import StoreError
from spikefuse.results import TrialStore, store


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("is_finished", [True, False])
def test_an_unreadable_trial_is_no_empty_answer(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    is_finished: bool,
    as_json: bool,
) -> None:
    monkeypatch.setattr(store, "_PATIENCE_S", 0.0)
    results = TrialStore(tmp_path)
    folder = results.open({"seed": 1})
    if is_finished:
        folder.finish({"status": "done"}, {}, {}, {})
        (folder.path / "results.json").unlink()
    with pytest.raises(StoreError, match="must be a finished trial, got one that is partial"):
        show_trial(results, folder.trial, Console(), as_json)
    assert capsys.readouterr().out == ""
