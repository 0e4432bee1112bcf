"""Direct encoding: one time step that stands for all, channels last."""

import torch

from spikefuse.encoders import ENCODERS


def test_direct_encoding_adds_one_step_and_puts_channels_last() -> None:
    x = torch.rand(2, 5, 3, 4, 6)
    encoded = ENCODERS["direct"]("image", [0, 1], 4)(x, None)
    assert encoded.shape == (2, 1, 5, 4, 6, 3)
    assert torch.equal(encoded[1, 0, 2, 3, 5], x[1, 2, :, 3, 5])
    assert encoded.data_ptr() == x.data_ptr(), "no copy"
