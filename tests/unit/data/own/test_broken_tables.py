"""Tables of another encoding or with one name twice: one sentence that says which line and why."""

import errno
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from own_files import snapshot, table_folder

from spikefuse.core.errors import InputError
from spikefuse.data.own import read_own

Change = Callable[[str], bytes]


def of_json(text: str) -> str:
    head, *rows = text.splitlines()
    lines = (dict(zip(head.split(","), row.split(","), strict=True)) for row in rows)
    return "".join(f"{json.dumps(line)}\n" for line in lines)


CASES: dict[str, tuple[str, Change, str]] = {
    "utf16": ("csv", lambda t: t.encode("utf-16"), "got UTF-16. Save it as UTF-8."),
    "utf16_of_json": ("jsonl", lambda t: of_json(t).encode("utf-16"), "got UTF-16. Save it as"),
    "utf16_without_mark": (
        *("csv", lambda t: t.encode("utf-16-le")),
        "got zero bytes, as UTF-16 has. Save it as UTF-8.",
    ),
    "western": (
        *("csv", lambda t: t.replace(",up,", ",\u00fcp,").encode("cp1252")),
        "got byte 0xfc in line 2, as Windows-1252 has. Save it as UTF-8.",
    ),
    "a_name_twice": (
        *("csv", lambda t: t.replace("subject", "label").encode()),
        "header of metadata.csv must be columns of different names, got label twice. Rename one.",
    ),
    "a_key_twice": (
        *("jsonl", lambda t: of_json(t).replace('"subject": "s3"', '"label": "s3"').encode()),
        "metadata.jsonl line 7 must be keys of different names, got label twice. Rename one.",
    ),
    "no_name_of_a_file": (
        *("csv", lambda t: t.replace("pictures/0.png", "pictures").encode()),
        "sight_file_name of metadata.csv line 2 must be a file that is there, got 'pictures'",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_table_that_cannot_be_read_as_it_is(name: str, tmp_path: Path) -> None:
    suffix, change, said = CASES[name]
    folder = table_folder(tmp_path / "d")
    text = (folder / "metadata.csv").read_text()
    (folder / "metadata.csv").unlink()
    (folder / f"metadata.{suffix}").write_bytes(change(text))
    before = snapshot(folder)
    with pytest.raises(InputError) as caught:
        read_own(folder, cache=tmp_path / "cache")
    assert said in str(caught.value)
    assert str(caught.value).isprintable()
    assert snapshot(folder) == before


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_marks_ends_of_lines_and_paths_of_windows_are_read(
    line_end: str, mark: str, tmp_path: Path
) -> None:
    table = table_folder(tmp_path / "d") / "metadata.csv"
    plain = read_own(tmp_path / "d", cache=tmp_path / "cache").fingerprint
    text = table.read_text().replace("pictures/", ".\\pictures\\").replace("\n", line_end)
    table.write_bytes((mark + text).encode())
    assert read_own(tmp_path / "d", cache=tmp_path / "cache").fingerprint == plain


def test_endings_that_are_read_are_listed_once(tmp_path: Path) -> None:
    (tmp_path / "d" / "sight").mkdir(parents=True)
    with pytest.raises(InputError, match="must be a folder of files that end in") as caught:
        read_own(tmp_path / "d")
    assert str(caught.value).count(".npy") == 1


def test_a_folder_that_may_not_be_entered_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever runs the tests may be allowed everything, so the system's answer is put in."""
    hidden = str(table_folder(tmp_path / "d") / "pictures" / "metadata.csv")
    is_file = Path.is_file

    def refusing(path: Path, **options: bool) -> bool:
        if str(path) == hidden:
            raise PermissionError(errno.EACCES, "Permission denied", hidden)
        return is_file(path, **options)

    monkeypatch.setattr(Path, "is_file", refusing)
    with pytest.raises(InputError, match=r"metadata.csv must be readable, got Permission denied"):
        read_own(tmp_path / "d", cache=tmp_path / "cache")
