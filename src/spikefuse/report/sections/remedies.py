"""Remedies: what other ways of joint training bring, and what they protect from."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from spikefuse.analysis.estimates import Estimate
from spikefuse.analysis.remedies import SHARES, USUAL, Difference, Remedies, is_trained_with
from spikefuse.analysis.words import (
    NONE,
    counted,
    disturbed,
    level_name,
    listing,
    percent,
    plural,
    points,
    share,
    span,
    with_interval,
)
from spikefuse.report.section import Section, Shown
from spikefuse.report.tables import Column, Table
from spikefuse.studies.disturbances import condition_fields
from spikefuse.studies.readings import DROPOUTS


def remedies_section(
    found: Sequence[Remedies], more: Mapping[str, Difference], command: str
) -> Section | None:
    """The section; None without rows of the study.

    Args:
        found: Every kind of network.
        more: How much more the SNN gains than the DNN, by remedy.
        command: What remakes it.
    """
    if not found:
        return None
    tables = [
        Shown(gain_table(found), open=True),
        *([Shown(lost_table(found))] if any(each.protection for each in found) else []),
        *([Shown(unseen_table(found))] if any(each.unseen for each in found) else []),
        *([Shown(share_table(found))] if any(each.shares for each in found) else []),
        *([Shown(more_table(more))] if more else []),
    ]
    return Section(
        name="remedies",
        title="Remedies for joint training",
        link="Remedies",
        paragraphs=[
            "Networks of the same parameters and samples, trained jointly in another way: with "
            "another partner of the class in every epoch (fresh-pairs), with smaller gradients "
            "where a modality is ahead (ogm-ge), or with a share of the training samples losing "
            "one modality (modality-dropout). Differences are paired by seed; p values are "
            "Holm-adjusted over the differences of one kind and network.",
            remedy_sentence(found),
            protection_sentence(found),
        ],
        tables=tuple(tables),
        command=command,
    )


def remedy_heading(found: Sequence[Remedies]) -> str:
    """What a run of the study alone says first; empty without rows of it."""
    if not found:
        return ""
    first = found[0]
    name = _name(first)
    known = [each.gap for each in first.gains.values() if each.gap is not None]
    if not any(each.low is not None for each in known):
        fewest = max((each.n for each in known), default=0)
        what = f"what remedies joint training of the {name}"
        return f"{plural(fewest, 'seed')} cannot say {what}" if fewest else f"Not known: {what}"
    helping = [(e.gap.mean, way) for way, e in first.gains.items() if e.sign > 0 and e.gap]
    if not helping:
        return f"No remedy is shown to help joint training of the {name}"
    gain, way = max(helping)
    return f"{way} helps the fused {name} by {points(gain, sign=False)}\u00a0pp"


def first_sentences(found: Iterable[Remedies]) -> str:
    """What the first screen of a run of the study alone says: gains, and what protects."""
    return " ".join(text for each in found for text in (_gains(each), *_beyond(each)) if text)


def remedy_sentence(found: Iterable[Remedies]) -> str:
    """Every gain, and what is left to networks trained apart."""
    return " ".join(text for each in found for text in (_gains(each), _products(each)) if text)


def _gains(each: Remedies) -> str:
    usual = each.accuracy.get(USUAL)
    if not each.gains:
        return ""
    where = f"Fused {_name(each)}"
    if usual is not None:
        where += f" ({percent(usual.mean)}\u00a0% as usual)"
    parts = [f"{way} {_told(difference)}" for way, difference in each.gains.items()]
    return f"{where}: {'; '.join(parts)}."


def _products(each: Remedies) -> str:
    """Over the product of networks trained apart: as usual, and with what stands above or below."""
    first = each.over_product.get(USUAL)
    if first is None or first.gap is None:
        return ""
    others = {way: d for way, d in each.over_product.items() if way != USUAL}
    text = f"Over networks trained apart, of as many parameters in all: as usual {_told(first)}"
    if others and {d.sign for d in others.values()} == {first.sign} != {0}:
        verb = "above" if first.sign > 0 else "below"
        return f"{text}, and with every remedy {verb} them after Holm."
    stands = [f"with {way} {_told(d)}" for way, d in others.items() if d.sign]
    if not stands:
        return f"{text}; with a remedy no difference is shown."
    return f"{'; '.join([text, *stands])}."


def _told(difference: Difference) -> str:
    if difference.gap is None:
        return f"not known ({difference.reason})"
    told = "" if difference.p_value is None else f", p\u00a0=\u00a0{difference.p_value:.2g}"
    return f"{with_interval(difference.gap)}{told}"


def protection_sentence(found: Iterable[Remedies]) -> str:
    """What is shown to protect where a sense is lost, also beyond the share trained with."""
    return " ".join(text for each in found for text in (_protected(each), *_beyond(each)) if text)


def _protected(each: Remedies) -> str:
    known = [d.gap for d in each.protection.values() if d.gap is not None]
    if not known:
        return ""
    if not any(gap.low is not None for gap in known):
        seeds = plural(max(gap.n for gap in known), "seed")
        return f"{seeds} cannot say what protects the fused {_name(each)} where a sense is lost."
    shown = [
        f"{way} {with_interval(d.gap)} without {listing(condition_fields(level)['modalities'])}"
        for (level, way), d in each.protection.items()
        if d.sign and d.gap is not None
    ]
    told = f"brings {listing(shown)}" if shown else "is not shown to change anything"
    return f"With a sense lost (zeros), another training of the fused {_name(each)} {told}."


def _beyond(each: Remedies) -> Iterator[str]:
    for way in dict.fromkeys(name for name, _ in each.shares):
        further = [part for part in SHARES if part > DROPOUTS[way]]
        gaps = [each.shares[way, part].gap for part in further]
        if not any(gap is not None and gap.low is not None for gap in gaps):
            continue
        shown = [
            f"{with_interval(gap)} where {_share(part)} of them lose a sense"
            for part, gap in zip(further, gaps, strict=True)
            if gap is not None and each.shares[way, part].sign > 0
        ]
        told = "protects" if shown else "is not shown to protect"
        by = f": {listing(shown)}" if shown else ""
        yield (
            f"{way} {told} the fused {_name(each)} beyond the share of samples that it was trained "
            f"with{by}."
        )


def _share(part: float) -> str:
    return f"{100 * part:g}\u00a0%"


def _name(each: Remedies) -> str:
    return level_name("network", each.network)


def _three(difference: Difference | None) -> tuple[str, str, str]:
    """The gap, its interval and its p value."""
    if difference is None:
        return (NONE, NONE, NONE)
    gap, p_value = difference.gap, difference.p_value
    return (
        points(gap.mean) if gap else difference.reason or NONE,
        span(gap, points),
        NONE if p_value is None else f"{p_value:.2g}",
    )


def _n(difference: Difference) -> str:
    return counted(difference.gap) if difference.gap else NONE


def _columns(what: str, mark: str = "") -> tuple[Column, ...]:
    """Those of `_three`; names differ from others of a table by a mark that is not seen."""
    names = (what, f"95 % of it{mark}", f"p, Holm{mark}")
    return tuple(Column(name, number=True) for name in names)


_TESTED = (
    Column("Test %", number=True),
    Column("95 % interval", number=True),
    Column("n", number=True),
)


def _tested(accuracy: Estimate | None) -> tuple[str, str, str]:
    """The numbers of `_TESTED`."""
    if accuracy is None:
        return (NONE, NONE, NONE)
    return (percent(accuracy.mean), span(accuracy, share), counted(accuracy))


def gain_table(found: Iterable[Remedies]) -> Table:
    """Every training undisturbed: its accuracy, its gain, and what is left to the product."""
    rows = []
    for each in found:
        for way, accuracy in each.accuracy.items():
            gaps = (*_three(each.gains.get(way)), *_three(each.over_product.get(way)))
            rows.append((_name(each), way, *_tested(accuracy), *gaps))
    return Table(
        name="remedies",
        caption="Fused networks trained jointly in other ways, test set (per cent, pp)",
        columns=(
            Column("Network"),
            Column("Training"),
            *_TESTED,
            *_columns("Minus usual pp"),
            *_columns("Minus product pp", " "),
        ),
        rows=tuple(rows),
        heads=2,
    )


def lost_table(found: Iterable[Remedies]) -> Table:
    """With a sense lost as modality dropout loses it: gains, and what is left to one sense."""
    rows = [
        (*names, *_tested(accuracy), *_three(gain), *_three(each.over_left.get(key)))
        for each in found
        for key, accuracy, gain, names in _under_loss(each)
        if is_trained_with(key[0])
    ]
    return Table(
        name="remedies-lost-sense",
        caption="The same with a sense lost in every test sample (per cent, pp)",
        columns=(
            *_UNDER_LOSS,
            *_TESTED,
            *_columns("Minus usual pp"),
            *_columns("Minus the other sense alone pp", " "),
        ),
        rows=tuple(rows),
        heads=3,
    )


def unseen_table(found: Iterable[Remedies]) -> Table:
    """With a sense lost in a way that nothing was trained with."""
    rows = [
        (*names, *_tested(accuracy), *_three(gain))
        for each in found
        for key, accuracy, gain, names in _under_loss(each)
        if not is_trained_with(key[0])
    ]
    return Table(
        name="remedies-unseen",
        caption="A sense lost in a way that no training showed (per cent, pp)",
        columns=(*_UNDER_LOSS, *_TESTED, *_columns("Minus usual pp")),
        rows=tuple(rows),
        heads=3,
    )


_UNDER_LOSS = (Column("Network"), Column("What fails"), Column("Training"))


def _under_loss(
    each: Remedies,
) -> Iterator[tuple[tuple[str, str], Estimate | None, Difference | None, tuple[str, ...]]]:
    """Each way of losing a sense and training: its key, accuracy, gain and names."""
    gains = {**each.protection, **each.unseen}
    for (level, way), accuracy in each.lost.items():
        fields = condition_fields(level)
        what = disturbed(fields["kind"], fields["modalities"], fields["steps_share"])
        yield (level, way), accuracy, gains.get((level, way)), (_name(each), what, way)


def share_table(found: Iterable[Remedies]) -> Table:
    """What modality dropout gains where a part of the test samples lose one sense."""
    rows = [
        (_name(each), way, _share(part), *_three(difference), _n(difference))
        for each in found
        for (way, part), difference in each.shares.items()
    ]
    return Table(
        name="remedies-shares",
        caption="Where a part of the test samples lose one sense (zeros), drawn evenly (pp)",
        columns=(
            Column("Network"),
            Column("Training"),
            Column("Samples that lose one", number=True),
            *_columns("Minus usual pp"),
            Column("n", number=True),
        ),
        rows=tuple(rows),
        heads=2,
    )


def more_table(more: Mapping[str, Difference]) -> Table:
    """How much more the SNN gains than the DNN."""
    return Table(
        name="remedies-snn-dnn",
        caption="Gain of the SNN minus gain of the DNN (pp)",
        columns=(
            Column("Training"),
            *_columns("SNN minus DNN pp"),
            Column("n", number=True),
        ),
        rows=tuple((way, *_three(each), _n(each)) for way, each in more.items()),
    )
