"""UTD-MHAD as data of your own: skeleton and wearable sensor of one movement, truly paired.

    python examples/utd_mhad.py UTD-MHAD MOVES    # writes MOVES, prints linear baselines
    spikefuse ask MOVES/metadata.toml             # subjects that training never saw
    spikefuse ask MOVES/leaky.toml                # every subject on both sides: the leak

27 actions by 8 subjects, four times each. The data set is fetched by yourself (UT Dallas, Chen,
Jafari, Kehtarnavaz, ICIP 2015): its folders Inertial and Skeleton, with names a1_s1_t1_*.mat.

Two tables say two splits of the same files. `metadata.csv` is the standard protocol: subjects
1, 3, 5, 7 train and 2, 4, 6, 8 test. `leaky.csv` trains on everybody's first two trials and tests
on the others, so it asks about known people: higher, and another question. Beside each table a file
of settings says what is asked of it, the same for both but for the subjects.
"""

import argparse
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ACTIONS = (
    *("swipe left", "swipe right", "wave", "clap", "throw", "cross arms", "basketball shoot"),
    *("draw x", "draw circle clockwise", "draw circle counter-clockwise", "draw triangle"),
    *("bowling", "boxing", "baseball swing", "tennis swing", "arm curl", "tennis serve", "push"),
    *("knock", "catch", "pick up and throw", "jog", "walk", "sit to stand", "stand to sit"),
    *("lunge", "squat"),
)
SENSORS = {"inertial": ("Inertial", "d_iner"), "skeleton": ("Skeleton", "d_skel")}
HIP_CENTRE = 3
STEPS = 28
_NAME = re.compile(r"a(\d+)_s(\d+)_t(\d+)_inertial\.mat")


@dataclass(frozen=True, order=True)
class Take:
    """One sequence: action, subject and trial, each from 1."""

    action: int
    subject: int
    trial: int

    @property
    def name(self) -> str:
        """As file names begin."""
        return f"a{self.action}_s{self.subject}_t{self.trial}"


SPLITS = {
    "metadata.csv": lambda take: "train" if take.subject % 2 else "test",
    "leaky.csv": lambda take: "train" if take.trial <= 2 else "test",
}

SETTINGS = """data = "{table}"
{group}validation = {validation}

[modalities.inertial]
kind = "array"
length = {steps}

[modalities.skeleton]
kind = "array"
length = {steps}
"""
VALIDATION = 0.125
"""Share of all samples: of the training ones a quarter, one subject of four."""


def settings_of(table: str) -> str:
    """What is asked of a table: in the leaky split subjects are no groups to keep apart."""
    group = 'group = "subject"\n' if table == "metadata.csv" else ""
    return SETTINGS.format(table=table, group=group, validation=VALIDATION, steps=STEPS)


def takes(root: Path) -> Iterator[Take]:
    """The sequences of a folder, in order."""
    names = (_NAME.fullmatch(path.name) for path in (root / "Inertial").glob("*.mat"))
    yield from sorted(Take(*map(int, name.groups())) for name in names if name)


def read(root: Path, take: Take, sensor: str) -> NDArray[np.float32]:
    """A sequence as [time, features]; joints about the hip, where the body stands says nothing."""
    from scipy.io import loadmat

    folder, key = SENSORS[sensor]
    values = loadmat(root / folder / f"{take.name}_{sensor}.mat")[key].astype(np.float32)
    if sensor == "skeleton":  # [joints, 3, time]
        values = (values - values[HIP_CENTRE]).reshape(-1, values.shape[2]).T
    return np.ascontiguousarray(values)


def convert(root: Path, out: Path) -> list[Take]:
    """Write arrays, the two tables and their settings.

    Raises:
        SystemExit: There is no sequence, or `out` is there already.
    """
    found = list(takes(root))
    if not found:
        raise SystemExit(f"utd_mhad: {root} must hold Inertial/a1_s1_t1_inertial.mat and so on")
    if out.exists():
        raise SystemExit(f"utd_mhad: {out} must be a new folder")
    for sensor in SENSORS:
        (out / sensor).mkdir(parents=True)
        for take in found:
            np.save(out / sensor / f"{take.name}.npy", read(root, take, sensor))
    for table, split_of in SPLITS.items():
        with (out / table).open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow([*(f"{s}_file_name" for s in SENSORS), "label", "split", "subject"])
            for take in found:
                files = [f"{sensor}/{take.name}.npy" for sensor in SENSORS]
                label = ACTIONS[take.action - 1]
                writer.writerow([*files, label, split_of(take), f"subject {take.subject}"])
        settings = (out / table).with_suffix(".toml")
        settings.write_text(settings_of(table), encoding="utf-8")
    return found


def baseline(out: Path, found: list[Take], sensor: str, table: str) -> float:
    """Test accuracy of a linear discriminant with shrinkage, on 28 steps of each sequence."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    rows = []
    for take in found:
        values = np.load(out / sensor / f"{take.name}.npy")
        grid = np.linspace(0, len(values) - 1, STEPS)
        rows.append([np.interp(grid, np.arange(len(values)), column) for column in values.T])
    inputs = np.asarray(rows).reshape(len(rows), -1)
    train = np.array([SPLITS[table](take) == "train" for take in found])
    labels = np.array([take.action for take in found])
    scale = inputs[train].std(axis=0) + 1e-9
    inputs = (inputs - inputs[train].mean(axis=0)) / scale
    linear = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.1)
    linear.fit(inputs[train], labels[train])
    return float(linear.score(inputs[~train], labels[~train]))


def main() -> None:
    """Convert, and say what a linear classifier reaches under both splits."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder with Inertial and Skeleton")
    parser.add_argument("out", type=Path, help="new folder to write")
    given = parser.parse_args()
    found = convert(given.data, given.out)
    print(f"{len(found)} sequences in {given.out}")
    for table in SPLITS:
        for sensor in SENSORS:
            share = baseline(given.out, found, sensor, table)
            print(f"{table}: {sensor} {100 * share:.1f} % (linear discriminant)")


if __name__ == "__main__":
    main()
