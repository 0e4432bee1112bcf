"""Parts of somebody's own, from Python."""

import os
from pathlib import Path

from spikefuse.core.checks import require
from spikefuse.core.plugins import load_plugin


def plugin(path: str | Path) -> str:
    """Load a file that registers parts, as `--plugin` does; once, however often it is called.

    What is trained with its parts holds the file's name and the hash of its content, which a plain
    `import` of the file would not tell.

    Args:
        path: A Python file.

    Returns:
        Its label: name and hash.

    Raises:
        InputError: It cannot be read or does not run.
    """
    is_path = isinstance(path, str | os.PathLike)
    require(is_path, "plugin", "path", "a Python file", type(path).__name__)
    return load_plugin(Path(path)).label
