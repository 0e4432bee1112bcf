"""Makes `neuron_cases` importable for these tests: the import mode gives them no siblings."""

import importlib.util
import sys
from pathlib import Path

if "neuron_cases" not in sys.modules:
    spec = importlib.util.spec_from_file_location(
        "neuron_cases", Path(__file__).with_name("neuron_cases.py")
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["neuron_cases"] = module
    spec.loader.exec_module(module)
