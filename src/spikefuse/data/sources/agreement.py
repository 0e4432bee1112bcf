"""What is said by modality agrees: its names are those of the inputs, its splits meet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from spikefuse.core.checks import one_of
from spikefuse.core.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor


class Part(Protocol):
    """A modality's samples: their labels [N] and which are of the test, [N]."""

    @property
    def name(self) -> str:
        """Of the modality."""
        ...

    @property
    def labels(self) -> Tensor:
        """[N]."""
        ...

    @property
    def test(self) -> Tensor:
        """[N], bool."""
        ...


def require_named(where: str, modalities: Iterable[str], **said: Any) -> None:
    """Refuse a name that is no modality's, in anything said by modality: it would say nothing.

    Raises:
        InputError: The nearest name comes with it.
    """
    names = tuple(modalities)
    for argument, value in said.items():
        for name in value if isinstance(value, Mapping) else ():
            one_of(where, f"a modality in {argument}", name, names)


def require_one_test(where: str, parts: Sequence[Part]) -> None:
    """Refuse samples that belong together and lie on two sides of a split.

    Groups of one modality alone would give each modality a test of its own, and the samples of a
    pair would no longer be of one moment.

    Raises:
        InputError: They do.
    """
    first, *others = parts
    for part in others:
        apart = int((part.test != first.test).sum()) if len(part.test) == len(first.test) else 0
        if apart:
            raise InputError(
                f"{where}: test must be the same samples of {first.name} and {part.name}, which "
                f"belong together, got {apart} on two sides. Give groups [N] for all modalities, a "
                "mask [N] for test, or labels by modality if they do not belong together."
            )


def require_alike(where: str, parts: Sequence[Part], classes: Sequence[str]) -> None:
    """Refuse a class that one modality alone has, in training or test: it would meet nobody.

    Raises:
        InputError: There is one.
    """
    for split, is_test in (("training", False), ("test", True)):
        found = [set(part.labels[part.test == is_test].tolist()) for part in parts]
        for part, own in zip(parts, found, strict=True):
            lacking = sorted(set().union(*found) - own)
            if lacking:
                raise InputError(
                    f"{where}: labels of {part.name} must hold every class that other modalities "
                    f"have in {split}, got none of {classes[lacking[0]]!r}. Add samples, or say "
                    "the test by a mask."
                )
