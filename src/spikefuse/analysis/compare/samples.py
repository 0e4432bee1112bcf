"""Two trained networks on the test samples that both saw, read from their stored predictions."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spikefuse.core.errors import SpikefuseError
from spikefuse.results import TrialStore

_NOT_SAMPLES = frozenset(("predicted", "labels", "logits"))
"""What a trial stores of its answers; every other entry says which samples of a modality it saw."""


class NoSamples(Exception):
    """Two trials cannot be compared sample by sample; the message says why."""


@dataclass(frozen=True, eq=False)
class Answers:
    """What one trial answered to its test set.

    Args:
        correct: [n] bool.
        labels: [n].
        samples: Modality -> [n], which sample of its pool each is.
        source: Name of the data, which the indices are of.
    """

    correct: NDArray[np.bool_]
    labels: NDArray[np.int64]
    samples: dict[str, NDArray[np.int64]]
    source: object


@dataclass(frozen=True, eq=False)
class Matched:
    """Two trials on the same samples.

    Args:
        a: [n] bool, whether the first is right.
        b: [n] bool, whether the second is.
        clusters: [n], which sample of `shared` each holds; None where none is held twice.
        shared: The modality whose samples are held by several; of several such modalities the one
            with the fewest, whose samples are the least independent. Empty where there is none.
        left_out: Samples of either trial that the other did not see.
    """

    a: NDArray[np.bool_]
    b: NDArray[np.bool_]
    clusters: NDArray[np.int64] | None
    shared: str
    left_out: int

    @property
    def differences(self) -> NDArray[np.float64]:
        """[n], right minus right: -1, 0 or 1."""
        return self.a.astype(np.float64) - self.b.astype(np.float64)


def read_answers(root: Path, trial: str) -> Answers:
    """The stored predictions of a trial.

    Raises:
        NoSamples: The trial or its predictions are missing, damaged or of an older kind.
    """
    try:
        store = TrialStore(root, read_only=True)
    except SpikefuseError as error:
        raise NoSamples(f"predictions of trial {trial} cannot be read ({error})") from error
    return answers_in(store, trial)


def answers_in(store: TrialStore, trial: str) -> Answers:
    """The same out of a store that is open: what it knows of the trial's state is not read again.

    Raises:
        NoSamples: As `read_answers`.
    """
    try:
        folder = store.folder(trial)
        tensors = folder.answers()
        data = folder.definition().get("data")
    except SpikefuseError as error:
        raise NoSamples(f"predictions of trial {trial} cannot be read ({error})") from error
    samples = {name: tensors[name].astype(np.int64) for name in sorted(set(tensors) - _NOT_SAMPLES)}
    if not samples or not {"predicted", "labels"} <= set(tensors):
        raise NoSamples(f"predictions of trial {trial} do not say which samples they belong to")
    labels = tensors["labels"].astype(np.int64)
    return Answers(
        correct=np.asarray(tensors["predicted"].astype(np.int64) == labels),
        labels=labels,
        samples=samples,
        source=data.get("source") if isinstance(data, dict) else None,
    )


def match(a: Answers, b: Answers) -> Matched:
    """Put two trials' answers side by side, sample by sample.

    A sample is the same when every modality that both saw is the same: two fused networks share
    pairs, a fused and an image network images, a fused and an audio network clips.

    Raises:
        NoSamples: Other data, no modality in common, or no sample in common.
    """
    if a.source != b.source:
        raise NoSamples("the two were tested on different data")
    names = [name for name in a.samples if name in b.samples]
    if not names:
        sees = " and ".join(a.samples), " and ".join(b.samples)
        raise NoSamples(
            f"the two share no test samples: one sees {sees[0]}, the other sees {sees[1]}"
        )
    key_a, key_b = _keys(a, b, names)
    if len(np.unique(key_b)) < len(key_b):
        swapped = _look_up(b, a, key_b, key_a)
        return replace(swapped, a=swapped.b, b=swapped.a)
    return _look_up(a, b, key_a, key_b)


def _keys(a: Answers, b: Answers, names: list[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """One number for each sample of both that names it, however many modalities it has.

    The rows of indices are numbered: packed into the bits of one integer, a third index would push
    the first one out, and different samples would be taken for the same.
    """
    both = [np.stack([each.samples[name] for name in names], axis=1) for each in (a, b)]
    _, numbers = np.unique(np.concatenate(both), axis=0, return_inverse=True)
    numbers = numbers.reshape(-1)
    return numbers[: len(both[0])], numbers[len(both[0]) :]


def _look_up(
    many: Answers, few: Answers, key_many: NDArray[np.int64], key_few: NDArray[np.int64]
) -> Matched:
    """Every sample of `many` beside the one of `few` with its key, which is unique there."""
    if len(np.unique(key_few)) < len(key_few):
        raise NoSamples("both tests hold a sample several times, so that none has one partner")
    order = np.argsort(key_few)
    place = np.searchsorted(key_few[order], key_many).clip(max=len(order) - 1)
    partner = order[place]
    here = key_few[partner] == key_many
    if not here.any():
        raise NoSamples("the two share no test samples: their seeds drew others")
    partner = partner[here]
    if (many.labels[here] != few.labels[partner]).any():
        raise NoSamples("the two call the same samples by different labels: other data")
    seen = {name: index[partner] for name, index in few.samples.items()}
    seen |= {name: index[here] for name, index in many.samples.items()}
    counts = {name: len(np.unique(index)) for name, index in seen.items()}
    shared = min(counts, key=lambda name: counts[name])
    if counts[shared] == len(partner):
        shared = ""
    unseen = int((~here).sum()) + len(key_few) - len(np.unique(partner))
    return Matched(many.correct[here], few.correct[partner], seen.get(shared), shared, unseen)
