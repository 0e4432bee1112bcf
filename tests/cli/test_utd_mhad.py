"""The example that turns UTD-MHAD into data of one's own, on a made-up miniature of its format."""

import re
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from own_files import snapshot
from scipy.io import savemat
from scripts import load

from spikefuse.core.errors import InputError
from spikefuse.data.own import OwnData, OwnSettings, read_own

ACTIONS, SUBJECTS, TRIALS = (1, 2, 27), (1, 2, 3, 4, 5, 6), (1, 2, 3, 4)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three actions, which the numbers show; sequences of unequal length, one of them damaged."""
    folder = tmp_path / "UTD-MHAD"
    for name in ("Inertial", "Skeleton"):
        (folder / name).mkdir(parents=True)
    draw = np.random.default_rng(0)
    for action, subject, trial in product(ACTIONS, SUBJECTS, TRIALS):
        if (action, subject, trial) == (2, 3, 4):
            continue
        stem = f"a{action}_s{subject}_t{trial}"
        inertial = draw.normal(size=(20 + action + trial, 6)) + action
        skeleton = draw.normal(size=(20, 3, 10 + subject + trial)) + 5
        skeleton[4:] += action
        savemat(folder / "Inertial" / f"{stem}_inertial.mat", {"d_iner": inertial})
        savemat(folder / "Skeleton" / f"{stem}_skeleton.mat", {"d_skel": skeleton})
    (folder / "Skeleton" / "Skeleton_joint_order.txt").write_text("1. head;")
    return folder


def run(root: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["utd_mhad.py", str(root), str(out)])
    load("examples/utd_mhad.py").main()


def subjects_of(data: OwnData, split: str) -> set[str]:
    modality = data.modalities["skeleton"]
    assert modality.groups is not None
    return {data.group_names[place] for place in modality.groups[modality.of(split)].tolist()}


def test_both_splits_are_read_as_truly_paired_movements(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before, out = snapshot(root), tmp_path / "moves"
    run(root, out, monkeypatch)
    said = capsys.readouterr().out
    settings = OwnSettings(group="subject")
    by_subject, leaky = (
        read_own(out / table, settings, cache=tmp_path / "cache")
        for table in ("metadata.csv", "leaky.csv")
    )

    assert snapshot(root) == before
    assert "71 sequences" in said
    shares = [float(share) for share in re.findall(r"([0-9.]+) % \(linear", said)]
    assert len(shares) == 4
    assert min(shares) > 60, "the numbers show the actions, a guess is right in 33 %"
    for data in (by_subject, leaky):
        assert data.paired
        assert set(data.classes) == {"swipe left", "swipe right", "squat"}
        shapes = {name: each.inputs.shape[2] for name, each in data.modalities.items()}
        assert shapes == {"inertial": 6, "skeleton": 60}
    assert subjects_of(by_subject, "test") == {"subject 2", "subject 4", "subject 6"}
    known = subjects_of(by_subject, "train") | subjects_of(by_subject, "validation")
    assert known == {"subject 1", "subject 3", "subject 5"}
    assert not subjects_of(by_subject, "train") & subjects_of(by_subject, "validation")
    assert "shared_groups" not in {remark.check for remark in by_subject.remarks}
    assert len(subjects_of(leaky, "test")) == 6
    assert "shared_groups" in {remark.check for remark in leaky.remarks}
    assert len(by_subject.modalities["skeleton"].of("test")) == 36
    assert len(leaky.modalities["skeleton"].of("test")) == 35


def test_the_files_of_settings_ask_what_the_findings_say(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "moves"
    run(root, out, monkeypatch)
    by_subject, leaky = (
        read_own(out / name, cache=tmp_path / "cache") for name in ("metadata.toml", "leaky.toml")
    )
    for data, group in ((by_subject, "subject"), (leaky, None)):
        assert data.group == group
        shapes = {name: tuple(each.inputs.shape[1:]) for name, each in data.modalities.items()}
        assert shapes == {"inertial": (28, 6), "skeleton": (28, 60)}
        assert data.made_splits == ("validation",)
    # A quarter of what is not tested: one subject of three, or 3 of 12 takes of an action.
    assert len(subjects_of(by_subject, "validation")) == 1
    modality = leaky.modalities["inertial"]
    assert [len(modality.of(split)) for split in ("train", "validation", "test")] == [27, 9, 35]


def test_joints_are_about_the_hip(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scipy.io import loadmat

    out = tmp_path / "moves"
    run(root, out, monkeypatch)
    joints = loadmat(root / "Skeleton" / "a2_s1_t3_skeleton.mat")["d_skel"]
    written = np.load(out / "skeleton" / "a2_s1_t3.npy")

    assert written.shape == (14, 60)
    assert np.allclose(written[:, 9:12], 0)
    assert np.allclose(written[5, 21:24], joints[7, :, 5] - joints[3, :, 5], atol=1e-5)
    inertial = loadmat(root / "Inertial" / "a2_s1_t3_inertial.mat")["d_iner"]
    assert np.allclose(np.load(out / "inertial" / "a2_s1_t3.npy"), inertial, atol=1e-5)


def test_nothing_is_written_over_and_an_empty_folder_is_refused(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit, match="must be a new folder"):
        run(root, tmp_path, monkeypatch)
    with pytest.raises(SystemExit, match=r"must hold Inertial/a1_s1_t1_inertial\.mat"):
        run(tmp_path / "nowhere", tmp_path / "moves", monkeypatch)
    assert not (tmp_path / "moves").exists()
    with pytest.raises(InputError):
        read_own(tmp_path / "moves")
