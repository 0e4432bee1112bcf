"""A device that is not here is refused in one line."""

import pytest
import torch

from spikefuse.core.device import resolve_device
from spikefuse.core.errors import InputError


def test_cpu_is_always_here() -> None:
    assert resolve_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["gpuu", "meta", "cpu:x", "cuda:99", ""])
def test_what_is_not_here_is_refused_in_one_line(name: str) -> None:
    with pytest.raises(InputError, match="--device") as caught:
        resolve_device(name)
    assert "\n" not in str(caught.value)
