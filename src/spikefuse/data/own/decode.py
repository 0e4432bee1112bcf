"""Every file of a modality to one tensor: read once, in chunks, each kept under its content's hash.

Memory is what is kept plus one chunk. A second start opens no file that is as it was and decodes
none; where a file has changed, only its chunk is decoded again.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spikefuse.core.errors import InputError, MissingExtraError
from spikefuse.data.own.description import Modality, Sample
from spikefuse.data.own.kinds.arrays import as_floats, decode_array, units_of
from spikefuse.data.own.kinds.contract import Decoded, Kind, Plan, Unreadable
from spikefuse.data.own.kinds.registry import KINDS
from spikefuse.data.own.known_files import KnownFiles, content_of, stamp_of
from spikefuse.data.own.layouts.stacks import load_stack
from spikefuse.data.own.refusals import known_keys, one_line, refusal
from spikefuse.data.own.settings import OF_ALL_KINDS, ModalitySettings, OwnSettings, checked
from spikefuse.data.places.cache import cached_tensors

Progress = Callable[[str, int, int], None]
"""Is told the modality, how many of its samples are read, and how many there are."""

_CHUNK_FILES = 1_000
_CHUNK_BYTES = 1 << 26
_LOOKED_AT = 1_000
"""So many files, evenly spaced, settle what a modality's settings leave open."""

_STEP = 100
_OF_NOTHING = hashlib.sha256().digest()


@dataclass(frozen=True, eq=False)
class DecodedModality:
    """A modality as tensors.

    Args:
        source: Where it came from; samples at equal positions.
        plan: What every file became.
        values: [N, ...]; zeros where a file is unreadable.
        facts: [N, F] float64 in the order of the kind's `facts`; nan where unreadable.
        digests: [N] SHA-256 of each file's content, 32 bytes.
        unreadable: Position -> reason.
    """

    source: Modality
    plan: Plan
    values: Tensor
    facts: NDArray[np.float64]
    digests: tuple[bytes, ...]
    unreadable: Mapping[int, str]

    def fact(self, name: str) -> NDArray[np.float64]:
        """One fact of every sample, [N]."""
        column: NDArray[np.float64] = self.facts[:, KINDS[self.source.kind].facts.index(name)]
        return column


def told_of(modality: Modality, settings: OwnSettings) -> tuple[ModalitySettings, Any]:
    """What is said about a modality, and of that what its kind is told.

    Raises:
        InputError: A key is unknown or a value is not allowed.
    """
    own = settings.modalities.get(modality.name, ModalitySettings())
    record, where = KINDS[modality.kind].settings, f"modality {modality.name}"
    known_keys(own.decoding, [*record.model_fields, *OF_ALL_KINDS], where)
    return own, checked(record, own.decoding, where)


def decode(
    modality: Modality,
    settings: OwnSettings,
    cache: Path | None,
    progress: Progress | None = None,
) -> DecodedModality:
    """Read and decode a modality.

    Args:
        modality: Its samples.
        settings: What is said about it.
        cache: Folder of decoded chunks; None to keep none.
        progress: Is told how far it is.

    Raises:
        InputError: The settings do not suit the files, no file that was looked at is readable, or
            one needs an optional part that is not installed.
    """
    own, told = told_of(modality, settings)
    kind = KINDS[modality.kind]
    if modality.samples[0].row is not None:
        return _stacked(modality, own, told, progress)
    return _from_files(modality, kind, _settled(modality, kind, told), cache, progress)


def _settled(modality: Modality, kind: Kind, told: Any) -> Plan:
    """What all files become, on a look at some."""
    samples = modality.samples
    places = np.linspace(0, len(samples) - 1, min(_LOOKED_AT, len(samples))).round().astype(int)
    looks: list[Any] = []
    first: str | None = None
    for place in places.tolist():
        try:
            stamp_of(samples[place])
            looks.append(kind.look(content_of(samples[place])))
        except Unreadable as error:
            first = first or f"{samples[place].name}: {error}"
        except MissingExtraError as error:
            raise _unpacked(samples[place].name, error) from error
    if not looks:
        raise refusal(
            f"modality {modality.name}", f"readable {kind.title}", str(first), "Mend the files."
        )
    return kind.plan(looks, told)


def _unpacked(name: str, error: MissingExtraError) -> InputError:
    """A part that is not installed is about the file that needs it, and for its owner to mend."""
    return InputError(one_line(f"own data: {name}: {str(error).removeprefix('own data: ')}"))


def _from_files(
    modality: Modality, kind: Kind, plan: Plan, cache: Path | None, progress: Progress | None
) -> DecodedModality:
    count = len(modality.samples)
    values = torch.zeros(count, *plan.shape, dtype=torch.from_numpy(np.empty(0, plan.dtype)).dtype)
    facts = np.full((count, len(kind.facts)), np.nan)
    digests: list[bytes] = []
    unreadable: dict[int, str] = {}
    header = "\x1f".join([modality.kind, kind.recipe, plan.settings.model_dump_json()]).encode()
    known = KnownFiles(cache, modality.samples)
    for chunk in _chunks(modality.samples, known):
        start = len(digests)
        digests += chunk.digests

        def report(done: int, start: int = start) -> None:
            if progress is not None and (done % _STEP == 0 or start + done == count):
                progress(modality.name, start + done, count)

        def compute(chunk: _Chunk = chunk) -> Mapping[str, Tensor]:
            return _decode_chunk(chunk.read(), kind, plan, report)

        key = hashlib.sha256(header + b"".join(chunk.digests)).hexdigest()[:32]
        stored = cached_tensors(cache, key, compute)
        values[start : len(digests)] = stored["values"]
        facts[start : len(digests)] = stored["facts"].numpy()
        reasons = {
            int(each): why for each, why in json.loads(bytes(stored["reasons"].tolist())).items()
        }
        unreadable |= {start + place: why for place, why in (reasons | chunk.failed).items()}
        report(len(chunk.digests))
    known.save()
    return DecodedModality(modality, plan, values, facts, tuple(digests), unreadable)


