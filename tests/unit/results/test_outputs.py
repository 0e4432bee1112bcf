"""Nothing that a user names is written in the place of something that is kept."""

import os
from pathlib import Path

import pytest

from spikefuse.core.errors import InputError
from spikefuse.results import TrialStore
from spikefuse.results.outputs import KEPT, OF_A_PAGE, PAGE, require_folder, require_output

OURS = {
    "results.csv": "study,trial,network\n",
    "energy.csv": "study,trial,network\n",
    "readings.csv": "\ufeffstudy,trial,network\n",
    "sensitivity.csv": "claim,reading,topic\n",
    "claims.json": '{\n  "format": "spikefuse claims 2",',
    "answer.json": '{\n  "format": "spikefuse ask 1",',
    "data.json": '{\n  "name": "a",\n  "banner": "b"',
    "run.json": '{\n  "title": "t",\n  "profile_settings": {',
}
"""How files of a results folder begin that may lie there alone."""


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
        "answer.json.earlier-1",
        "results.csv.unreadable-12",
        "trials/anything.json",
        "trials/0123456789abcdef/weights.safetensors",
        "trials/0123456789abcdef/new.html",
        "trials/0123456789abcdef/evaluations/0.json",
        "trials/new/deep/a.csv",
        "journal/seen.txt",
        "journal/plans/0.json",
        "modules/a.safetensors",
        "figures/a.svg",
    ],
)
def test_what_a_results_folder_keeps_is_refused(run: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"must not be what the results folder .*run keeps"):
        require_output(run / name, "report")
    link = run.with_name("other")
    link.symlink_to(run)
    with pytest.raises(InputError, match="keeps"):
        require_output(link / name, "report")


def test_what_is_kept_elsewhere_by_links_is_refused(run: Path, tmp_path: Path) -> None:
    """A disk that holds the trials, and names that lead into a trial."""
    (run / "trials").rename(tmp_path / "disk")
    (run / "trials").symlink_to(tmp_path / "disk")
    trial = tmp_path / "disk" / "0123456789abcdef"
    (tmp_path / "out").symlink_to(trial)
    for name in ("run/trials/new/a.csv", "disk/0123456789abcdef/weights.safetensors", "out/a.csv"):
        with pytest.raises(InputError, match="keeps"):
            require_output(tmp_path / name, "report")
    trial.rename(tmp_path / trial.name)  # a trial that was handed on
    with pytest.raises(InputError, match=f"what the trial .*{trial.name} keeps"):
        require_output(tmp_path / trial.name / "results.json", "report")
    with pytest.raises(InputError, match=f"what the trial .*{trial.name} keeps"):
        require_folder(tmp_path / trial.name / "new", "run")


def test_a_page_goes_where_a_page_lies(run: Path) -> None:
    require_output(run / PAGE, "report", of=run, its=OF_A_PAGE)
    for kept, of in [("claims.json", run), (PAGE, run.parent), (PAGE, None)]:
        with pytest.raises(InputError, match="keeps"):
            require_output(run / kept, "report", of=of, its=OF_A_PAGE)


@pytest.mark.parametrize("name", sorted(OURS))
def test_tables_without_trials_are_kept_too(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(OURS[name], encoding="utf-8")
    require_folder(tmp_path, "run")
    with pytest.raises(InputError, match="keeps"):
        require_output(tmp_path / name, "claims")


@pytest.mark.parametrize("name", ["page.html", "mine.json", "pictures/a.svg", "../own/a.csv"])
def test_other_files_may_be_written_and_replaced(run: Path, name: str) -> None:
    place = run / name
    require_output(place, "report")
    place.parent.mkdir(exist_ok=True)
    place.write_text("before")
    require_output(place, "report")


def test_an_own_folder_named_trials_is_no_results_folder(tmp_path: Path) -> None:
    (tmp_path / "trials" / "2021").mkdir(parents=True)
    (tmp_path / "results.csv").write_text("subject,score\n")
    require_output(tmp_path / "trials" / "2021" / "results.csv", "report")
    require_output(tmp_path / "results.csv", "report")
    require_folder(tmp_path / "trials" / "new", "run")


@pytest.mark.parametrize(
    "place",
    [
        *("trials", "trials/0123456789abcdef", "trials/0123456789abcdef/a/b", "trials/new"),
        *("journal", "journal/plans/new", "link", "link/new", "figures/new"),
    ],
)
def test_no_results_folder_lies_within_what_another_keeps(run: Path, place: str) -> None:
    (run / "link").symlink_to("trials/0123456789abcdef")
    before = sorted(run.rglob("*"))
    with pytest.raises(InputError, match=r"must lie outside of what the results folder .*run keep"):
        require_folder(run / place, "run")
    with pytest.raises(InputError, match=r"must lie outside"):
        TrialStore(run / place)
    assert sorted(run.rglob("*")) == before
    for fine in ("new", ".", "../trials", "trial"):
        require_folder(run / fine, "run")


@pytest.mark.parametrize("name", sorted(KEPT - {PAGE, "run.log"}))
def test_no_results_folder_takes_the_place_of_files_of_somebody(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine\n")
    with pytest.raises(InputError, match=rf"with {name}, which no run wrote\. Name another folder"):
        require_folder(tmp_path, "run")
    (tmp_path / "trials" / "0123456789abcdef").mkdir(parents=True)
    (tmp_path / "trials" / "0123456789abcdef" / "trial.json").write_text("{}")
    require_folder(tmp_path, "run")


def test_a_log_that_a_shell_made_already_is_added_to(tmp_path: Path) -> None:
    (tmp_path / "run.log").touch()
    require_folder(tmp_path, "run")


def test_a_file_is_no_results_folder(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("mine")
    for place, why in (("a", "which is a file"), ("a/b/c", "which lies below the file .*a")):
        with pytest.raises(InputError, match=f"--out must be a folder, got .*{place}, {why}"):
            require_folder(tmp_path / place, "train")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    for name in ("folder", "link", "pipe"):
        with pytest.raises(InputError, match=f"--page must name a file, got .*where a {name} is"):
            require_output(tmp_path / name, "bench", "--page")
    with pytest.raises(InputError, match="where a device is"):
        require_output(Path(os.devnull), "bench")
