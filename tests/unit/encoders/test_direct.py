"""Direct encoding stores the input once, channels last."""

import torch

from spikefuse.encoders import DirectEncoder


def test_layout_and_a_time_axis_of_one() -> None:
    x = torch.rand(2, 5, 3, 4, 6)
    encoded = DirectEncoder()(x)
    assert encoded.shape == (2, 1, 5, 4, 6, 3)
    assert torch.equal(encoded[1, 0, 2, 3, 5], x[1, 2, :, 3, 5])
    assert encoded.data_ptr() == x.data_ptr(), "no copy"
