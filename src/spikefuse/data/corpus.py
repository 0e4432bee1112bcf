"""A corpus: every sample of every modality of a source, preprocessed, with a fingerprint.

Which sample plays which part is not decided here but by `protocols.assign`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from spikefuse.core.checks import require
from spikefuse.core.errors import DataError, InputError
from spikefuse.data.places.location import Location, banner_of
from spikefuse.data.pools import Pool
from spikefuse.data.settings import DataSettings
from spikefuse.data.sources.contract import KINDS, Reading, Source
from spikefuse.data.sources.registry import SOURCES
from spikefuse.data.spectrogram import RECIPE


@dataclass(frozen=True, eq=False)
class Corpus:
    """The pools of one source under one preprocessing.

    A pool is also an attribute by the name of its modality.

    Args:
        source: Name of the source.
        pools: By modality, in the source's order.
        fingerprint: 16 hexadecimal digits of a SHA-256 over content and preprocessing settings.
        banner: One sentence that says what data this is.
        content: Fingerprint of the content alone, for sources that are not pinned; see
            `DataSettings.fingerprint`.
        checksum: Of the pools as `load_corpus` made them, which binds them to the fingerprint;
            empty for a corpus made by hand, which no network is trained on.
    """

    source: str
    pools: Mapping[str, Pool]
    fingerprint: str
    banner: str
    content: str | None = None
    checksum: str = ""

    def __getattr__(self, name: str) -> Pool:
        # Only asked for names that are no fields; `pools` itself is absent while copying.
        pools = self.__dict__.get("pools", {})
        if name in pools:
            found: Pool = pools[name]
            return found
        raise AttributeError(f"corpus has no pool {name!r}; it has {', '.join(pools)}")

    @property
    def is_whole(self) -> bool:
        """Whether the pools are those that the fingerprint was taken of."""
        return self.checksum == _checksum(self.pools)


def load_corpus(settings: DataSettings, location: Location) -> Corpus:
    """Read, check and preprocess the data of a location.

    Args:
        settings: Source and preprocessing; with a content's fingerprint, only that content.
        location: Where the source is, from `locate`.

    Raises:
        InputError: The location holds another source than the settings name.
        DataError: The data is missing, damaged or not what it says it is.
    """
    if settings.source != location.source:
        raise InputError(
            f"data: location must hold source {settings.source!r}, got "
            f"{location.source!r} ({location.reason}). Locate the source the settings name."
        )
    source = SOURCES[settings.source]
    reading = source.read(settings, location.folder)
    _check(source, settings, reading)
    content = None if source.is_pinned else content_of(reading.digests)
    if settings.fingerprint not in (None, content):
        raise DataError(
            f"data: the content of source {source.name!r} must have the fingerprint "
            f"{settings.fingerprint}, got {content}. The data has changed since these trials were "
            "defined; define them anew."
        )
    return Corpus(
        source=settings.source,
        pools=reading.pools,
        fingerprint=_fingerprint(settings, reading.digests if content is None else (content,)),
        banner=banner_of(location),
        content=content,
        checksum=_checksum(reading.pools),
    )


def content_of(digests: Iterable[str]) -> str:
    """The fingerprint of a content, 16 hexadecimal digits, from the digests of its parts."""
    return _hash(*digests)[:16]


def content_at(location: Location) -> str | None:
    """What `DataSettings.fingerprint` is for a location: None for a source that is pinned.

    Raises:
        DataError: The content cannot be read.
    """
    source = SOURCES[location.source]
    return None if source.is_pinned else content_of(source.digests(location.folder))


def require_content(settings: DataSettings, corpus: Corpus, where: str) -> None:
    """Refuse a corpus that is not the data which settings stand for: a trial's name holds its data.

    Raises:
        DataError: Its source, content or preprocessing is another one, or its pools were changed
            after they were read.
    """
    source = SOURCES[settings.source]
    expected = source.digests(None) if source.is_pinned else (settings.fingerprint or "none",)
    remedy = (
        "Make data of your own a source (spikefuse.data.sources.memory), and set a definition's "
        "content with TrialDefinition.on(corpus)."
    )
    wanted, found = _fingerprint(settings, expected), corpus.fingerprint
    if (corpus.source, found) != (settings.source, wanted):
        raise DataError(
            f"{where}: corpus must be the data of the definition (source {settings.source!r}, "
            f"fingerprint {wanted}), got source {corpus.source!r}, fingerprint {found}. {remedy}"
        )
    if not corpus.is_whole:
        raise DataError(
            f"{where}: corpus must hold what was read of source {settings.source!r}, got pools "
            f"that were changed since, or made by hand. {remedy}"
        )


def _check(source: Source, settings: DataSettings, reading: Reading) -> None:
    """What a source says of itself holds for what it reads."""
    where = f"source {source.name}"
    names = tuple(modality.name for modality in source.modalities)
    require(tuple(reading.pools) == names, where, "pools", f"of {names}", tuple(reading.pools))
    for modality in source.modalities:
        pool, kind = reading.pools[modality.name], KINDS[modality.kind]
        got = (str(pool.inputs.dtype).removeprefix("torch."), tuple(pool.inputs.shape[1:]))
        wanted = (kind.dtype, modality.shape(settings))
        require(got == wanted, where, f"inputs of {modality.name}", str(wanted), str(got))
        top = int(pool.labels.max()) if len(pool.labels) else 0
        low = int(pool.labels.min()) if len(pool.labels) else 0
        is_fine = not pool.labels.dtype.is_floating_point and 0 <= low <= top < len(source.classes)
        constraint = f"whole numbers from 0 to {len(source.classes) - 1}"
        require(is_fine, where, f"labels of {modality.name}", constraint, (low, top))


def _checksum(pools: Mapping[str, Pool]) -> str:
    return _hash(*(pool.checksum() for pool in pools.values()))


def _fingerprint(settings: DataSettings, digests: tuple[str, ...]) -> str:
    # Of the first fields, in their order, the text that was hashed from the beginning; of later
    # ones what differs from its default.
    text = settings.model_dump_json(include=set(settings.first_fields))
    later = settings.model_dump(exclude={*settings.first_fields, "fingerprint"})
    text += json.dumps(later, sort_keys=True) if later else ""
    return _hash(*digests, RECIPE, text)[:16]


def _hash(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
