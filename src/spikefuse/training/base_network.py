"""What a network has that is asked for without more: the choice of the census of networks.

The defaults of `TrialDefinition` are those of a guess at the paper's network, and stay: what is
stored without a field means its default. What every command and `sf.network` take is said here.
"""

from collections.abc import Mapping
from types import MappingProxyType

BASE_NETWORK: Mapping[str, str] = MappingProxyType({"surrogate": "triangle", "init": "calibrated"})
"""Settings by name; the surrogate has its own width. Under them no layer of the census stayed
silent, see "Which networks learn" in docs/method.md."""