@dataclass
class _Chunk:
    """Files that are decoded together.

    Args:
        samples: In order.
        contents: What was read of them; None where the content is known by its digest.
        digests: Of the contents; of nothing where a file is unreadable.
        failed: Place -> reason.
    """

    samples: list[Sample]
    contents: list[bytes | None]
    digests: list[bytes]
    failed: dict[int, str]
    size: int = 0

    def read(self) -> list[bytes]:
        """Every content; what was not read yet is read now.

        Raises:
            InputError: A file changed after it was looked at.
        """
        for place, content in enumerate(self.contents):
            if content is None:
                self.contents[place] = self._reread(place)
        return [content or b"" for content in self.contents]

    def _reread(self, place: int) -> bytes:
        sample = self.samples[place]
        try:
            content = content_of(sample)
        except Unreadable as error:
            raise refusal(sample.name, "as it was", str(error), "Start again.") from error
        if hashlib.sha256(content).digest() != self.digests[place]:
            raise refusal(sample.name, "as it was", "another content", "Start again.")
        return content


def _chunks(samples: Sequence[Sample], known: KnownFiles) -> Iterator[_Chunk]:
    """The files, so many at a time that memory is bounded."""
    chunk = _Chunk([], [], [], {})
    for number, sample in enumerate(samples):
        content: bytes | None = b""
        digest = _OF_NOTHING
        try:
            stamp = stamp_of(sample)
            chunk.size += stamp[0]
            stored = known.digest(number, stamp)
            content = None if stored else content_of(sample)
            digest = stored or hashlib.sha256(content or b"").digest()
            if not stored:
                known.keep(number, stamp, digest)
        except Unreadable as error:
            content = b""
            chunk.failed[len(chunk.samples)] = str(error)
        chunk.samples.append(sample)
        chunk.contents.append(content)
        chunk.digests.append(digest)
        if len(chunk.samples) == _CHUNK_FILES or chunk.size >= _CHUNK_BYTES:
            yield chunk
            chunk = _Chunk([], [], [], {})
    if chunk.samples:
        yield chunk


def _decode_chunk(
    contents: Sequence[bytes], kind: Kind, plan: Plan, report: Callable[[int], None]
) -> dict[str, Tensor]:
    values = np.zeros((len(contents), *plan.shape), plan.dtype)
    facts = np.full((len(contents), len(kind.facts)), np.nan)
    reasons: dict[str, str] = {}
    for place, content in enumerate(contents):
        try:
            decoded = kind.decode(content, plan)
        except Unreadable as error:
            reasons[str(place)] = str(error)
        except MissingExtraError as error:
            raise _unpacked(f"file {place + 1}", error) from error
        else:
            values[place], facts[place] = decoded.values, decoded.facts
        report(place + 1)
    text = np.frombuffer(json.dumps(reasons).encode(), np.uint8).copy()
    return {
        "values": torch.from_numpy(values),
        "facts": torch.from_numpy(facts),
        "reasons": torch.from_numpy(text),
    }


def _stacked(
    modality: Modality, own: ModalitySettings, told: Any, progress: Progress | None
) -> DecodedModality:
    """The rows of one array."""
    if own.kind not in (None, "array") or own.decoding:
        raise refusal(
            f"modality {modality.name}",
            "left as it is, an array",
            ", ".join([*own.decoding, own.kind or ""]).strip(", "),
            "Take it out.",
        )
    first = modality.samples[0]
    array = load_stack(Path(first.path), first.entry)
    count, shape = len(array), tuple(array.shape[1:])
    if not 1 <= len(shape) <= 3:
        raise refusal(
            f"array {modality.name}",
            "[N, features], [N, time, features] or [N, C, H, W]",
            f"shape {list(array.shape)}",
            "Save it so.",
        )
    plan = Plan(told, shape, np.dtype(np.float32), units_of(shape))
    values = torch.zeros(count, *shape)
    facts = np.full((count, len(KINDS["array"].facts)), np.nan)
    digests, unreadable = [], {}
    for row in range(count):
        content = np.ascontiguousarray(array[row])
        digests.append(hashlib.sha256(content.tobytes()).digest())
        try:
            decoded: Decoded = decode_array(as_floats(content), plan)
        except Unreadable as error:
            unreadable[row] = str(error)
        else:
            values[row], facts[row] = torch.from_numpy(decoded.values), decoded.facts
        if progress is not None and ((row + 1) % _STEP == 0 or row + 1 == count):
            progress(modality.name, row + 1, count)
    return DecodedModality(modality, plan, values, facts, tuple(digests), unreadable)
