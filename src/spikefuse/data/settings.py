"""What data a trial uses, as one frozen record that can be hashed: no path, no machine."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from spikefuse.core.record import NamedRecord
from spikefuse.core.registry import name_in
from spikefuse.data.sources.raw import SAMPLE_RATE_HZ
from spikefuse.data.sources.registry import SOURCES


class DataSettings(NamedRecord):
    """Source and preprocessing of its modalities; part of a trial's definition.

    Args:
        source: A name in `SOURCES`.
        image_size: Height and width of an image in pixels; other native sizes are resized.
        spectrogram_size: Height and width of a spectrogram after resizing.
        n_fft: Length of the STFT window and transform, in samples at 8 kHz.
        hop: Samples between two STFT frames.
        clip_ms: Every clip is padded or cropped about its centre to this length.
        event_bins: Equal parts of a recording of events, of which a network's steps are made.
        fingerprint: Of the content, 16 hexadecimal digits; None where the source's content is
            pinned by hash.
    """

    first_fields = frozenset(
        {"source", "image_size", "spectrogram_size", "n_fft", "hop", "clip_ms"}
    )

    source: Annotated[str, name_in("source", SOURCES)]
    image_size: Annotated[int, Field(ge=4, le=256)] = 28
    spectrogram_size: Annotated[int, Field(ge=4, le=256)] = 28
    n_fft: Annotated[int, Field(ge=16, le=4096)] = 256
    hop: Annotated[int, Field(ge=1)] = 128
    clip_ms: Annotated[int, Field(ge=50, le=10_000)] = 1000
    event_bins: Annotated[int, Field(ge=1, le=256)] = 16
    fingerprint: Annotated[str, Field(pattern="^[0-9a-f]{16}$")] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.hop > self.n_fft:
            raise ValueError(
                f"hop must be at most n_fft ({self.n_fft}), or samples between two "
                f"frames are never seen, got {self.hop}"
            )
        if self.fingerprint is not None and SOURCES[self.source].is_pinned:
            raise ValueError(
                f"fingerprint must be left out for source {self.source!r}, whose "
                f"content is known, got {self.fingerprint}"
            )
        return self

    @property
    def clip_samples(self) -> int:
        """Length of a padded or cropped clip in samples."""
        return self.clip_ms * SAMPLE_RATE_HZ // 1000
