"""The kinds of files by name; a new kind is one file and one line here."""

from spikefuse.data.own.kinds import arrays, images, sound
from spikefuse.data.own.kinds.contract import Kind

KINDS: dict[str, Kind] = {
    "image": images.KIND,
    "audio": sound.KIND,
    "array": arrays.KIND,
}


def kind_of(suffix: str) -> str | None:
    """The kind whose files end in a suffix, whatever its case.

    Example:
        >>> kind_of(".JPG"), kind_of(".txt")
        ('image', None)
    """
    return next((name for name, kind in KINDS.items() if suffix.lower() in kind.suffixes), None)
