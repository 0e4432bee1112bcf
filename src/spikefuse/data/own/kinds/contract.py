"""What a kind of file is: how it is told apart, planned and decoded."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel


class Unreadable(Exception):
    """A file cannot be decoded; the message is the reason, without the file's name."""


@dataclass(frozen=True)
class Decoded:
    """One file as a network gets it, before any standardisation.

    Args:
        values: Of the shape that the plan settles, the same for every file.
        facts: What was measured on the file itself, in the order of the kind's `facts`.
    """

    values: NDArray[Any]
    facts: tuple[float, ...]


@dataclass(frozen=True)
class Plan:
    """How every file of a modality is decoded, with nothing left open.

    Args:
        settings: The kind's record, every field filled.
        shape: Of one decoded sample.
        dtype: Of one decoded sample.
        units: What the axes of the shape are, for people: "channels x height x width".
    """

    settings: BaseModel
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    units: str


@dataclass(frozen=True)
class Kind:
    """One kind of file.

    Args:
        title: For people.
        samples: What samples are called, in the plural.
        suffixes: Ends of file names, in lower case.
        settings: The record of what the user may fix; a field left at None follows the data.
        recipe: Names the steps of `decode`; it enters cache keys, so it changes with them.
        facts: Names of what `decode` measures on a file.
        look: Bytes of a file to what `plan` needs to know of it. Raises `Unreadable`.
        plan: Looks at some files and the user's settings to what all files become. Raises
            `InputError` for settings that do not suit the files.
        decode: Bytes of a file and the plan to the sample. Raises `Unreadable`.
        claims: Of a file whose ending an earlier kind has too, whether it is of this one; None
            where no ending is shared.
    """

    title: str
    samples: str
    suffixes: tuple[str, ...]
    settings: type[BaseModel]
    recipe: str
    facts: tuple[str, ...]
    look: Callable[[bytes], Any]
    plan: Callable[[Sequence[Any], Any], Plan]
    decode: Callable[[bytes, Plan], Decoded]
    claims: Callable[[Path], bool] | None = None
