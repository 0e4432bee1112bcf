"""Arrays: `.npy` files and `.npz` archives of one entry, [features], [time, features], [C, H, W].

Files of unequal time are brought to a common one by linear interpolation; nothing else is changed.
"""

import io
import zipfile
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from torch.nn import functional

from spikefuse.core.untrusted import reason
from spikefuse.data.own.kinds.contract import Decoded, Kind, Plan, Unreadable
from spikefuse.data.own.refusals import refusal

MAXIMUM_BYTES = 1 << 30
"""Unpacked size of one file: an archive that unpacks to more is taken for a bomb."""

_AXES: dict[int, tuple[str, ...]] = {
    1: ("features",),
    2: ("time", "features"),
    3: ("channels", "height", "width"),
}


class ArraySettings(BaseModel):
    """What may be fixed about arrays.

    Args:
        length: Time steps that every [time, features] array is brought to; by default the files'
            own where they all have one, else the median.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    length: Annotated[int, Field(ge=2, le=100_000)] | None = None


def read_array(content: bytes) -> NDArray[np.float32]:
    """The array of a file as float32.

    Raises:
        Unreadable: It is damaged, holds several arrays, objects, or something that is no number.
    """
    return as_floats(_load(content))


def _load(content: bytes) -> NDArray[Any]:
    if not content:
        raise Unreadable("an empty file")
    try:
        if content[:2] == b"PK":
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                if sum(entry.file_size for entry in archive.infolist()) > MAXIMUM_BYTES:
                    raise Unreadable(f"more than {MAXIMUM_BYTES:,} bytes when unpacked")
        loaded = np.load(io.BytesIO(content), allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return loaded
        with loaded:
            if len(loaded.files) != 1:
                raise Unreadable(f"an archive of {len(loaded.files)} arrays in place of one")
            array: NDArray[Any] = loaded[loaded.files[0]]
            return array
    except Unreadable:
        raise
    except Exception as error:  # whatever a decoder raises on a file is the file's fault
        raise Unreadable(_reason(content, error)) from error


def _reason(content: bytes, error: Exception) -> str:
    if "allow_pickle" in str(error):
        known = content[:6] == b"\x93NUMPY" or content[:2] == b"PK"
        return "an array of objects, which needs pickle" if known else "no .npy or .npz file"
    return f"damaged ({reason(error)})"


def as_floats(array: NDArray[Any]) -> NDArray[np.float32]:
    """Numbers as float32, refused where that is not what they are.

    Raises:
        Unreadable: The array is empty or holds text, complex numbers, nan, infinity or a number
            that float32 has no place for.
    """
    if array.dtype.kind not in "biuf":
        raise Unreadable(f"values of type {array.dtype}, not real numbers")
    if not 1 <= array.ndim <= 3 or not array.size:
        raise Unreadable(
            f"shape {list(array.shape)}, not [features], [time, features] or [C, H, W]"
        )
    with np.errstate(over="ignore"):
        floats = array.astype(np.float32)
    if not np.isfinite(floats).all():
        raise Unreadable("values that are no finite numbers in float32")
    return floats


def units_of(shape: Sequence[int]) -> str:
    """What the axes of an array are.

    Example:
        >>> units_of((9, 6))
        'time x features'
    """
    return " x ".join(_AXES[len(shape)])


def axes_named(shape: Sequence[int]) -> str:
    """A shape with what its axes are.

    Example:
        >>> axes_named((9, 6)), axes_named((2, 5, 4))
        ('[time, features] = [9, 6]', '[C, H, W] = [2, 5, 4]')
    """
    letters = {3: ("C", "H", "W")}.get(len(shape), _AXES[len(shape)])
    return f"[{', '.join(letters)}] = {list(shape)}"


def look(content: bytes) -> tuple[int, ...]:
    """The shape of a file's array."""
    return read_array(content).shape


def plan(shapes: Sequence[tuple[int, ...]], settings: ArraySettings) -> Plan:
    """Settle the common shape on some files."""
    first = shapes[0]
    if len(first) != 2:
        if settings.length is not None:
            raise refusal(
                "length", "left out for arrays without time", str(settings.length), "Take it out."
            )
        return Plan(settings, first, np.dtype(np.float32), units_of(first))
    length = settings.length or int(np.median([shape[0] for shape in shapes]))
    return Plan(
        ArraySettings(length=max(length, 2)),
        (max(length, 2), first[1]),
        np.dtype(np.float32),
        units_of(first),
    )


def decode(content: bytes, settled: Plan) -> Decoded:
    """Decode one file to the common shape, float32."""
    return decode_array(read_array(content), settled)


def decode_array(values: NDArray[np.float32], settled: Plan) -> Decoded:
    """Bring an array to the common shape."""
    shape = settled.shape
    facts = (float(len(values)), float(values.min() == values.max()))
    if values.shape == shape:
        return Decoded(values, facts)
    has_time = len(shape) == 2 == values.ndim and values.shape[1] == shape[1]
    if not has_time:
        raise Unreadable(f"{axes_named(values.shape)}, where the others have {axes_named(shape)}")
    columns = torch.from_numpy(values).T[None]
    timed = functional.interpolate(columns, size=shape[0], mode="linear", align_corners=True)
    return Decoded(np.ascontiguousarray(timed[0].T.numpy()), facts)


KIND = Kind(
    title="arrays",
    samples="arrays",
    suffixes=(".npy", ".npz"),
    settings=ArraySettings,
    recipe="array-linear-1",
    facts=("length", "constant"),
    look=look,
    plan=plan,
    decode=decode,
)
