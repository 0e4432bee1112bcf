"""Files of parts of somebody's own: loaded before all else, and their faults told in one line."""

import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from spikefuse.core.errors import SpikefuseError

OPTION = "--plugin"


def load_named(words: Sequence[str]) -> None:
    """Load the plugins among the words of a command line.

    Before the command is looked up: its help lists the parts that they register, and is printed
    before an option of its own is read.

    Raises:
        InputError: A file cannot be read or does not run.
    """
    paths = list(_paths(words))
    if paths:
        from spikefuse.core.plugins import load_plugins

        load_plugins(paths)


def _paths(words: Sequence[str]) -> Iterator[Path]:
    """What stands behind each `--plugin`; the parser refuses one with nothing behind it.

    Example:
        >>> [str(path) for path in _paths(["train", "--plugin=a.py", "--plugin", "b.py"])]
        ['a.py', 'b.py']
    """
    for word, after in zip(words, [*words[1:], ""], strict=True):
        name, sign, value = word.partition("=")
        if name == OPTION and (path := value if sign else after):
            yield Path(path)


def without_named(
    words: Sequence[str], commands: Collection[str], takes: Callable[[str], bool]
) -> list[str]:
    """The words without the plugins behind a command that has no option for them: they are loaded.

    Args:
        words: Of a command line.
        commands: Their names.
        takes: Whether a command has the option.

    Example:
        >>> without_named(["export", "T", "--plugin", "a.py"], {"export"}, lambda command: False)
        ['export', 'T']
        >>> without_named(["train", "--plugin=a.py"], {"train"}, lambda command: True)
        ['train', '--plugin=a.py']
    """
    places = [number for number, word in enumerate(words) if word in commands]
    places = [number for number in places if number == 0 or words[number - 1] != OPTION]
    if not places or OPTION not in {word.partition("=")[0] for word in words[places[0] :]}:
        return list(words)
    if takes(words[places[0]]):
        return list(words)
    kept, behind = list(words[: places[0]]), iter(words[places[0] :])
    for word in behind:
        name, sign, _ = word.partition("=")
        if name != OPTION:
            kept.append(word)
        elif not sign:
            next(behind, None)
    return kept


@contextmanager
def told_faults() -> Iterator[None]:
    """An error in a plugin's own lines is one line that says where, as every other.

    Raises:
        InputError: There was one.
    """
    try:
        yield
    except SpikefuseError:
        raise
    except (Exception, SystemExit) as error:  # a command that ends has no line of a plugin in it
        # Loaded only where a plugin may be: it brings what reads records.
        loaded = sys.modules.get("spikefuse.core.plugins")
        fault = loaded.fault_of(error) if loaded else None
        if fault is None:
            raise
        raise fault from error
