"""Reset modes, apart from the neuron: a record names one without PyTorch."""

RESETS: dict[str, int] = {"none": 0, "soft": 1, "hard": 2}
"""Reset modes and the numbers by which kernels know them."""
