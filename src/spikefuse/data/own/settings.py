"""What a user says about data of their own, by options or once in a TOML file.

```toml
data = "recordings"                          # folder, table or archive, beside this file
pair = "stem"                                # default: by class
name_pattern = "{label}_{speaker}_{take}"    # where labels or groups are in file names
group = "speaker"                            # a field of the pattern or a column of the table
[modalities.sound]                           # default: every folder is a modality
folder = "wav"
kind = "audio"
rate_hz = 16000                              # and whatever else the kind can be told
```
"""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from spikefuse.core.checks import nearest
from spikefuse.core.errors import InputError
from spikefuse.core.untrusted import MOST_JSON_BYTES, NoTextError, read_regular, reason, utf8_text
from spikefuse.core.validation import refusal_of
from spikefuse.data.own.refusals import WHERE, known_keys, one_line, refusal

Share = Annotated[float, Field(gt=0, lt=0.5)]


class ModalitySettings(BaseModel):
    """What is said about one modality.

    Args:
        folder: Its folder below the data's; by default its name. Columns and arrays ignore it.
        kind: "image", "audio" or "array"; by default what the names of its files end in.
        name_pattern: In place of the pattern of all modalities.
        decoding: What the kind is told, checked by the kind's own record.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    folder: str | None = None
    kind: str | None = None
    name_pattern: str | None = None
    decoding: dict[str, Any] = {}


OF_ALL_KINDS = tuple(name for name in ModalitySettings.model_fields if name != "decoding")
"""Keys of a modality's table that every kind knows."""


class OwnSettings(BaseModel):
    """What is said about the whole.

    Args:
        pair: "class": any two samples of a class may meet; "stem": files of the same name belong
            together.
        name_pattern: Says what stands in file names, for example "{label}_{speaker}_{take}".
        group: Field or column that names who a sample comes from; no group is on two sides of a
            split that is made here.
        validation: Share of the samples held for validation where no such split is given.
        test: Share of the samples held for the test where no such split is given.
        seed: Names the random streams of splits that are made here.
        skip_unreadable: Leave unreadable files out, and say so, in place of refusing the data.
        modalities: By name; where any is given, only these are read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    pair: Literal["class", "stem"] = "class"
    name_pattern: str | None = None
    group: str | None = None
    validation: Share = 0.2
    test: Share = 0.2
    seed: Annotated[int, Field(ge=0)] = 0
    skip_unreadable: bool = False
    modalities: dict[str, ModalitySettings] = {}


def checked(record: type[BaseModel], values: dict[str, Any], where: str) -> Any:
    """Values as a record, with unknown keys and wrong values refused in one sentence.

    Raises:
        InputError: A key is unknown or a value is not allowed.
    """
    known_keys(values, record.model_fields, where)
    # A list is what TOML calls a size; nothing else is turned into something else.
    values = {key: tuple(each) if isinstance(each, list) else each for key, each in values.items()}
    try:
        return record(**values)
    except ValidationError as error:
        said = refusal_of(WHERE, error, lambda path: _called(path, where))
        raise InputError(one_line(said)) from None


def _called(field: str, where: str) -> str:
    return f"{field} of {where}" if where else "--" + field.replace("_", "-")


def own_settings(values: dict[str, Any], where: str) -> OwnSettings:
    """Settings from plain values, as a TOML file or a command line gives them.

    Args:
        values: Fields of `OwnSettings`; a table of `modalities` may also hold what its kind is
            told.
        where: What messages call the values; empty where each is an option.

    Raises:
        InputError: A key is unknown or a value is not allowed.
    """
    tables = values.get("modalities", {})
    rows = tables.items() if isinstance(tables, dict) else [("NAME", tables)]
    for name, table in rows:
        if not isinstance(table, dict):
            hint = f"Write [modalities.{name}] above what is said of it."
            raise refusal(f"modalities of {where}", "tables", repr(tables), hint)
    own = OF_ALL_KINDS
    modalities = {
        name: checked(
            ModalitySettings,
            {key: value for key, value in table.items() if key in own}
            | {"decoding": {key: value for key, value in table.items() if key not in own}},
            f"modality {name} of {where}",
        )
        for name, table in tables.items()
    }
    settings: OwnSettings = checked(OwnSettings, {**values, "modalities": modalities}, where)
    return settings


def read_toml(path: Path) -> tuple[Path, OwnSettings]:
    """A TOML file that says it all once: where the data is, and what is said about it.

    Args:
        path: The file; its `data` is taken from its own folder.

    Raises:
        InputError: It is unreadable, no TOML, or holds an unknown key or a wrong value.
    """
    try:
        values = tomllib.loads(utf8_text(read_regular(path, MOST_JSON_BYTES)))
    except (OSError, NoTextError, RecursionError, tomllib.TOMLDecodeError) as error:
        raise refusal(str(path), "a readable TOML file", reason(error), "Mend it.") from error
    for key, value in values.items():
        known = ["data", *OwnSettings.model_fields]
        if isinstance(value, dict) and key not in known and not nearest(key, known):
            hint = f"Write [modalities.{key}]."
            raise refusal(f"a key of {path.name}", f"one of {', '.join(known)}", repr(key), hint)
    known_keys(values, ["data", *OwnSettings.model_fields], path.name)
    place = values.pop("data", ".")
    if not isinstance(place, str) or "://" in place:
        raise refusal(f"data of {path.name}", "a path", repr(place), "Name a folder or a file.")
    target = path.parent / Path(place).expanduser()
    if target.suffix.lower() == ".toml":
        raise refusal(
            f"data of {path.name}", "a folder, table or archive", place, "Name the data itself."
        )
    return target, own_settings(values, path.name)
