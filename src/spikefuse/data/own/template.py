"""A commented TOML file about somebody's own data, written from a look at its names."""

import json
from typing import Any

from spikefuse.data.own.description import Description, Modality
from spikefuse.data.own.kinds.registry import KINDS
from spikefuse.data.own.refusals import some
from spikefuse.data.own.settings import OwnSettings


def template(description: Description, place: str) -> str:
    """What the file says: what was found and asked for, and as comments what else can be said.

    Args:
        description: From `describe`.
        place: The data, from the folder that the file will lie in.
    """
    settings, usual = description.settings, OwnSettings()
    classes = some([_comment(label) for label in description.classes], 5)
    lines = [
        f"# Read as {description.layout}: {len(description.classes):,} classes ({classes});",
        f"# {description.pairing}. spikefuse data verify checks it, spikefuse ask answers.",
        "",
        f"data = {_text(place)}",
    ]
    notes = {
        "pair": "class, or stem: files of one name belong together",
        "name_pattern": "what stands in file names, for example {label}_{speaker}_{take}",
        "group": "who a sample is of: a field of name_pattern or a column of the table",
        "validation": "share of the samples, where the data gives no such split",
        "test": "share of the samples, where the data gives no such split",
        "seed": "of splits that are made here",
        "skip_unreadable": "leave unreadable files out, and say so",
    }
    for name, note in notes.items():
        value = getattr(settings, name)
        said = value != getattr(usual, name)
        lines.append(f"{'' if said else '# '}{name} = {_value(value)}  # {note}")
    for modality in description.modalities:
        lines += ["", *_modality(modality)]
    return "\n".join(lines) + "\n"


def _modality(modality: Modality) -> list[str]:
    kind = KINDS[modality.kind]
    count = f"{len(modality.samples):,} {kind.samples}"
    lines = [f"[modalities.{modality.name}]  # {count}", f"kind = {_text(modality.kind)}"]
    for name, field in kind.settings.model_fields.items():
        default = "follows the data" if field.default is None else f"default {field.default}"
        lines.append(f"# {name} =  # {default}")
    return lines


def _value(value: Any) -> str:
    if value is None:
        return '""'
    return str(value).lower() if isinstance(value, bool) else json.dumps(value, ensure_ascii=False)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _comment(label: str) -> str:
    return "".join(each if each.isprintable() else "?" for each in label)
