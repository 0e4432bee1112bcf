import sys
from pathlib import Path

import pytest
import torch

from spikefuse.core import plugins
from spikefuse.core.errors import InputError
from spikefuse.execution import Job
from spikefuse.execution.perform import load, one_line, perform, set_torch_threads


def test_missing_import_inside_the_module_is_not_blamed_on_the_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "needs_more_than_there_is.py").write_text("import no_such_library_here\n")
    result = perform(Job("a", "needs_more_than_there_is:f", {}), lambda data: None)
    assert result.error == "ModuleNotFoundError: No module named 'no_such_library_here'"
    assert "needs_more_than_there_is.py" in str(result.detail)


def test_missing_modules_and_functions_are_named() -> None:
    for entry in ("no_such_package_here.part:f", "json.no_such_part_here:f"):
        with pytest.raises(InputError, match="entry must name an importable module"):
            load(entry)
    for entry in ("json:nothing", "json:__doc__"):
        with pytest.raises(InputError, match="entry must name a function"):
            load(entry)
    assert load("os.path:join")("a", "b")  # type: ignore[arg-type]


def test_threads_are_set_for_the_job_and_restored() -> None:
    before = torch.get_num_threads()
    job = Job("a", "executor_jobs:train", {"seed": 1})
    result = perform(job, lambda data: None, threads=before + 1)
    assert result.value is not None
    assert result.value["threads"] == before + 1
    assert torch.get_num_threads() == before
    perform(Job("b", "executor_jobs:divide", {"zero": 0}), lambda data: None, threads=before + 1)
    assert torch.get_num_threads() == before


def test_torch_is_not_imported_for_its_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch")
    assert set_torch_threads(1) is None
    assert "torch" not in sys.modules


@pytest.mark.parametrize("code", ["return 1 / 0", "raise SystemExit(3)"])
def test_a_fault_in_a_plugin_is_told_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    path = tmp_path / "mine.py"
    path.write_text(f"def job(payload, report):\n    {code}\n")
    monkeypatch.setattr(plugins, "LOADED", {})
    label = plugins.load_plugin(path).label
    module = f"spikefuse_plugin_{label.rpartition(':')[2]}"
    try:
        result = perform(Job("a", f"{module}:job", {}), lambda data: None)
    finally:
        del sys.modules[module]
    assert not result.ok
    assert str(result.error).startswith(f"plugin: line 2 of {path} must run ({code}), got ")
    assert "Traceback" in str(result.detail)


def test_ctrl_c_passes() -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        perform(Job("a", "executor_jobs:steps", {"steps": 1}), interrupt)


def test_one_line() -> None:
    assert one_line(ValueError("a\n  b\tc ")) == "a b c"
