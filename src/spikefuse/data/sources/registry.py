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
    known = SOURCES.get(source.name)
    if known is not None and known.is_stand_in:
        del SOURCES[source.name]
    return register("source", SOURCES, source.name, source)


def has_samples(name: str) -> bool:
    """Whether a source of this name is known, and not only what a stored network says of it."""
    known = SOURCES.get(name)
    return known is not None and not known.is_stand_in


def choices() -> dict[str, str | None]:
    """What a user may ask for, and the source it forces; "auto" forces none."""
    named: dict[str, str | None] = {"auto": None}
    for source in SOURCES.values():
        if source.is_stand_in:
            continue
        named |= dict.fromkeys((*source.aliases, source.name), source.name)
    return named
