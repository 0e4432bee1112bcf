"""What stands in the place of a results folder's files, and is none, is named."""

import os
import sys
from pathlib import Path

import pytest

from spikefuse.core.errors import StoreError
from spikefuse.report.reading.verify import verify_run
from spikefuse.results import TrialStore

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs pipes and links")


@pytest.mark.parametrize("name", ["results.csv", "energy.csv", "run.json", "claims.json"])
@pytest.mark.parametrize("kind", ["pipe", "folder", "broken link"])
def test_no_file_in_the_place_of_one_is_named(tmp_path: Path, name: str, kind: str) -> None:
    TrialStore(tmp_path)
    assert verify_run(tmp_path) == (0, [])
    if kind == "pipe":
        os.mkfifo(tmp_path / name)
    elif kind == "folder":
        (tmp_path / name).mkdir()
    else:
        (tmp_path / name).symlink_to("nowhere")
    (problem,) = verify_run(tmp_path)[1]
    assert problem == f"{name} is no regular file (a device, pipe, folder or broken link)"


def test_a_link_that_leads_to_itself_is_named_not_its_folder(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(StoreError, match="/loop must be a readable folder"):
        verify_run(loop)
