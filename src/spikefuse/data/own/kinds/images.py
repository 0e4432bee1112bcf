"""Images: PNG and JPEG of any size, grey or colour, turned as the camera says.

Steps: turn by the EXIF tag, lay transparency on black, 16-bit grey to 8 bits, grey (ITU-R 601-2
luma, Pillow's "L") or RGB, stretch or crop to the common size with an antialiased bilinear filter.
"""

import io
import warnings
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from spikefuse.core.untrusted import reason
from spikefuse.data.own.kinds.contract import Decoded, Kind, Plan, Unreadable

if TYPE_CHECKING:
    from PIL.Image import Image

MAXIMUM_PIXELS = 50_000_000
"""A file that unpacks to more is taken for a bomb: refused by its header, never unpacked."""

_FORMATS = ("PNG", "JPEG")
_KEPT = 32
_GREY_MODES = {"1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "F"}

Header = tuple[tuple[int, int], bool]
"""Height and width as they will be seen, and whether there are colours."""

Side = Annotated[int, Field(ge=4, le=256)]


class ImageSettings(BaseModel):
    """What may be fixed about images.

    Args:
        size: Height and width in pixels; by default the files' own where they all have one and it
            is at most 32 by 32, else 32 by 32.
        colour: "grey" (1 channel) or "colour" (3); by default colour if any file has it.
        fit: "stretch" to the size, or "crop" about the centre to its proportions first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    size: tuple[Side, Side] | None = None
    colour: Literal["grey", "colour"] | None = None
    fit: Literal["stretch", "crop"] = "stretch"


def _open(content: bytes) -> "Image":
    """The image behind its header; its pixels are not unpacked yet."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            # Pillow warns of large images; the limit below is stricter and refuses.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content), formats=_FORMATS)
    except Exception as error:
        raise Unreadable(_reason(content, error)) from error
    width, height = image.size
    if width * height > MAXIMUM_PIXELS:
        raise Unreadable(
            f"{width:,} x {height:,} pixels, more than {MAXIMUM_PIXELS:,} (a decompression bomb?)"
        )
    # Of PNG alone: cameras add a small second picture to the JPEG that is meant.
    frames = getattr(image, "n_frames", 1) if image.format == "PNG" else 1
    if frames > 1:
        raise Unreadable(f"an animation of {frames:,} pictures, of which none is the one meant")
    return image


def _reason(content: bytes, error: Exception) -> str:
    if not content:
        return "an empty file"
    if type(error).__name__ == "DecompressionBombError":
        return "far too many pixels (a decompression bomb?)"
    if type(error).__name__ == "UnidentifiedImageError":
        return "no PNG or JPEG image"
    return f"damaged ({reason(error)})"


def plan(headers: Sequence[Header], settings: ImageSettings) -> Plan:
    """Settle size and colour on the headers of some files."""
    sizes = Counter(size for size, _ in headers)
    size = settings.size
    if size is None:
        height, width = next(iter(sizes))
        keep = len(sizes) == 1 and min(height, width) >= 4 and max(height, width) <= _KEPT
        size = (height, width) if keep else (_KEPT, _KEPT)
    colour = settings.colour
    if colour is None:
        colour = "colour" if any(coloured for _, coloured in headers) else "grey"
    return Plan(
        settings=settings.model_copy(update={"size": size, "colour": colour}),
        shape=(3 if colour == "colour" else 1, *size),
        dtype=np.dtype(np.uint8),
        units="channels x height x width",
    )


def look(content: bytes) -> Header:
    """Read the header alone."""
    image = _open(content)
    try:
        orientation = image.getexif().get(0x0112, 1)
    except Exception:  # a broken tag block does not break the picture; decoding will tell
        orientation = 1
    width, height = image.size
    # Orientations 5 to 8 lay the picture on its side.
    size = (width, height) if orientation in (5, 6, 7, 8) else (height, width)
    return size, image.mode not in _GREY_MODES


def decode(content: bytes, settled: Plan) -> Decoded:
    """Decode one image to [channels, height, width] uint8."""
    from PIL import ImageOps

    settings: Any = settled.settings
    image = _open(content)
    coloured = image.mode not in _GREY_MODES
    try:
        image.load()
        image = _eight_bits(ImageOps.exif_transpose(image))
        height, width = image.height, image.width
        image = _resized(image.convert("RGB" if settled.shape[0] == 3 else "L"), settings)
    except Exception as error:  # whatever a decoder raises on a file is the file's fault
        raise Unreadable(_reason(content, error)) from error
    pixels = np.asarray(image, np.uint8)
    values = pixels.transpose(2, 0, 1) if pixels.ndim == 3 else pixels[None]
    blank = float(pixels.min() == pixels.max())
    return Decoded(np.ascontiguousarray(values), (height, width, float(coloured), blank))


def _eight_bits(image: "Image") -> "Image":
    """Deep grey to 8 bits and transparency on black; Pillow alone would clip and drop them."""
    from PIL import Image

    if image.mode.startswith("I") or image.mode == "F":
        deep: NDArray[Any] = np.asarray(image)
        if deep.min() < 0 or deep.max() > 65535:
            raise ValueError("grey levels outside 0..65535")
        return Image.fromarray(((deep.astype(np.float64) / 257).round()).astype(np.uint8))
    if image.mode in ("LA", "La", "RGBA", "RGBa", "PA") or "transparency" in image.info:
        clear = image.convert("RGBA")
        black = Image.new("RGBA", clear.size, (0, 0, 0, 255))
        return Image.alpha_composite(black, clear)
    return image


def _resized(image: "Image", settings: Any) -> "Image":
    from PIL import Image, ImageOps

    height, width = settings.size
    if (image.width, image.height) == (width, height):
        return image
    if settings.fit == "crop":
        return ImageOps.fit(image, (width, height), Image.Resampling.BILINEAR)
    return image.resize((width, height), Image.Resampling.BILINEAR)


KIND = Kind(
    title="images",
    samples="images",
    suffixes=(".png", ".jpg", ".jpeg"),
    settings=ImageSettings,
    recipe="pillow-bilinear-1",
    facts=("height", "width", "coloured", "blank"),
    look=look,
    plan=plan,
    decode=decode,
)
