from collections.abc import Callable

import pytest
from own_arrays import arrays

import spikefuse as sf


@pytest.fixture(scope="session")
def data() -> "sf.Dataset":
    return sf.dataset(*arrays(), test=0.25)


@pytest.fixture(scope="session")
def small(data: "sf.Dataset") -> Callable[..., "sf.Network"]:
    """A small network on this data."""

    def make(**settings: object) -> "sf.Network":
        return sf.network(data, **{"parameters": 20_000, "plan": "mlp", "seeds": 2} | settings)

    return make
