"""Data sources by name. A further one is a record of `contract.Source` and a line here."""

from spikefuse.core.registry import register
from spikefuse.data.sources.av_mnist import AV_MNIST
from spikefuse.data.sources.contract import Source
from spikefuse.data.sources.digits import BUILTIN, MNIST_FSDD
from spikefuse.data.sources.fashion import FASHION_FSDD
from spikefuse.data.sources.nmnist import N_MNIST, N_MNIST_FSDD

SOURCES: dict[str, Source] = {
    source.name: source
    for source in (MNIST_FSDD, BUILTIN, FASHION_FSDD, N_MNIST, N_MNIST_FSDD, AV_MNIST)
}
"""Data sources by name."""

DEFAULT, FALLBACK = MNIST_FSDD.name, BUILTIN.name
"""What is looked for where a user names nothing, and what is used where that is found nowhere."""


def register_source(source: Source) -> Source:
    """Add a source of one's own.

    Raises:
        InputError: Its name is taken or is no plain word.
    """
    return register("source", SOURCES, source.name, source)


def choices() -> dict[str, str | None]:
    """What a user may ask for, and the source it forces; "auto" forces none."""
    named: dict[str, str | None] = {"auto": None}
    for source in SOURCES.values():
        named |= dict.fromkeys((*source.aliases, source.name), source.name)
    return named
