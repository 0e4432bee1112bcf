"""What a trained network says of one sample: a file, or an array."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from spikefuse.core.checks import one_of, require
from spikefuse.core.errors import InputError
from spikefuse.data import KINDS, Modality, load_corpus, locate
from spikefuse.data.files import read_sample
from spikefuse.data.sources.registry import has_samples
from spikefuse.encoders import Moment
from spikefuse.meters import METERS, Meter, Subject
from spikefuse.meters.energy import price
from spikefuse.meters.stored_counts import mean_counts
from spikefuse.networks import PopulationNetwork, build
from spikefuse.results import TrialStore
from spikefuse.training import TrialDefinition
from spikefuse.training.card import COST_MODEL
from spikefuse.training.feed import Feed
from spikefuse.training.interface import Interface, interface_of, scaled, stored_interface

_WHERE = "predict"


@dataclass(frozen=True, eq=False)
class Prediction:
    """What a network says of one sample.

    Attributes:
        label: Name of the class.
        position: Of that class among the data's.
        probability: The softmax of its logit: how sure the network is, not how often it is right.
        probabilities: Of every class by name, the most probable first.
        logits: [K].
        spikes: By hidden layer; empty for a dense network.
        energy_nj: Of this inference under the cost model; None where operations are not counted.
        cost_model: Its name.
        samples: By modality, as the data set would hold them.
        rasters: By hidden layer, [T, ...] bool; empty for a dense network.
        missing: Modalities that were not given.
    """

    label: str
    position: int
    probability: float
    probabilities: Mapping[str, float]
    logits: Tensor
    spikes: Mapping[str, int]
    energy_nj: float | None
    cost_model: str
    samples: Mapping[str, Tensor]
    rasters: Mapping[str, Tensor]
    missing: tuple[str, ...]

    def __repr__(self) -> str:
        """The answer, in a line."""
        without = f", without {', '.join(self.missing)}" if self.missing else ""
        return f"Prediction({self.label}, probability {100 * self.probability:.1f} %{without})"


class _Spikes(Meter):
    """Keeps what left each hidden layer."""

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self.rasters: dict[str, Tensor] = {}

    def update(self, site: str, output: Tensor) -> None:
        if site in self.subject.sites:
            self.rasters[site] = (output[0, :, 0] != 0).cpu()

    def compute(self) -> list[dict[str, Tensor]]:
        return [self.rasters]


@dataclass(frozen=True, eq=False)
class Predictor:
    """A trained network with what it needs to be shown a sample; made by `predictor_of`."""

    definition: TrialDefinition
    interface: Interface
    network: PopulationNetwork

    def modality(self, name: str) -> Modality:
        """One that the network sees.

        Raises:
            InputError: It sees none of this name.
        """
        return self.interface.modality(
            one_of(_WHERE, "modality", name, list(self.definition.modalities))
        )

    def sample(self, name: str, value: Any) -> Tensor:
        """A file or an array as a sample of a modality, as the data set would hold it.

        Raises:
            InputError: It cannot be read, or is of another shape or type.
        """
        modality = self.modality(name)
        shape = self.interface.modalities[name].shape
        if isinstance(value, str | Path):
            recipe = (
                None if modality.from_file is None else modality.from_file(self.definition.data)
            )
            found = read_sample(Path(value), recipe, _WHERE, name)
        else:
            found = value if isinstance(value, Tensor) else torch.as_tensor(value)
            found = found.detach().cpu()
        dtype = getattr(torch, KINDS[modality.kind].dtype)
        alike = [size for size in found.shape if size > 1] == [size for size in shape if size > 1]
        wanted = f"a file or one sample {list(shape)} of type {dtype}"
        got = (list(found.shape), str(found.dtype))
        may_cast = dtype.is_floating_point and not found.is_complex()
        require(alike and (may_cast or found.dtype == dtype), _WHERE, name, wanted, got)
        found = found.to(dtype).reshape(shape)
        is_fine = not dtype.is_floating_point or bool(torch.isfinite(found).all())
        require(is_fine, _WHERE, name, "finite", "a number that is not")
        return found

    def inputs(self, samples: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Samples as the network sees them, [1, 1, ...]."""
        scale = self.definition.image_scale
        return {
            name: scaled(
                sample[None, None], self.modality(name), scale, self.interface.statistics(name)
            )
            for name, sample in samples.items()
        }

    @torch.no_grad()
    def predict(self, values: Mapping[str, Any]) -> Prediction:
        """What the network says; see `Fit.predict`."""
        if not values:
            names = ", ".join(self.definition.modalities)
            raise InputError(f"{_WHERE}: inputs must be of {names}, got none of them.")
        for name in values:
            self.modality(name)
        samples = {
            name: self.sample(name, values[name])
            for name in self.definition.modalities
            if name in values
        }
        shown = self.inputs(samples)
        # Encoders that draw spikes draw those of the data's first sample: the same at every call.
        moment = Moment({name: torch.zeros(1, 1, dtype=torch.int64) for name in shown})
        is_spiking = self.definition.network == "snn"
        watch = _Spikes(Subject(1, self.network.hidden_sites))
        logits = self.network(
            shown, meters=(watch,) if is_spiking else (), moment=moment, some=True
        )[0, 0]
        chances = torch.softmax(logits.double(), dim=0)
        order = chances.argsort(descending=True, stable=True).tolist()
        position, classes = int(logits.argmax()), self.interface.classes
        return Prediction(
            label=classes[position],
            position=position,
            probability=float(chances[position]),
            probabilities={classes[each]: float(chances[each]) for each in order},
            logits=logits,
            spikes={site: int(each.sum()) for site, each in watch.rasters.items()},
            energy_nj=self._energy(shown, moment) if is_spiking else None,
            cost_model=COST_MODEL,
            samples=samples,
            rasters=watch.rasters,
            missing=tuple(name for name in self.definition.modalities if name not in samples),
        )

    def _energy(self, shown: Mapping[str, Tensor], moment: Moment) -> float:
        """Of this inference, in nJ."""
        meter = METERS["synops"].make(Subject(1, self.network.hidden_sites))
        with meter.watching(self.network):
            meter.begin(0, 1)
            self.network(shown, moment=moment, some=True)
        counts = mean_counts(meter.compute()[0])
        return float(price(counts, COST_MODEL).total_pj().sum()) / 1e3


def predictor_of(
    store: TrialStore, definition: TrialDefinition, data_dir: Path | None = None
) -> Predictor:
    """A stored network, ready to be asked.

    Args:
        store: Where its trial lies.
        definition: Of the trial.
        data_dir: Where the data is, for a trial that was stored without its statistics.

    Raises:
        InputError: It was stored without its statistics, and its data is not known here.
        DataError: That data is found nowhere.
    """
    folder = store.folder(definition.name)
    interface = stored_interface(folder)
    if interface is None:
        source = definition.data.source
        if not has_samples(source):
            raise InputError(
                f"{_WHERE}: trial {definition.name} must hold its statistics, got one of an early "
                f"version, and its data {source!r} is not known here. Name the data (--data PATH)."
            )
        corpus = load_corpus(definition.data, locate(source, data_dir))
        interface = interface_of(Feed(corpus, [definition]), 0)
    network = build([definition.network_spec()], [definition.seed], definition.precision).eval()
    network.load_member(0, folder.weights())
    return Predictor(definition, interface, network)
