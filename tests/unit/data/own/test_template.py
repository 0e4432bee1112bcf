"""A template says what was found, is read again, and every line of it may be uncommented."""

from pathlib import Path

import pytest
from own_files import class_folders, stacked, table_folder

from spikefuse.cli import main
from spikefuse.data.own import OwnSettings, describe, own_settings, read_toml
from spikefuse.data.own.template import template

MAKE = {
    "folders": lambda root: class_folders(root),
    "metadata": lambda root: table_folder(root),
    "arrays": lambda root: stacked(root.with_suffix(".npz")),
}


@pytest.mark.parametrize("layout", MAKE)
def test_it_is_read_as_what_was_seen(layout: str, tmp_path: Path) -> None:
    place = MAKE[layout](tmp_path / "data")
    seen = describe(place)
    (tmp_path / "it.toml").write_text(template(seen, place.name), encoding="utf-8")
    again = describe(tmp_path / "it.toml")

    assert again.layout == layout
    assert [(each.name, each.kind) for each in again.modalities] == [
        (each.name, each.kind) for each in seen.modalities
    ]
    assert [each.samples for each in again.modalities] == [each.samples for each in seen.modalities]


def test_what_was_asked_for_is_no_comment(tmp_path: Path) -> None:
    folder = table_folder(tmp_path / "moves")
    seen = describe(folder, own_settings({"group": "subject", "test": 0.3}, "x"))
    text = template(seen, "moves")
    (tmp_path / "it.toml").write_text(text, encoding="utf-8")
    _, settings = read_toml(tmp_path / "it.toml")

    assert settings.group == "subject"
    assert settings.test == 0.3
    assert settings.validation == OwnSettings().validation
    assert '\n# pair = "class"' in text


def test_the_command_writes_beside_the_data_and_never_over_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    class_folders(tmp_path / "animals")

    def run(*words: str) -> int:
        monkeypatch.setattr("sys.argv", ["spikefuse", "new", "data", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0)

    assert run("animals") == 0
    assert read_toml(tmp_path / "animals.toml")[0] == tmp_path / "animals"
    for words, told in (
        (("animals",), "--out must not be there yet, got animals.toml"),
        (("animals", "--out", "animals/my.toml"), "--out must lie outside the data"),
        (("animals", "--out", "no/my.toml"), "--out must lie in a folder that is there"),
    ):
        assert run(*words) == 2
        assert told in capsys.readouterr().err
    assert not (tmp_path / "animals" / "my.toml").exists()
