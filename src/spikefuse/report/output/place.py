"""Where a report may go: over one of ours, never over a page or figures of somebody's own."""

import os
from pathlib import Path

from spikefuse.core.errors import InputError
from spikefuse.results.outputs import OF_A_PAGE, is_results, is_same, require_output

FIGURE_FOLDER, TABLE_FOLDER = "figures", "tables"
"""Folders beside the page."""

_GENERATOR = b'<meta name="generator" content="spikefuse'
_HEAD_BYTES = 4096


def require_page(page: Path, root: Path, where: str = "report") -> None:
    """Refuse a place whose files no report of ours left there, before any work.

    Args:
        page: The HTML file.
        root: The results folder, whose own figures and tables are ours.
        where: Who asks.

    Raises:
        InputError: A page is there that is none of ours, or none is and its folders hold files:
            another page's or somebody's own; or it would lie in another results folder.
    """
    require_output(page, where, of=root, its=OF_A_PAGE)
    is_its = is_same(page.parent, root)
    if not is_its and is_results(page.parent):
        raise InputError(
            f"{where}: --out must not lie in another results folder, got {page}: its figures and "
            "tables would go over those that are there. Name another folder."
        )
    for each in (page.parent / FIGURE_FOLDER, page.parent / TABLE_FOLDER):
        if each.is_symlink():
            raise InputError(
                f"{where}: figures and tables lie beside the page, and {each} is a link: what it "
                "leads to would be written over. Remove it, or name --out in another folder."
            )
    if not os.path.lexists(page):
        if not is_its or not is_results(root):
            _require_empty(page.parent, where)
    elif not _is_ours(page):
        raise InputError(
            f"{where}: --out must not be a file of yours, got {page}, which no report wrote. "
            "Name another file."
        )


def _is_ours(page: Path) -> bool:
    try:
        with page.open("rb") as file:
            return _GENERATOR in file.read(_HEAD_BYTES)
    except OSError:
        return False


def _require_empty(folder: Path, where: str) -> None:
    for each in (folder / FIGURE_FOLDER, folder / TABLE_FOLDER):
        if each.is_dir() and any(each.iterdir()):
            raise InputError(
                f"{where}: figures and tables lie beside the page, and {each} holds files of "
                "another page or of yours. Name --out in another folder."
            )
