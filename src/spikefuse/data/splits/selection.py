"""Which part of a corpus a trial uses, as one frozen record that is part of its definition."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Self

from pydantic import Field

from spikefuse.core.checks import one_of
from spikefuse.core.errors import InputError
from spikefuse.core.record import NamedRecord
from spikefuse.data.sources.contract import Modality, Source

Share = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1)]

VALIDATION_SHARE = 0.2
"""Share of the training samples that is held for validation, where nothing else is said."""


class Selection(NamedRecord):
    """Which part of a corpus a trial uses. What does not concern its modality has no effect.

    The first sources have fields of their own for their modalities (see `Fields`); those of every
    other source are named in `train`, `test`, `validation` and `shuffled`.

    Args:
        images: Number of official training images, stratified by class; None for all.
        test_images: Number of official test images, stratified by class; None for all.
        clips: Number of training clips (under `speaker`, of the other speakers' clips),
            stratified by class; None for all.
        validation_share_image: Share of the training images, and of the pairs, held for validation.
        validation_share_audio: Share of the training clips held for validation.
        held_out_speaker: Whose samples are the test split: a speaker, or another group of the
            source; for protocol `speaker` alone.
        shuffle_audio: Permute the clips over the pairs of each split: a control in which audio
            says nothing about the label.
        train: Number of official training samples by modality; of a paired source, the number of
            pairs under the name of its first modality.
        test: Number of official test samples by modality.
        validation: Share of the training samples held for validation, by modality.
        shuffled: Modalities whose samples are permuted over the pairs of each split.
    """

    first_fields = frozenset(
        {
            *("images", "test_images", "clips"),
            *("validation_share_image", "validation_share_audio"),
            *("held_out_speaker", "shuffle_audio"),
        }
    )

    images: Count | None = None
    test_images: Count | None = None
    clips: Count | None = None
    validation_share_image: Share = VALIDATION_SHARE
    validation_share_audio: Share = 500 / 2700
    held_out_speaker: str | None = None
    shuffle_audio: bool = False
    train: dict[str, Count] = {}  # noqa: RUF012 (a record's default is copied)
    test: dict[str, Count] = {}  # noqa: RUF012
    validation: dict[str, Share] = {}  # noqa: RUF012
    shuffled: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, source: Source, train: Mapping[str, int | None], test: Mapping[str, int | None]
    ) -> Self:
        """So many training and test samples of a source's modalities; None is all of them."""
        fields: dict[str, Any] = {"train": {}, "test": {}}
        for part, wanted in (("train", train), ("test", test)):
            for name, count in wanted.items():
                own = getattr(source.modality(name).fields, part)
                if count is not None and own is None:
                    fields[part][name] = count
                elif count is not None:
                    fields[own] = count
        return cls.model_validate(fields)

    def train_of(self, modality: Modality) -> int | None:
        """Number of training samples; None for all."""
        if modality.fields.train is None:
            return self.train.get(modality.name)
        found: int | None = getattr(self, modality.fields.train)
        return found

    def test_of(self, modality: Modality) -> int | None:
        """Number of test samples; None for all."""
        if modality.fields.test is None:
            return self.test.get(modality.name)
        found: int | None = getattr(self, modality.fields.test)
        return found

    def validation_of(self, modality: Modality) -> float:
        """Share of the training samples held for validation."""
        if modality.fields.validation is None:
            return self.validation.get(modality.name, VALIDATION_SHARE)
        found: float = getattr(self, modality.fields.validation)
        return found

    def is_shuffled(self, modality: Modality) -> bool:
        """Whether its samples are permuted over the pairs."""
        if modality.fields.shuffled is None:
            return modality.name in self.shuffled
        return bool(getattr(self, modality.fields.shuffled))

    def shuffling(self, modalities: Iterable[Modality]) -> Self:
        """The same selection with these modalities permuted over the pairs."""
        update: dict[str, Any] = {}
        for modality in modalities:
            if modality.fields.shuffled is not None:
                update[modality.fields.shuffled] = True
            else:
                update["shuffled"] = (*update.get("shuffled", self.shuffled), modality.name)
        return self.model_copy(update=update)


def canonical(
    selection: Selection, source: Source, seen: Sequence[Modality], *, holds_out: bool
) -> Selection:
    """The selection without what cannot matter, so that it does not change a name.

    Args:
        selection: As a user wrote it.
        source: Whose samples are selected.
        seen: The modalities that a network sees.
        holds_out: Whether its protocol tests on a group that is held out.

    Raises:
        InputError: Something is selected of a modality that the source does not have, or the
            leading modality is to be permuted.
    """
    fields = _named_once(selection, source)
    used = source.modalities[:1] if source.is_paired else tuple(seen)
    default = Selection()
    for modality in source.modalities:
        if modality not in used:
            kept = ("train", "test", "validation")
            own = [name for part in kept if (name := getattr(modality.fields, part)) is not None]
            fields |= {name: getattr(default, name) for name in own}
            for part in kept:
                fields[part].pop(modality.name, None)
        if modality not in seen[1:]:
            if modality.fields.shuffled is not None:
                fields[modality.fields.shuffled] = False
            if modality in seen and len(seen) > 1 and modality.name in fields["shuffled"]:
                raise InputError(
                    f"selection: shuffled must not name the leading modality, got "
                    f"{modality.name!r}. Permute those beside it."
                )
    order = [each.name for each in seen[1:]]
    fields["shuffled"] = tuple(name for name in order if name in fields["shuffled"])
    if not holds_out:
        fields["held_out_speaker"] = None
    return Selection.model_validate(fields)


def _named_once(selection: Selection, source: Source) -> dict[str, Any]:
    """The fields as a mapping, each choice under its one name."""
    fields = {name: getattr(selection, name) for name in type(selection).model_fields}
    fields |= {part: dict(fields[part]) for part in ("train", "test", "validation")}
    names = [modality.name for modality in source.modalities]
    owned = {name for modality in source.modalities for name in modality.fields.names}
    default = Selection()
    for name in selection.first_fields - owned - {"held_out_speaker"}:
        if fields[name] != getattr(default, name):
            raise InputError(
                f"selection: {name} must be left out for source {source.name!r}, got "
                f"{fields[name]!r}. Name its modalities ({', '.join(names)}) in train, test, "
                "validation and shuffled."
            )
    for part in ("train", "test", "validation"):
        for name in list(fields[part]):
            modality = source.modality(one_of("selection", f"modality in {part}", name, names))
            own = getattr(modality.fields, part)
            if own is not None:
                fields[own] = fields[part].pop(name)
    for name in fields["shuffled"]:
        modality = source.modality(one_of("selection", "modality in shuffled", name, names))
        if modality.fields.shuffled is not None:
            fields[modality.fields.shuffled] = True
    return fields
