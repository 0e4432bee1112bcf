"""Splits that are made here: what samples that meet others of their class need of a group."""

import numpy as np

from spikefuse.data.own.description import SPLITS
from spikefuse.data.own.divide import _divide, _Family
from spikefuse.data.own.settings import OwnSettings

CLASSES = 24
TAKES = {"ann": 4, "bob": 4, "cem": 4, "dot": 3}
"""Of all samples dot has the fifth that a test should have, the others more."""


def family() -> _Family:
    """Two modalities; of one class dot has no samples in the second."""
    samples = [
        (f"{place}/{label}", group)
        for place in range(2)
        for group, takes in TAKES.items()
        for label in range(CLASSES)
        for _ in range(takes)
        if (place, group, label) != (1, "dot", 5)
    ]
    labels, groups = zip(*samples, strict=True)
    count = len(samples)
    return _Family((0, 1), labels, groups, np.arange(count), np.full(count, -1))


def test_a_group_that_lacks_a_class_stays_in_training_where_samples_must_meet() -> None:
    found = family()
    tested = {}
    for meets in (False, True):
        splits, made = _divide(found, OwnSettings(), ["hand", "foot"], meets=meets)
        assert made == ["test", "validation"]
        assert found.groups is not None
        by_split = {
            name: {
                group for group, split in zip(found.groups, splits, strict=True) if split == place
            }
            for place, name in enumerate(SPLITS)
        }
        tested[meets] = by_split["test"]
        if meets:
            assert "dot" in by_split["train"]
            for place in range(len(SPLITS)):
                present = {found.labels[i] for i in np.flatnonzero(splits == place)}
                assert len(present) == 2 * CLASSES
    assert tested[False] == {"dot"}
    assert tested[True] <= {"ann", "bob", "cem"}
