"""How much a test tries: a little by default, all of it with SPIKEFUSE_LONG_TESTS=1."""

import os

IS_LONG = bool(os.environ.get("SPIKEFUSE_LONG_TESTS"))


def amount(short: int, long: int) -> int:
    """So many in `make test`, and so many in `make test-long`."""
    return long if IS_LONG else short
