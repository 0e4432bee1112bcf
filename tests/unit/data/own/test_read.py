"""Data of four kinds: labels, splits, groups, shapes and values as they were written."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
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

from spikefuse.data.own import own_settings, read_own
from spikefuse.data.own.description import SPLITS


def labels_of(data, name: str) -> list[str]:
    return [data.classes[label] for label in data.modalities[name].labels.tolist()]


def test_class_folders_are_paired_by_class(tmp_path: Path, read) -> None:
    data = read(class_folders(tmp_path / "animals", count=10))

    sight, sound = data.modalities["sight"], data.modalities["sound"]
    assert data.classes == ("cat", "dog")
    assert (sight.kind, sound.kind) == ("image", "audio")
    assert sight.inputs.shape == (20, 3, 32, 32)
    assert sight.inputs.dtype == torch.uint8
    assert sound.inputs.shape == (20, 1, 28, 28)
    assert sound.settings["rate_hz"] == 16_000
    assert sound.settings["length_ms"] == 200  # 95 % of 0.10 to 0.19 s, in steps of 50 ms
    assert labels_of(data, "sound") == [name.split("/")[1] for name in sound.names]
    assert data.pairing == "paired by class, not truly paired"
    assert "not_paired" in {remark.check for remark in data.remarks}
    for modality in (sight, sound):
        counts = [modality.labels[modality.of(split)].bincount().tolist() for split in SPLITS]
        assert counts == [[6, 6], [2, 2], [2, 2]]
    assert data.made_splits == ("validation", "test")
    assert "Validation and test chosen here, by class." in data.banner


def test_a_table_gives_groups_and_splits(tmp_path: Path, read) -> None:
    data = read(table_folder(tmp_path / "moves"), group="subject")

    move = data.modalities["move"]
    assert data.paired
    assert data.made_splits == ()
    assert data.group_names == ("s0", "s1", "s2", "s3", "s4", "s5")
    assert move.inputs.shape == (12, 11, 6)  # times 9 to 14: the median, 11.5, cut
    assert {data.group_names[i] for i in move.groups[move.of("test")].tolist()} == {"s0", "s1"}
    assert torch.equal(move.labels, data.modalities["sight"].labels)
    assert move.names[:2] == ("moves/0.npy", "moves/1.npy")
    assert "shared_groups" not in {remark.check for remark in data.remarks}


def test_stems_pair_files_of_one_name(tmp_path: Path, read) -> None:
    data = read(stem_folders(tmp_path / "digits"), pair="stem")

    sight, sound = data.modalities["sight"], data.modalities["sound"]
    assert data.classes == ("1", "2", "10")
    assert data.pairing == "truly paired"
    assert [Path(name).stem for name in sight.names] == [Path(name).stem for name in sound.names]
    assert torch.equal(sight.labels, sound.labels)
    assert torch.equal(sight.splits, sound.splits)
    assert sight.inputs.shape == (15, 1, 8, 8)


def test_three_arrays_keep_their_values(tmp_path: Path, read) -> None:
    path = stacked(tmp_path / "body.npz")
    data = read(path)

    with np.load(path) as written:
        for name in ("map", "move", "touch"):
            expected = torch.from_numpy(written[name].astype(np.float32))
            assert torch.equal(data.modalities[name].inputs, expected)
    assert data.split_by == "group"
    touch = data.modalities["touch"]
    sides = [set(touch.groups[touch.of(split)].tolist()) for split in SPLITS]
    assert sum(map(len, sides)) == len(set().union(*sides)) == 6
    assert all(sides)


def test_arrays_beside_each_other_are_read_as_an_archive(tmp_path: Path, read) -> None:
    with np.load(stacked(tmp_path / "body.npz")) as written:
        folder = tmp_path / "body"
        folder.mkdir()
        for name in written.files:
            np.save(folder / f"{name}.npy", written[name])

    assert read(folder).fingerprint == read(tmp_path / "body.npz").fingerprint


def test_labels_and_groups_in_file_names(tmp_path: Path, read) -> None:
    for digit in range(2):
        for i, speaker in enumerate(("ada", "ben", "cy", "di")):
            write_clip(tmp_path / "d" / "sound" / f"{digit}_{speaker}_0.wav", 10 * digit + i)
    data = read(tmp_path / "d", name_pattern="{label}_{speaker}_{take}", group="speaker")

    sound = data.modalities["sound"]
    assert data.classes == ("0", "1")
    assert [data.group_names[i] for i in sound.groups.tolist()] == ["ada", "ben", "cy", "di"] * 2
    for split in SPLITS:  # whole speakers, each with both digits
        of = sound.of(split)
        assert sound.labels[of].bincount().tolist() == [len(of) // 2] * 2
        assert len(of) == 2 * len(set(sound.groups[of].tolist()))


def test_given_folders_of_splits_stay_and_the_missing_one_is_made(tmp_path: Path, read) -> None:
    for split, count in (("Train", 8), ("test", 3)):
        for label in ("a", "b"):
            for i in range(count):
                path = tmp_path / "d" / "sight" / split / label / f"{i}.png"
                write_image(path, i + 20 * ("ab".index(label) + 2 * (split == "test")))
    sight = read(tmp_path / "d").modalities["sight"]

    assert all("/test/" in sight.names[i] for i in sight.of("test").tolist())
    assert len(sight.of("test")) == 6
    assert len(sight.of("validation")) == 4
    assert all("/Train/" in sight.names[i] for i in sight.of("validation").tolist())


def test_a_toml_file_says_it_once(tmp_path: Path, read) -> None:
    class_folders(tmp_path / "animals")
    (tmp_path / "animals.toml").write_text(
        'data = "animals"\n[modalities.eye]\nfolder = "sight"\nsize = [10, 12]\ncolour = "grey"\n'
        "[modalities.sound]\nrate_hz = 8000\nlength_ms = 100\nsize = [20, 24]\n"
    )
    data = read(tmp_path / "animals.toml")

    assert list(data.modalities) == ["eye", "sound"]
    assert data.modalities["eye"].inputs.shape == (10, 1, 10, 12)
    assert data.modalities["sound"].inputs.shape == (10, 1, 20, 24)
    assert "lost_colour" in {remark.check for remark in data.remarks}


def test_groups_of_two_modalities_are_divided_together(tmp_path: Path, read) -> None:
    for i, who in enumerate(("ada", "ben", "cy", "di", "eli")):
        for k, label in enumerate(("yes", "no")):
            write_image(tmp_path / "d" / "sight" / f"{label}_{who}.png", 10 * i + k)
            write_clip(tmp_path / "d" / "sound" / f"{label}_{who}.wav", 10 * i + k)
    data = read(tmp_path / "d", name_pattern="{label}_{who}", group="who")

    where = {}
    for modality in data.modalities.values():
        for group, split in zip(modality.groups.tolist(), modality.splits.tolist(), strict=True):
            assert where.setdefault(group, split) == split
    assert set(where.values()) == {0, 1, 2}


def test_identical_files_are_never_divided(tmp_path: Path, read) -> None:
    for label, base in (("a", 0), ("b", 50)):
        for i in range(8):
            write_image(tmp_path / "d" / "sight" / label / f"{i}.png", base + i)
            write_image(tmp_path / "d" / "sight" / label / f"{i}-again.png", base + i)
    for seed in range(4):
        data = read(tmp_path / "d", seed=seed)
        checks = {remark.check for remark in data.remarks}
        assert "identical_within" in checks
        assert "identical_across" not in checks


def test_the_seed_decides_the_splits_and_nothing_else(tmp_path: Path, read) -> None:
    folder = class_folders(tmp_path / "animals", count=8)
    first, again, other = read(folder), read(folder), read(folder, seed=1)

    assert first.fingerprint == again.fingerprint
    assert torch.equal(first.modalities["sight"].splits, again.modalities["sight"].splits)
    assert not torch.equal(first.modalities["sight"].splits, other.modalities["sight"].splits)
    assert first.fingerprint != other.fingerprint
    assert torch.equal(first.modalities["sight"].inputs, other.modalities["sight"].inputs)


def test_the_fingerprint_holds_content_and_no_place(tmp_path: Path, read) -> None:
    here = read(class_folders(tmp_path / "here"))
    there = read(class_folders(tmp_path / "elsewhere" / "there"))
    assert here.fingerprint == there.fingerprint

    write_image(tmp_path / "here" / "sight" / "cat" / "0.jpg", 77, (33, 41))
    assert read(tmp_path / "here").fingerprint != there.fingerprint
    assert read(tmp_path / "here", pair="class").fingerprint != there.fingerprint


def test_nothing_is_written_into_the_folder(tmp_path: Path, read) -> None:
    folder = class_folders(tmp_path / "animals")
    before = snapshot(folder)
    read(folder)

    assert snapshot(folder) == before


def test_a_folder_that_cannot_be_written_is_read(tmp_path: Path, read) -> None:
    folder = class_folders(tmp_path / "animals")
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        assert len(read(folder).modalities) == 2
    finally:
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)


def test_a_second_start_decodes_nothing_and_one_changed_file_one_chunk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from spikefuse.data.own import decode

    folder, cache = tmp_path / "d", tmp_path / "cache"
    for label, base in (("a", 0), ("b", 50)):
        for i in range(5):
            write_array(folder / "move" / label / f"{i}.npy", base + i)
    decoded: list[int] = []
    original = decode._decode_chunk
    monkeypatch.setattr(decode, "_CHUNK_FILES", 4)
    monkeypatch.setattr(
        decode,
        "_decode_chunk",
        lambda contents, *rest: decoded.append(len(contents)) or original(contents, *rest),
    )
    first = read_own(folder, cache=cache)
    assert decoded == [4, 4, 2]
    again = read_own(folder, cache=cache)
    assert decoded == [4, 4, 2]
    assert torch.equal(first.modalities["move"].inputs, again.modalities["move"].inputs)

    write_array(folder / "move" / "b" / "0.npy", 999)  # the sixth file: second chunk
    changed = read_own(folder, cache=cache)
    assert decoded == [4, 4, 2, 4]
    expected = np.load(folder / "move" / "b" / "0.npy")
    assert torch.equal(changed.modalities["move"].inputs[5], torch.from_numpy(expected))


def test_progress_ends_at_the_number_of_files(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    read_own(
        class_folders(tmp_path / "animals"),
        cache=tmp_path / "cache",
        progress=lambda *step: seen.append(step),
    )

    assert next(step for step in seen if step[1] == step[2]) == ("sight", 10, 10)
    assert seen[-1] == ("sound", 10, 10)


def test_an_unreadable_file_is_left_out_when_asked(tmp_path: Path, read) -> None:
    folder = stem_folders(tmp_path / "digits")
    (folder / "sound" / "2" / "take-3.wav").write_bytes(b"RIFF....")
    data = read(folder, pair="stem", skip_unreadable=True)

    assert [len(each.labels) for each in data.modalities.values()] == [14, 14]
    assert "sight/2/take-3.png" not in data.modalities["sight"].names
    told = next(remark for remark in data.remarks if remark.check == "unreadable")
    assert told.names == ("sound/2/take-3.wav",)
    assert "no WAV file" in told.sentence


def test_what_the_checks_say(tmp_path: Path, read) -> None:
    folder = class_folders(tmp_path / "animals")
    from scipy.io import wavfile

    wavfile.write(folder / "sound" / "cat" / "0.wav", 16_000, np.zeros(1600, np.int16))
    loud = np.full(1600, 32_767, np.int16)
    wavfile.write(folder / "sound" / "cat" / "1.wav", 16_000, loud)
    wavfile.write(folder / "sound" / "dog" / "0.wav", 16_000, np.full(1600, 1.5, np.float32))
    write_image(folder / "sight" / "dog" / "9.jpg", 100, (33, 42))  # a copy of 0.jpg
    (folder / "sight" / "cat" / "notes.txt").write_text("no data")
    (folder / "sight" / "cat" / ".hidden.png").write_bytes(b"")
    data = read(folder)

    said = {remark.check: remark for remark in data.remarks}
    assert said["silent"].names == ("sound/cat/0.wav",)
    assert said["clipped"].names == ("sound/cat/1.wav", "sound/dog/0.wav")
    assert said["over_scale"].names == ("sound/dog/0.wav",)
    assert said["identical_within"].names == ("sight/dog/0.jpg = sight/dog/9.jpg",)
    assert said["ignored"].names == ("sight/cat/notes.txt",)
    assert "fewer than 10 test samples" in said["few_samples"].sentence


def test_leaks_in_given_splits_are_said(tmp_path: Path, read) -> None:
    folder = table_folder(tmp_path / "moves")
    table = (folder / "metadata.csv").read_text().splitlines()
    (folder / "metadata.csv").write_text(
        "\n".join([*table, "pictures/0.png,moves/30.npy,up,s3,train"]) + "\n"
    )
    os.replace(folder / "moves" / "1.npy", folder / "moves" / "spare.npy")
    (folder / "moves" / "1.npy").write_bytes((folder / "moves" / "31.npy").read_bytes())
    data = read(folder, group="subject", seed=3)

    said = {remark.check: remark for remark in data.remarks}
    assert "pictures/0.png (test) = pictures/0.png (train)" in " ".join(
        name for r in data.remarks if r.check == "identical_across" for name in r.names
    )
    assert said["identical_across"].weight == "warning"
    leaky = (folder / "metadata.csv").read_text().replace("down,s0,test", "down,s3,test")
    (folder / "metadata.csv").write_text(leaky)
    shared = [r for r in read(folder, group="subject").remarks if r.check == "shared_groups"]
    assert shared[0].names == ("s3",)


def test_settings_given_by_name_are_settings_of_a_file(tmp_path: Path) -> None:
    settings = own_settings({"pair": "stem", "modalities": {"a": {"rate_hz": 8000}}}, "x")
    assert settings.modalities["a"].decoding == {"rate_hz": 8000}


def test_lines_of_json_may_hold_more_than_is_read(tmp_path: Path, read) -> None:
    rows = []
    for split, count in (("train", 3), ("test", 2), ("val", 2)):
        for i in range(count):
            for label in (3, 12):
                image = write_image(
                    tmp_path / "d" / f"{split}-{label}-{i}.png", 100 * label + 10 * len(split) + i
                )
                row = {"file_name": image.name, "label": label, "split": split, "age": 3.5 + i}
                rows.append(json.dumps({**row, "where": {"room": i}}))
    write_image(tmp_path / "d" / "spare.png")
    (tmp_path / "d" / "metadata.jsonl").write_text("\n".join(rows))
    data = read(tmp_path / "d")

    image = data.modalities["image"]
    assert data.classes == ("3", "12")
    assert [len(image.of(split)) for split in SPLITS] == [6, 4, 4]
    assert image.names[0] == "train-3-0.png"
    ignored = next(remark for remark in data.remarks if remark.check == "ignored")
    assert ignored.names == ("spare.png",)
