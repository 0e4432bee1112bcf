"""What a run left behind, read with care: rows, trials, stored tensors."""
