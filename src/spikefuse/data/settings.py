"""What data a trial uses, as one frozen record that can be hashed: no path, no machine."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from spikefuse.core.record import NamedRecord

SAMPLE_RATE_HZ = 8_000
"""Rate of every clip: FSDD is recorded at it, the embedded clips are resampled to it."""

CLASSES = 10

Source = Literal["mnist-fsdd", "builtin"]

DATA_CHOICES: dict[str, Source | None] = {
    "auto": None,
    "digits": "mnist-fsdd",
    "mnist-fsdd": "mnist-fsdd",
    "builtin": "builtin",
}
"""What a user may ask for, and the source it forces; `digits` is short for `mnist-fsdd`."""


class DataSettings(NamedRecord):
    """Source and preprocessing of both modalities; part of a trial's definition.

    Args:
        source: "mnist-fsdd" (MNIST and Free Spoken Digit Dataset) or "builtin" (embedded).
        image_size: Height and width of an image in pixels; other native sizes are resized.
        spectrogram_size: Height and width of a spectrogram after resizing.
        n_fft: Length of the STFT window and transform, in samples at 8 kHz.
        hop: Samples between two STFT frames.
        clip_ms: Every clip is padded or cropped about its centre to this length.
    """

    first_fields = frozenset(
        {"source", "image_size", "spectrogram_size", "n_fft", "hop", "clip_ms"}
    )

    source: Source
    image_size: Annotated[int, Field(ge=4, le=256)] = 28
    spectrogram_size: Annotated[int, Field(ge=4, le=256)] = 28
    n_fft: Annotated[int, Field(ge=16, le=4096)] = 256
    hop: Annotated[int, Field(ge=1)] = 128
    clip_ms: Annotated[int, Field(ge=50, le=10_000)] = 1000

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.hop > self.n_fft:
            raise ValueError(
                f"DataSettings: hop must be at most n_fft ({self.n_fft}), or samples between two "
                f"frames are never seen, got {self.hop}"
            )
        return self

    @property
    def clip_samples(self) -> int:
        """Length of a padded or cropped clip in samples."""
        return self.clip_ms * SAMPLE_RATE_HZ // 1000
