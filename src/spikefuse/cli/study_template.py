"""A commented TOML file about a study, written from the records that read it."""

import json
from collections.abc import Iterator
from typing import Any

from spikefuse.cli.records import fields_of
from spikefuse.core.registry import choices_of
from spikefuse.data.sources.contract import FUSED
from spikefuse.studies.design import EACH, Cell
from spikefuse.studies.effort import AUTO
from spikefuse.studies.file import StudyFile, factors
from spikefuse.studies.profiles import EFFORT, PROFILES, SIZES, Profile

_NAMES = {"name": "my-study", "title": "My study", "question": "What changes, and by how much?"}
_LEVELS: dict[str, list[Any]] = {"network": ["snn", "dnn"], "modality": [EACH, FUSED]}
_EXAMPLES: dict[str, Any] = {
    **{"profile": "quick", "seeds": 3, "protocols": ["disjoint"]},
    **{"images": 5_000, "test_images": 1_000, "clips": 2_000, "draws": 1},
}


def study_template(data: str = "auto") -> str:
    """What the file says, and as comments what else can be said.

    Args:
        data: A ready source, or data of one's own as a path from the file's folder.
    """
    described = fields_of(StudyFile)
    lines = [
        "# A study of your own: spikefuse run FILE.toml trains every combination of its factors.",
        "# spikefuse plan FILE.toml says first how many networks that are, and how long they take.",
        "# --set KEY=VALUE changes one setting for one run, as in --set factors.time_steps=[4,8].",
        "",
    ]
    for name, value in (_NAMES | {"data": data}).items():
        lines.append(f"{name} = {_toml(value)}  # {described[name].description}")
    for name in ("profile", "seeds", "protocols"):
        said = described[name].description
        said += f" One of {', '.join((*PROFILES, AUTO))}." if name == "profile" else ""
        lines.append(f"# {name} = {_toml(_EXAMPLES[name])}  # {said}")
    lines += ["", "[factors]  # levels of each; what is not named stays as it is in the comment"]
    lines += _factors()
    lines += ["", "[effort]  # in place of what the profile says"]
    lines += _effort()
    return "\n".join(lines) + "\n"


def _factors() -> Iterator[str]:
    for name in factors():
        field = fields_of(Cell)[name]
        names = SIZES if name == "size" else choices_of(field.annotation, field.metadata)
        said = f"  # of {', '.join(names)}" if names else ""
        if name == "modality":
            said = f"  # {EACH} one alone, {FUSED}: all together, or names"
        levels = _LEVELS.get(name, [field.default])
        yield f"{'' if name in _LEVELS else '# '}{name} = {_toml(levels)}{said}"


def _effort() -> Iterator[str]:
    for name in EFFORT:
        field = fields_of(Profile)[name]
        value = "{fused = 2}" if name == "epochs" else _toml(_EXAMPLES.get(name, field.default))
        yield f"# {name} = {value}  # {field.description}"


def _toml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
