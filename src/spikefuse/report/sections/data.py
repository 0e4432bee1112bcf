"""The data that somebody asked about: its picture, its counts and what the checks say.

Source: `data.json` and `data.png`, which `spikefuse ask` leaves in the results folder.
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from spikefuse.analysis.folder import DATA_FILE, DATA_PICTURE, is_of_data
from spikefuse.core.untrusted import MOST_JSON_BYTES, decode_json, read_regular
from spikefuse.report.drawing.pictures import Picture
from spikefuse.report.printable import plain
from spikefuse.report.reading.sources import Run
from spikefuse.report.section import Section, Shown
from spikefuse.report.tables import Column, Table

MOST_PICTURE_BYTES = 8_000_000
PNG = b"\x89PNG\r\n\x1a\n"


def data_section(run: Run) -> Section | None:
    """What the networks were trained on; None where the run left no word of it."""
    try:
        record = decode_json(read_regular(run.root / DATA_FILE, MOST_JSON_BYTES))
    except (OSError, ValueError):
        return None
    if not isinstance(record, Mapping) or not is_of_data(run.record, record):
        return None
    tables = [table for table in (_counts(record), _remarks(record)) if table is not None]
    picture = _picture(run)
    return Section(
        name="data",
        title="The data",
        link="Data",
        paragraphs=[plain(record.get("banner") or "", 900), _pairing(record)],
        tables=[Shown(table, open=True) for table in tables],
        pictures=[picture] if picture is not None else [],
        caption="Drawn from the training split; the numbers are samples of train, validation, test."
        if picture is not None
        else "",
        wide=True,
    )


def _pairing(record: Mapping[str, Any]) -> str:
    if str(record.get("pairing", "")).startswith("truly"):
        return "Truly paired: the modalities of a sample are of one event."
    return (
        "Paired by class, not truly paired: two samples of a class meet that are of different "
        "events, so a gain here says what two independent looks at a class bring."
    )


def _picture(run: Run) -> Picture | None:
    try:
        content = read_regular(run.root / DATA_PICTURE, MOST_PICTURE_BYTES)
    except (OSError, ValueError):
        return None
    if not content.startswith(PNG):
        return None
    coded = base64.b64encode(content).decode("ascii")
    label = escape("Samples of each class in each modality")
    return Picture(
        Markup(f'<img src="data:image/png;base64,{coded}" alt="{label}" style="max-width:100%">')
    )


def _mappings(value: object) -> Sequence[Mapping[str, Any]]:
    listed = value if isinstance(value, list) else []
    return [each for each in listed if isinstance(each, Mapping)]


def _counts(record: Mapping[str, Any]) -> Table | None:
    modalities = record.get("modalities")
    if not isinstance(modalities, Mapping):
        return None
    rows = []
    for name, each in modalities.items():
        by_class = each.get("counts") if isinstance(each, Mapping) else None
        if not isinstance(by_class, Mapping):
            continue
        for label, counts in by_class.items():
            if isinstance(counts, Mapping):
                cells = [str(counts.get(split, "")) for split in ("train", "validation", "test")]
                rows.append((plain(name, 60), plain(label, 60), *map(plain, cells)))
    if not rows:
        return None
    numbers = (Column(split, number=True) for split in ("Train", "Validation", "Test"))
    return Table(
        name="data-counts",
        caption="Samples of each class in each split",
        columns=(Column("Modality"), Column("Class"), *numbers),
        rows=tuple(rows),
        heads=2,
    )


def _remarks(record: Mapping[str, Any]) -> Table | None:
    rows = [
        (plain(each.get("weight", ""), 20), plain(each.get("sentence", ""), 600))
        for each in _mappings(record.get("remarks"))
    ]
    if not rows:
        return None
    return Table(
        name="data-checks",
        caption="What the checks of the data say",
        columns=(Column("Weight"), Column("What")),
        rows=tuple(rows),
    )
