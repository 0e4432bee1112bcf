"""What part of the data a plan uses: a banner tells of all of it, a run may take a few hundred."""

from collections.abc import Sequence

from spikefuse.data import (
    SOURCES,
    DataSettings,
    Location,
    Selection,
    assign,
    content_at,
    load_corpus,
)
from spikefuse.data.sources.contract import Modality, Source, is_joint
from spikefuse.planning.plan import Plan
from spikefuse.studies.design import Study


def used_of(plan: Plan) -> str:
    """A sentence that says how many samples of each modality are used; empty where all are."""
    source = SOURCES[plan.source]
    nouns = [modality.noun for modality in source.modalities]

    def named(modality: Modality) -> str:
        own = "" if nouns.count(modality.noun) == 1 else f" of {modality.name}"
        return f"{modality.noun}{own}"

    parts = [
        f"{used:,} of {there:,} {word} {named(modality)}"
        for modality in source.modalities
        for word, used, there in _counts(plan, source, modality)
        if used < there
    ]
    if not parts:
        return ""
    listed = " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
    return f"This run uses {listed}."


def pairing_of(plan: Plan) -> str:
    """A sentence where the data's samples do not belong together and some network pairs them."""
    source = SOURCES[plan.source]
    pairs = any(len(trial.definition.seen) > 1 for trial in plan.trials)
    return "Paired by class, not truly paired." if pairs and not source.is_paired else ""


def _counts(plan: Plan, source: Source, modality: Modality) -> list[tuple[str, int, int]]:
    """Part, most samples that any network uses of it, and how many there are."""
    # Pairs are selected under the name of the first modality.
    chosen = source.modalities[0] if source.is_paired else modality
    selections = [
        trial.definition.selection
        for trial in plan.trials
        if modality in trial.definition.seen and not trial.definition.selection.held_out_speaker
    ]
    if not selections:
        return []
    found = []
    for word, there, limits in (
        ("training", modality.train, [each.train_of(chosen) for each in selections]),
        ("test", modality.test, [each.test_of(chosen) for each in selections]),
    ):
        known = [limit for limit in limits if limit is not None]
        found.append((word, max(known) if len(known) == len(limits) else there, there))
    return found


def require_partners(studies: Sequence[Study], location: Location) -> None:
    """Refuse groups that cannot be held out of data whose samples meet by class.

    Who holds out a group tests it alone, and each of its samples needs one of its class in the
    other modalities. Said before anything is trained. Sources that are pinned by hash have them.

    Raises:
        DataError: A group lacks a class in one modality that it has in another.
    """
    source, fingerprint = SOURCES[location.source], content_at(location)
    if source.is_paired or fingerprint is None:
        return
    settings = DataSettings(source=source.name, fingerprint=fingerprint)
    for study in (each for each in studies if each.each_group):
        joint = [cell for cell in study.cells((), source) if is_joint(cell.modality)]
        for modality, group in dict.fromkeys((cell.modality, cell.held_out) for cell in joint):
            held = Selection(held_out_speaker=group)
            assign(load_corpus(settings, location), modality, "speaker", 0, held)
