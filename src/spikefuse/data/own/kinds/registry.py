"""The kinds of files by name; a new kind is one file and one line here."""

from pathlib import Path

from spikefuse.data.own.kinds import arrays, events, images, sound
from spikefuse.data.own.kinds.contract import Kind

KINDS: dict[str, Kind] = {
    "image": images.KIND,
    "audio": sound.KIND,
    "array": arrays.KIND,
    "events": events.KIND,
}


def kind_of(suffix: str) -> str | None:
    """The kind whose files end in a suffix, whatever its case.

    Example:
        >>> kind_of(".JPG"), kind_of(".txt")
        ('image', None)
    """
    ending = suffix.lower()
    return next((name for name, kind in KINDS.items() if ending in kind.suffixes), None)


def kind_of_file(path: Path) -> str | None:
    """The kind of a file: by its ending, and where several kinds have that, by its first bytes."""
    suffix = path.suffix.lower()
    sharing = [name for name, kind in KINDS.items() if suffix in kind.suffixes]
    claiming = (KINDS[name].claims for name in sharing[1:])
    for name, claims in zip(sharing[1:], claiming, strict=True):
        if claims is not None and claims(path):
            return name
    return sharing[0] if sharing else None
