"""Does a second modality help a spiking network, by how much, and is it real?

import spikefuse as sf
data = sf.dataset({"image": images, "sound": sounds}, labels)
fit = sf.fit(sf.network(data, fusion="gated"), data)
sf.compare(fit, sf.fit(sf.twin(fit.network), data)).sentence
"""

from typing import TYPE_CHECKING

from spikefuse.core.lazy import on_demand

if TYPE_CHECKING:
    from spikefuse.workbench.answers import compare, evaluate, noise
    from spikefuse.workbench.counting import count
    from spikefuse.workbench.data import Dataset, dataset
    from spikefuse.workbench.fits import Fit, fit, load
    from spikefuse.workbench.networks import Network, network, twin
    from spikefuse.workbench.parts import plugin
    from spikefuse.workbench.predictions import Prediction
    from spikefuse.workbench.questions import Answer, ask

__version__ = "0.1.0"

__all__ = [
    "Answer",
    "Dataset",
    "Fit",
    "Network",
    "Prediction",
    "__version__",
    "ask",
    "compare",
    "count",
    "dataset",
    "evaluate",
    "fit",
    "load",
    "network",
    "noise",
    "plugin",
    "twin",
]

# PyTorch takes seconds to import: `import spikefuse` leaves that to the first use.
on_demand(__name__)
