"""What a shell or a notebook hands to a command, made fit for it before it begins."""

import os

from spikefuse.core.errors import StoreError


def prepare() -> None:
    """Before any command.

    Raises:
        StoreError: The working folder is gone.
    """
    # Of a notebook from which we are started; nothing of ours is shown in a window.
    os.environ["MPLBACKEND"] = "agg"
    try:
        os.getcwd()
    except FileNotFoundError:
        raise StoreError(
            "spikefuse: the working folder must exist, got one that was deleted. "
            "Go to another one with cd and run the same command again."
        ) from None
