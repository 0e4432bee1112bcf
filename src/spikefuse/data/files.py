"""One file as a sample: what a trained network is shown that never saw its data set.

A recipe is a name here and settings that are stored with the network, so that the same picture or
recording becomes the same numbers as in training, of whatever size and rate the file is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spikefuse.core.checks import one_of
from spikefuse.core.errors import InputError, SpikefuseError
from spikefuse.core.untrusted import read_regular, reason

if TYPE_CHECKING:
    from torch import Tensor

    from spikefuse.data.sources.contract import FileRecipe

MAXIMUM_FILE_BYTES = 1 << 28

Settings = Mapping[str, Any]


def _pixels(content: bytes, settings: Settings) -> Tensor:
    """A picture as uint8 [C, H, W], stretched to the size of the shape."""
    import numpy as np
    import torch

    from spikefuse.data.own.kinds.contract import Plan
    from spikefuse.data.own.kinds.images import ImageSettings, decode

    channels, height, width = settings["shape"]
    # A stored network may have smaller pictures than somebody's own may be brought to.
    told = ImageSettings.model_construct(
        size=(height, width), colour="grey" if channels == 1 else "colour", fit="stretch"
    )
    plan = Plan(told, (channels, height, width), np.dtype(np.uint8), "")
    return torch.from_numpy(decode(content, plan).values.copy())


def _grey_pixels(content: bytes, settings: Settings) -> Tensor:
    """A picture as grey levels uint8 [1, size, size], by the filter of the built-in sources."""
    from spikefuse.data.own.kinds.images import look
    from spikefuse.data.sources.parts import resize_images

    (height, width), _ = look(content)
    own = _pixels(content, {"shape": (1, height, width)})
    return resize_images(own, settings["size"])[0]


def _clip(content: bytes, settings: Settings) -> Tensor:
    """A recording as log magnitudes [1, size, size], by the built-in sources' spectrogram."""
    from spikefuse.data.own.kinds.sound import read_sound, resampled
    from spikefuse.data.settings import DataSettings
    from spikefuse.data.sources.raw import SAMPLE_RATE_HZ
    from spikefuse.data.sources.registry import FALLBACK
    from spikefuse.data.spectrogram import spectrograms

    rate, samples = read_sound(content)
    wave = resampled(samples.mean(axis=1), rate, SAMPLE_RATE_HZ)
    return spectrograms([wave], DataSettings(source=FALLBACK, **settings))[0]


def _array(content: bytes, settings: Settings) -> Tensor:
    """An array as float32 of the shape; axes of length 1 may be left out."""
    import torch

    from spikefuse.data.own.kinds.arrays import read_array
    from spikefuse.data.own.kinds.contract import Unreadable

    found, shape = torch.from_numpy(read_array(content)), tuple(settings["shape"])
    if [size for size in found.shape if size > 1] != [size for size in shape if size > 1]:
        raise Unreadable(f"shape {list(found.shape)}, where the network sees {list(shape)}")
    return found.reshape(shape)


def _own(content: bytes, settings: Settings) -> Tensor:
    """A file of somebody's own data, decoded as its training files were."""
    import numpy as np
    import torch

    from spikefuse.data.own.kinds.contract import Plan, Unreadable
    from spikefuse.data.own.kinds.registry import KINDS
    from spikefuse.data.own.source import shaped
    from spikefuse.data.sources.contract import KINDS as MODALITIES

    kind = KINDS.get(settings["kind"])
    if kind is None or kind.recipe != settings["recipe"]:
        raise Unreadable(f"this version of spikefuse has no recipe {settings['recipe']!r}")
    told = kind.settings.model_validate(settings["decoding"], strict=False)
    shape = tuple(settings["shape"])
    plan = Plan(told, shape, np.dtype(MODALITIES[settings["kind"]].dtype), "")
    values = torch.from_numpy(kind.decode(content, plan).values.copy())
    return shaped(values[None])[0]


RECIPES: dict[str, Callable[[bytes, Settings], Tensor]] = {
    "pixels": _pixels,
    "grey-pixels": _grey_pixels,
    "clip": _clip,
    "array": _array,
    "own": _own,
}
"""How a file's content becomes a sample as it stands in a pool, before it is scaled."""


def read_sample(path: Path, recipe: FileRecipe | None, where: str, modality: str) -> Tensor:
    """A file as a sample of a modality.

    Args:
        path: The file.
        recipe: How; None where the modality has no way from a file.
        where: Named in errors.
        modality: Likewise.

    Returns:
        The sample as it stands in a pool: [C, H, W], not scaled.

    Raises:
        InputError: There is no way, or the file cannot be read; the message says why.
        MissingExtraError: It is packed in a way that needs an optional part.
    """
    from spikefuse.data.own.kinds.contract import Unreadable

    if recipe is None:
        raise InputError(
            f"{where}: {modality} must be an array in Python, got {str(path)!r}. Its samples are "
            "made of no single file; sf.load(folder).predict takes arrays."
        )
    decode = RECIPES[one_of(where, f"recipe of {modality}", recipe.name, RECIPES)]
    try:
        return decode(read_regular(path, MAXIMUM_FILE_BYTES), recipe.settings)
    except OSError as error:
        why = reason(error)
    except Unreadable as error:
        why = str(error)
    except SpikefuseError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        why = f"its recipe {recipe.name!r} makes no sense ({reason(error)})"
    raise InputError(f"{where}: {modality} must be a readable file, got {str(path)!r}: {why}.")
