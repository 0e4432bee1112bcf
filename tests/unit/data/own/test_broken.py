"""Broken input: one sentence that says what is wrong, and nothing written."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from own_files import (
    class_folders,
    snapshot,
    stacked,
    stem_folders,
    table_folder,
    write_array,
    write_clip,
    write_image,
)
from PIL import Image

from spikefuse.cli import main
from spikefuse.core.errors import InputError
from spikefuse.data.own import own_settings, read_own, read_toml

Break = Callable[[Path], Path]
CASES: dict[str, tuple[Break, dict[str, object], str]] = {}


def broken(text: str, **settings: object) -> Callable[[Break], Break]:
    """A way to break data, the settings it is read with, and what the sentence must say."""

    def keep(change: Break) -> Break:
        CASES[change.__name__] = (change, settings, text)
        return change

    return keep


@broken("must be a folder or file that is there, got nothing")
def nothing_there(root: Path) -> Path:
    return root / "nowhere"


@broken("must be a folder or a file that ends in .toml, .npz, .csv, .jsonl, got .zip")
def another_file(root: Path) -> Path:
    (root / "data.zip").write_bytes(b"PK")
    return root / "data.zip"


@broken("must be a folder with a folder for each modality, got none")
def empty_folder(root: Path) -> Path:
    return root


@broken("modality sight must be a folder of files that end in .png")
def folder_without_data(root: Path) -> Path:
    (root / "sight").mkdir()
    (root / "sight" / "notes.txt").write_text("later")
    return root


@broken("files of modality cat must be in a folder a class, got 0.png")
def classes_without_modality(root: Path) -> Path:
    write_image(root / "cat" / "0.png")
    write_image(root / "dog" / "0.png")
    return root


@broken(
    "folders of data must be modalities, and splits in each of them, got splits alone (Test, tr"
)
def splits_above_modalities(root: Path) -> Path:
    for split in ("train", "Test", "val"):
        class_folders(root / split)
    return root


@broken("class emu of modality sight must be a folder with files that end in .png, .jpg")
def class_of_another_format(root: Path) -> Path:
    folder = class_folders(root) / "sight" / "emu"
    folder.mkdir()
    for i in range(5):
        (folder / f"{i}.webp").write_bytes(b"RIFF")
    return root


@broken("sight: 1 file is unreadable: sight/cat/9.png (an animation of 3 pictures")
def animated_picture(root: Path) -> Path:
    path = class_folders(root) / "sight" / "cat" / "9.png"
    frames = [Image.fromarray(np.full((9, 9), level, np.uint8)) for level in (0, 90, 180)]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    return root


@broken("got sight_file_name;move_file_name;label;subject;split. Separate columns by commas.")
def columns_between_semicolons(root: Path) -> Path:
    table = table_folder(root) / "metadata.csv"
    table.write_text(table.read_text("utf-8").replace(",", ";"), encoding="utf-8")
    return root


@broken("array rate must be an array [N, ...] with samples, got a single value. Take it out.")
def a_number_among_arrays(root: Path) -> Path:
    path = root / "walks.npz"
    np.savez(path, move=np.zeros((6, 4)), rate=np.array(250), labels=np.arange(6) % 2)
    return path


@broken("class emu of modality sight must be a folder with files, got an empty one")
def empty_class(root: Path) -> Path:
    (class_folders(root) / "sight" / "emu").mkdir()
    return root


@broken("sound: no readable sample of class emu, which another modality has")
def class_of_one_modality(root: Path) -> Path:
    write_image(class_folders(root) / "sight" / "emu" / "0.jpg")
    return root


@broken("classes must be 2 to 1,000, got 1 (cat)")
def one_class(root: Path) -> Path:
    return class_folders(root, ("cat",))


@broken("modality sight must be files of one kind (image, audio, array, events)")
def two_kinds(root: Path) -> Path:
    write_clip(class_folders(root) / "sight" / "cat" / "a.wav")
    return root


@broken("sight must be divided into splits or into classes, got both (train beside cat, dog)")
def splits_beside_classes(root: Path) -> Path:
    write_image(class_folders(root) / "sight" / "train" / "cat" / "0.jpg")
    return root


@broken("(train beside tset). Move the classes into the splits. Or did you mean test?")
def split_misspelt(root: Path) -> Path:
    for split in ("train", "tset"):
        write_image(root / "sight" / split / "cat" / "0.jpg")
    return root


@broken("sight must be one folder a split, got train, val, validation")
def one_split_twice(root: Path) -> Path:
    for split in ("train", "val", "validation"):
        write_image(root / "sight" / split / "cat" / "0.jpg")
    return root


@broken("sight: 1 file is unreadable: sight/cat/0.jpg (no PNG or JPEG image)")
def text_as_image(root: Path) -> Path:
    (class_folders(root) / "sight" / "cat" / "0.jpg").write_text("not an image")
    return root


@broken("sound: 2 files are unreadable: sound/cat/0.wav (an empty file), sound/dog/1.wav (cut")
def empty_and_cut_clip(root: Path) -> Path:
    (class_folders(root) / "sound" / "cat" / "0.wav").write_bytes(b"")
    path = root / "sound" / "dog" / "1.wav"
    path.write_bytes(path.read_bytes()[:-10])
    return root


@broken("modality sound must be readable audio, got sound/cat/0.wav: no WAV")
def no_clip_is_readable(root: Path) -> Path:
    for path in (class_folders(root) / "sound").rglob("*.wav"):
        path.write_text("silence")
    return root


@broken("class cat of sight must be at least 3 different samples, one for each split, got 2")
def two_samples(root: Path) -> Path:
    return class_folders(root, count=2)


@broken("class cat of sight must be at least 3 different samples", pair="class")
def copies_of_one_sample(root: Path) -> Path:
    for path in (class_folders(root) / "sight" / "cat").iterdir():
        write_image(path, 5)
    return root


@broken("sight/cat/link.jpg must be inside data, got a link to", pair="class")
def link_to_the_outside(root: Path) -> Path:
    outside = write_image(root.parent / "outside.jpg")
    (class_folders(root) / "sight" / "cat" / "link.jpg").symlink_to(outside)
    return root


@broken("sight/emu must be a folder of its own, got a link to the folder cat")
def link_to_a_folder(root: Path) -> Path:
    (class_folders(root) / "sight" / "emu").symlink_to(root / "sight" / "cat")
    return root


@broken("name of a modality must be letters, digits, '-' and '_'")
def name_with_a_blank(root: Path) -> Path:
    (class_folders(root) / "sight").rename(root / "my sight")
    return root


@broken("modality sight must be a partner for every stem of the others, got none for", pair="stem")
def stem_without_partner(root: Path) -> Path:
    (stem_folders(root) / "sight" / "2" / "take-3.png").unlink()
    return root


@broken("stem take-0 of modality sight must be one file a class and split", pair="stem")
def stem_twice(root: Path) -> Path:
    write_image(stem_folders(root) / "sight" / "2" / "take-0.jpg")
    return root


@broken("must be named as {label}_{take}, got 'a-b'", name_pattern="{label}_{take}")
def name_off_the_pattern(root: Path) -> Path:
    write_image(root / "sight" / "a_b.png")
    write_image(root / "sight" / "a-b.png")
    return root


@broken("name_pattern must be fields in braces with text between them", name_pattern="{label}{n}")
def fields_that_touch(root: Path) -> Path:
    write_image(root / "sight" / "a_b.png")
    return root


@broken("without folders, as name_pattern has {label}, got cat, dog", name_pattern="{label}_{n}")
def labels_in_names_and_folders(root: Path) -> Path:
    return class_folders(root)


@broken(
    "name_pattern must be with {label}, or with the field that group names, got '{lable}_{n}'. "
    "Write {label} for {lable}.",
    name_pattern="{lable}_{n}",
)
def label_misspelt_in_the_pattern(root: Path) -> Path:
    return class_folders(root)


@broken("'{who}_{n}'. Name the group, or leave it out.", name_pattern="{who}_{n}")
def pattern_that_says_nothing(root: Path) -> Path:
    return class_folders(root)


@broken("group must be one of n, got 'speaker'", name_pattern="{n}", group="speaker")
def group_not_in_the_pattern(root: Path) -> Path:
    return class_folders(root)


@broken("group must be a field of name_pattern or a column of a table", group="speaker")
def group_without_a_place(root: Path) -> Path:
    return class_folders(root)


@broken(
    "groups of sight must be at least 3, one for each split, got 2",
    name_pattern="{label}_{who}_{n}",
    group="who",
)
def two_groups(root: Path) -> Path:
    for i in range(16):
        write_image(root / "sight" / f"{'ab'[i % 2]}_{'xy'[i // 8]}_{i}.png", i)
    return root


def with_row(row: str, head: str | None = None) -> Break:
    def change(root: Path) -> Path:
        path = table_folder(root) / "metadata.csv"
        lines = path.read_text().splitlines()
        path.write_text("\n".join([head or lines[0], *lines[1:], row]) + "\n")
        return root

    return change


CASES |= {
    "absolute_path": (with_row("/etc/hosts,moves/0.npy,up,s0,test"), {}, "'/etc/hosts'"),
    "path_upwards": (with_row("../a.png,moves/0.npy,up,s0,test"), {}, "without '..'"),
    "address": (with_row("http://x/a.png,moves/0.npy,up,s0,test"), {}, "'http://x/a.png'"),
    "drive": (with_row("C:\\a.png,moves/0.npy,up,s0,test"), {}, "a path below data"),
    "missing_file": (
        with_row("pictures/none.png,moves/0.npy,up,s0,test"),
        {},
        "sight_file_name of metadata.csv line 14 must be a file that is there",
    ),
    "no_label": (with_row("pictures/0.png,moves/0.npy,,s0,test"), {}, "label of metadata.csv"),
    "no_group": (
        with_row("pictures/0.png,moves/0.npy,up,,test"),
        {"group": "subject"},
        "subject of metadata.csv line 14 must be filled",
    ),
    "short_row": (with_row("pictures/0.png,up"), {}, "line 14 must be 5 cells, got 2"),
    "unknown_split": (with_row("pictures/0.png,moves/0.npy,up,s0,tset"), {}, "Did you mean test"),
    "half_the_splits": (
        with_row("pictures/0.png,moves/0.npy,up,s0,"),
        {},
        "must be given for every sample or for none, got 1 of 13 without",
    ),
    "no_label_column": (
        with_row("a,b,c,d,e", "sight_file_name,move_file_name,lable,subject,split"),
        {},
        "columns of metadata.csv must be one called label, got sight_file_name, move_file_name, "
        "lable, subject, split. Is it 'lable'? Call that label.",
    ),
    "no_file_column": (with_row("a,b,c,d,e", "a,b,label,d,e"), {}, "X_file_name for each"),
    "column_twice": (with_row("a,b,c,d,e", "a,a,label,d,e"), {}, "columns of different names"),
    "misspelt_group": (with_row(""), {"group": "subjekt"}, "Did you mean subject"),
    "pattern_with_a_table": (with_row(""), {"name_pattern": "{label}_{n}"}, "name_pattern must be"),
    "open_quote": (with_row('"pictures/0.png,moves/0.npy'), {}, "must be CSV"),
}


@broken("metadata.csv must be a table with a row for each sample, got no row")
def table_without_rows(root: Path) -> Path:
    (root / "metadata.csv").write_text("file_name,label\n")
    return root


@broken("metadata.csv must be a table in UTF-8, got byte 0xe4 in line 2")
def table_in_another_encoding(root: Path) -> Path:
    (root / "metadata.csv").write_bytes("file_name,label\nä.png,ü\n".encode("latin-1"))
    return root


@broken("metadata.jsonl line 2 must be one JSON object")
def json_that_is_none(root: Path) -> Path:
    first = json.dumps({"file_name": write_image(root / "a.png").name, "label": "a"})
    (root / "metadata.jsonl").write_text(first + "\n{file_name: b.png}\n")
    return root


@broken("metadata.jsonl line 1 must be one JSON object, got '[[[[")
def json_without_end(root: Path) -> Path:
    (root / "metadata.jsonl").write_text("[" * 100_000)
    return root


@broken("label of metadata.jsonl line 1 must be a text or a whole number, got 0.5")
def label_that_is_a_share(root: Path) -> Path:
    row = {"file_name": write_image(root / "a.png").name, "label": 0.5}
    (root / "metadata.jsonl").write_text(json.dumps(row))
    return root


@broken("sight/cat/loop.jpg must be a file, got a link that leads nowhere")
def link_to_itself(root: Path) -> Path:
    path = class_folders(root) / "sight" / "cat" / "loop.jpg"
    path.symlink_to(path)
    return root


@broken("sight/cat/pipe.jpg (no plain file)")
def pipe_as_image(root: Path) -> Path:
    os.mkfifo(class_folders(root) / "sight" / "cat" / "pipe.jpg")
    return root


@broken("sight/cat/two\\nlines\\udcff.jpg (no PNG or JPEG image)")
def name_that_breaks_the_line(root: Path) -> Path:
    folder = os.fsencode(class_folders(root) / "sight" / "cat")
    with open(folder + b"/two\nlines\xff.jpg", "wb") as file:
        file.write(b"no image")
    return root


@broken("train has no sample of class down")
def class_without_training(root: Path) -> Path:
    path = table_folder(root) / "metadata.csv"
    lines = path.read_text().splitlines()
    kept = [line for line in lines if not (line.endswith("train") and ",down," in line)]
    path.write_text("\n".join(kept) + "\n")
    return root


def npz(**arrays: object) -> Break:
    def change(root: Path) -> Path:
        np.savez(root / "a.npz", **arrays)
        return root / "a.npz"

    return change


CASES |= {
    "no_labels": (npz(a=np.zeros((6, 3))), {}, "arrays with one called labels, got a"),
    "labels_alone": (npz(labels=np.arange(6)), {}, "labels and arrays, got labels alone"),
    "other_length": (npz(a=np.zeros((5, 3)), labels=np.arange(6)), {}, "a 5, labels 6"),
    "real_labels": (npz(a=np.zeros((6, 3)), labels=np.ones(6)), {}, "one whole number or text"),
    "objects": (
        npz(a=np.array([{}] * 6), labels=np.arange(6)),
        {},
        "array a must be a whole array",
    ),
    "nan": (
        npz(a=np.array([[0.0], [np.nan]] * 8), labels=np.arange(16) % 2),
        {},
        "a: 8 files are unreadable: a[1] (values that are no finite numbers",
    ),
    "too_many_classes": (npz(a=np.zeros((1001, 1)), labels=np.arange(1001)), {}, "got 1,001"),
}


@broken("must be a whole .npz archive")
def cut_archive(root: Path) -> Path:
    path = stacked(root / "a.npz")
    path.write_bytes(path.read_bytes()[:-100])
    return path


@broken("[time, features] = [9, 5], where the others have [time, features] = [9, 6]")
def array_of_another_shape(root: Path) -> Path:
    for i in range(8):
        write_array(root / "move" / "ab"[i % 2] / f"{i}.npy", i, (9, 5 if i == 7 else 6))
    return root


def toml(text: str) -> Break:
    def change(root: Path) -> Path:
        class_folders(root / "animals")
        (root / "my.toml").write_text(text)
        return root / "my.toml"

    return change


CASES |= {
    "no_toml": (toml("data = animals"), {}, "must be a readable TOML file"),
    "unknown_key": (toml('data = "animals"\npiar = "stem"'), {}, "Did you mean pair"),
    "unknown_value": (
        toml('data = "animals"\npair = "stems"'),
        {},
        "one of class, stem, got 'stems'. Did you mean stem",
    ),
    "unknown_key_of_a_kind": (
        toml('data = "animals"\n[modalities.sound]\nrate_hertz = 8000'),
        {},
        "Did you mean rate_hz",
    ),
    "key_of_another_kind": (
        toml('data = "animals"\n[modalities.sight]\nrate_hz = 8000'),
        {},
        "one of size, colour, fit, folder, kind, name_pattern, got 'rate_hz'",
    ),
    "number_as_text": (
        toml('data = "animals"\n[modalities.sound]\nrate_hz = "8000"'),
        {},
        "rate_hz of modality sound must be a whole number, got '8000'",
    ),
    "unknown_kind": (
        toml('data = "animals"\n[modalities.sound]\nkind = "adio"'),
        {},
        "Did you mean audio",
    ),
    "folder_upwards": (
        toml('data = "animals"\n[modalities.sound]\nfolder = "../animals/sound"'),
        {},
        "folder of modality sound must be a path below animals, without '..'",
    ),
    "missing_folder": (
        toml('data = "animals"\n[modalities.smell]'),
        {},
        "folder of modality smell must be in animals (sight, sound), got 'smell'",
    ),
    "share_too_large": (
        toml('data = "animals"\ntest = 0.7'),
        {},
        "test of my.toml must be below 0.5",
    ),
    "tables_in_a_circle": (toml('data = "my.toml"'), {}, "Name the data itself"),
}


@pytest.mark.parametrize("name", CASES)
def test_broken_input_gives_one_sentence_and_writes_nothing(tmp_path: Path, name: str) -> None:
    change, settings, text = CASES[name]
    root = tmp_path / "data"
    root.mkdir()
    path = change(root)
    before = snapshot(root)
    with pytest.raises(InputError) as caught:
        read_own(path, own_settings(settings, "x") if settings else None, cache=tmp_path / "cache")

    assert text in str(caught.value)
    assert str(caught.value).isprintable()
    assert snapshot(root) == before


@pytest.mark.parametrize("name", CASES)
def test_ask_gives_one_line_and_2_and_writes_nothing(
    tmp_path: Path,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    change, settings, text = CASES[name]
    root = tmp_path / "data"
    root.mkdir()
    path = change(root)
    before = snapshot(root)
    options = [
        part
        for key, value in settings.items()
        for part in ([f"--{key.replace('_', '-')}"] + ([] if value is True else [str(value)]))
    ]
    out = tmp_path / "out"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("sys.argv", ["spikefuse", "ask", str(path), *options, "--out", str(out)])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr().err

    assert ended.value.code == 2
    assert len(told.splitlines()) == 1
    assert text in told
    assert snapshot(root) == before
    assert not out.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read(tmp_path: Path) -> None:
    folder = class_folders(tmp_path / "d") / "sight"
    folder.chmod(0)
    try:
        with pytest.raises(InputError, match="must be a readable folder, got Permission denied"):
            read_own(tmp_path / "d", cache=tmp_path / "cache")
    finally:
        folder.chmod(0o755)


def test_options_beside_a_file_that_says_it_all(tmp_path: Path) -> None:
    path = toml('data = "animals"')(tmp_path)
    with pytest.raises(InputError, match="must be all that is said"):
        read_own(path, own_settings({}, "x"), cache=tmp_path / "cache")


def test_a_good_table_is_read_where_only_the_row_was_wrong(tmp_path: Path) -> None:
    """The cases above fail for their row, not for the table around it."""
    data = read_own(table_folder(tmp_path / "d"), cache=tmp_path / "cache")
    assert len(data.modalities["move"].labels) == 12
    target, settings = read_toml(toml('data = "animals"')(tmp_path))
    assert target == tmp_path / "animals"
    assert settings.pair == "class"
    shutil.rmtree(target)
