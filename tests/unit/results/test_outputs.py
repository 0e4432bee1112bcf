"""A file that a user names is never written in the place of something that is kept."""

import os
from pathlib import Path

import pytest

from spikefuse.core.errors import InputError
from spikefuse.results.outputs import KEPT, require_output


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    (folder / "trials" / "0123456789abcdef" / "evaluations").mkdir(parents=True)
    (folder / "trials" / "0123456789abcdef" / "trial.json").write_text("{}")
    (folder / "journal").mkdir()
    return folder


@pytest.mark.parametrize(
    "name",
    [
        *sorted(KEPT),
        "trials/anything.json",
        "trials/0123456789abcdef/weights.safetensors",
        "trials/0123456789abcdef/new.html",
        "trials/0123456789abcdef/evaluations/0.json",
        "journal/seen.txt",
    ],
)
def test_what_a_results_folder_keeps_is_refused(run: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"must not be what the results folder .*run keeps"):
        require_output(run / name, "report")
    link = run.with_name("other")
    link.symlink_to(run)
    with pytest.raises(InputError, match="keeps"):
        require_output(link / name, "report")


@pytest.mark.parametrize("name", ["report.html", "answer.json", "figures/a.svg", "../own/a.csv"])
def test_other_files_may_be_written_and_replaced(run: Path, name: str) -> None:
    place = run / name
    require_output(place, "report")
    place.parent.mkdir(exist_ok=True)
    place.write_text("before")
    require_output(place, "report")


def test_an_own_folder_named_trials_is_no_results_folder(tmp_path: Path) -> None:
    require_output(tmp_path / "trials" / "results.csv", "report")
    require_output(tmp_path / "results.csv", "report")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    for name in ("folder", "link", "pipe"):
        with pytest.raises(InputError, match=f"--page must name a file, got .*where a {name} is"):
            require_output(tmp_path / name, "bench", "--page")
    with pytest.raises(InputError, match="where a device is"):
        require_output(Path(os.devnull), "bench")
