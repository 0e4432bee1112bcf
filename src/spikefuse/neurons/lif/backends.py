"""Names of the implementations, apart from them: a command line lists them without PyTorch."""

BACKENDS = ("auto", "native", "triton", "eager", "reference")
"""`auto` takes the kernels of the device, `reference` is the definition, step by step."""
