"""The page of somebody's own network, asked about somebody's data: `ask --network FILE:FUNCTION`.

Such a network is neither a spiking one nor its twin, has no budget and plays no part in the paper,
so of the usual page only what is about data and seeds is shown, under the network's own name.
"""

from collections.abc import Iterator

from spikefuse.analysis.asked import NETWORK, ROWS_AS, Asked, answer_record, asked_of, interval_note
from spikefuse.analysis.estimates import Estimate
from spikefuse.analysis.gains import BEST, EXPERTS, alone, shuffled
from spikefuse.analysis.words import (
    better_of,
    counted,
    difference,
    listing,
    percent,
    share,
    span,
    with_interval,
)
from spikefuse.core.errors import StudyError
from spikefuse.data.sources.contract import FUSED
from spikefuse.report.drawing.charts import Line, gain_chart
from spikefuse.report.drawing.pictures import Picture, draw_picture, with_dots_caption
from spikefuse.report.page import Page, facts_of, is_loud, record_rows, remake_words
from spikefuse.report.printable import plain
from spikefuse.report.reading.sources import Run
from spikefuse.report.section import Section, Shown
from spikefuse.report.sections.data import data_section
from spikefuse.report.tables import Column, Table
from spikefuse.report.texts import texts_of

_VERDICTS = {"yes": "Yes, it helps {}", "no": "No: it costs {} accuracy", "open": "Open for {}"}


def named_network(run: Run) -> str:
    """What the asked network is called; empty for a run of our networks."""
    name = run.record.get(NETWORK)
    return plain(name, 80) if isinstance(name, str) else ""


def network_page(run: Run) -> Page:
    """The page: the answer with every number, the data, how to remake it."""
    name, notices = named_network(run), list(run.notices)
    try:
        found = asked_of(run.table, name, str(run.record.get(ROWS_AS))).get(name)
    except (StudyError, KeyError) as error:
        found, notices = None, [*notices, plain(error, 400)]
    told = data_section(run)
    numbers = [_numbers_section(found)] if found is not None else []
    return Page(
        title=plain(run.record.get("title") or name),
        facts=[f"network {name}", *facts_of(run)],
        banner=plain(run.record.get("banner") or "The data is not named.", 600),
        unfinished="",
        loud=is_loud(run),
        verdict=_VERDICTS[found.reply].format(name) if found else "Not measured yet",
        answer=found.sentence if found else f"There are no results of {name}.",
        controls=_control(found) if found else "",
        yardstick=_beside(found) if found else "",
        leak_text="",
        texts=texts_of(run, loud=is_loud(run)),
        question=_question(run),
        row_count=len(run.rows),
        trial_count=len({str(row.get("trial")) for row in run.rows}),
        gain=_picture(found) if found else None,
        notices=notices,
        studies=[*numbers, *([told] if told is not None else [])],
        commands={"answer": []},
        remake_text=remake_words(run.record),
        command=plain(run.record.get("command") or "", 2000),
        record=record_rows(run.record),
    )


def _question(run: Run) -> str:
    names = [each for each in run.modalities if each != FUSED]
    return f"Do {listing(names)} together help {named_network(run)} more than one of them?"


def _control(found: Asked) -> str:
    """What happens when the further modalities say nothing."""
    gain = found.baselines.shuffled.gain
    if gain is None:
        return plain(found.baselines.shuffled.reason, 400)
    further = listing(found.baselines.modalities[1:])
    said = with_interval(gain)
    return f"Over the same network with {further} shuffled between samples it gains {said}."


def _beside(found: Asked) -> str:
    """How sure that is, and of what."""
    record = answer_record(found)
    parts = [f"{plain(reason, 300)}." for reason in record["reasons"]]
    if seeds := record.get("seeds_to_decide"):
        parts.append(f"About {seeds:,} seeds would decide it, {record['seeds_to_decide_why']}.")
    elif why := record.get("seeds_to_decide_why"):
        parts.append(f"How many seeds would decide it is not known: {why}.")
    return " ".join([*parts, interval_note([found])])


def _picture(found: Asked) -> Picture | None:
    sticks = found.baselines.yardsticks
    better = better_of(len(found.baselines.modalities))
    named = (
        (BEST, f"over the {better} single one", FUSED),
        (EXPERTS, f"over the {EXPERTS}", "ink"),
    )
    lines = [
        Line(words, gain, role)
        for stick, words, role in named
        if (gain := sticks[stick].gain) is not None
    ]
    if not lines:
        return None
    label = "; ".join(f"{line.label} {difference(line.value)[0]} pp" for line in lines)
    picture = draw_picture(lambda: gain_chart(lines), "gain", f"Gain of all together: {label}.")
    return with_dots_caption(picture, lines)


def _numbers_section(found: Asked) -> Section:
    return Section(
        name="controls",
        title="Every number",
        link="Numbers",
        paragraphs=[
            f"{found.network} made one network for each modality, one for all together and one for "
            "all together with shuffled pairs, trained and judged on the same splits, pairs and "
            "orders of each seed. The product of experts multiplies the answers of the networks "
            "of one modality. Nothing makes these networks of one size: a network of all "
            "modalities may simply be the larger one."
        ],
        tables=(Shown(_table(found), open=True),),
        wide=True,
    )


def _table(found: Asked) -> Table:
    return Table(
        name="answer",
        caption=f"{found.network}: test accuracy in %, and what all together gain in pp",
        columns=(
            Column("Network"),
            Column("Accuracy %", number=True),
            Column("95 % interval", number=True),
            Column("All together minus it, pp", number=True),
            Column("95 % interval of the gain", number=True),
            Column("n", number=True),
            Column("Note"),
        ),
        rows=tuple(_rows(found)),
    )


def _rows(found: Asked) -> Iterator[tuple[str, ...]]:
    numbers = found.baselines
    yield ("all together", *_accuracy(numbers.fused), "", "", _count(numbers.fused), "")
    wanted = (BEST, *map(alone, numbers.modalities), EXPERTS)
    sticks = [(name, numbers.yardsticks[name]) for name in wanted]
    for name, stick in [*sticks, (shuffled(numbers.modalities), numbers.shuffled)]:
        note = stick.reason
        if name == BEST and numbers.best_modality is not None:
            note = note or f"{numbers.best_modality}, chosen on validation"
        means, ends, n = difference(stick.gain)
        yield (name, *_accuracy(stick.accuracy), means, ends, n, plain(note, 200))


def _accuracy(value: Estimate | None) -> tuple[str, str]:
    return ("", "") if value is None else (percent(value.mean), span(value, share))


def _count(value: Estimate | None) -> str:
    return "" if value is None else counted(value)
