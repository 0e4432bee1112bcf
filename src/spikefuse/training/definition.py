"""The full definition of a trial: one network, its data, its training and its seed.

A trial's name is the hash of this record, so it holds everything that decides the numbers and
nothing else: no paths, no devices, no names of studies.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import Field

from spikefuse.core.record import NamedRecord
from spikefuse.core.registry import name_in
from spikefuse.data import DataSettings, Selection
from spikefuse.encoders import ENCODERS
from spikefuse.fusion import FUSIONS
from spikefuse.networks import MODALITIES, PLANS, NetworkSpec, NeuronSpec
from spikefuse.neurons import DENSE, NEURONS, SHAPES
from spikefuse.neurons.lif import RESETS
from spikefuse.results import definition_hash


class TrialDefinition(NamedRecord):
    """One network to be trained. Field names are the columns of the tidy results.

    Args:
        network: Spiking, or its dense twin.
        modality: What it sees.
        size: S (1.6 M parameters), S/2 or S/3.
        budget: Number of parameters, in place of a size.
        plan: Layers of each branch.
        fusion: Where the inputs of a fused network meet.
        neuron: The hidden neurons; relu is the dense twin's.
        leak: Share of the membrane that is kept from step to step.
        threshold: Firing threshold.
        reset: Of the membrane after a spike: less the threshold, to zero, or none.
        detach_reset: No gradient through the reset.
        surrogate: Derivative that stands in for a spike's.
        surrogate_width: Width of the surrogate, in the unit of the membrane.
        time_steps: T.
        readout: Time-mean of the last layer's current, or its spikes.
        encoder: How inputs are spread over time; direct repeats them.
        protocol: Which clip pairs with which image; disjoint has no clip on two sides.
        data: Source and preprocessing.
        selection: Which part of the data.
        image_scale: unit (0-1), byte (0-255) or standard (mean 0, std 1).
        epochs: Passes over the training data.
        batch_size: Samples of a training step.
        learning_rate: Adam's.
        precision: Of convolutions and matrix products.
        seed: Of everything random.
    """

    first_fields = frozenset(
        {
            *("network", "modality", "size", "budget", "plan", "fusion"),
            *("neuron", "leak", "threshold", "reset", "detach_reset"),
            *("surrogate", "surrogate_width", "time_steps", "readout"),
            *("protocol", "data", "selection", "image_scale"),
            *("epochs", "batch_size", "learning_rate", "precision", "seed"),
        }
    )

    network: Literal["snn", "dnn"] = "snn"
    modality: Literal["image", "audio", "fused"] = "image"
    size: str = "S"
    budget: int = 1_600_000
    plan: Annotated[str, name_in("plan", PLANS)] = "pool-twice"
    fusion: Annotated[str, name_in("fusion", FUSIONS)] = "none"
    neuron: Annotated[str, name_in("neuron", NEURONS)] = "lif"
    leak: float = 0.9
    threshold: float = 1.0
    reset: Annotated[str, name_in("reset", RESETS)] = "soft"
    detach_reset: bool = False
    surrogate: Annotated[str, name_in("surrogate", SHAPES)] = "boxcar"
    surrogate_width: float | None = None
    time_steps: Annotated[int, Field(ge=1)] = 4
    readout: Literal["mean-current", "spike-count"] = "mean-current"
    encoder: Annotated[str, name_in("encoder", ENCODERS)] = "direct"

    protocol: Literal["paper", "disjoint", "speaker"] = "disjoint"
    data: DataSettings = DataSettings(source="mnist-fsdd")
    selection: Selection = Selection()
    image_scale: Literal["unit", "byte", "standard"] = "unit"

    epochs: Annotated[int, Field(ge=1)] = 3
    batch_size: Annotated[int, Field(ge=1)] = 100
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    precision: Literal["float32", "bf16"] = "float32"
    seed: Annotated[int, Field(ge=0)] = 0

    @classmethod
    def create(cls, **values: Any) -> Self:
        """A definition in its canonical form: equal networks get equal records.

        A dense network has one time step and what its neuron has (`NeuronSpec`); a single
        modality has no fusion, and only the speaker protocol changes its split, so any other is
        written "disjoint".
        """
        filled = dict(values)
        if filled.get("network") == "dnn":
            filled |= {"neuron": DENSE, "time_steps": 1, "readout": "mean-current"}
            filled |= {"encoder": "direct"}
        neuron_fields = ("leak", "threshold", "reset", "detach_reset", "surrogate")
        neuron = NeuronSpec(
            model=filled.get("neuron", "lif"),
            surrogate_width=filled.get("surrogate_width"),
            **{key: filled[key] for key in neuron_fields if key in filled},
        )
        filled |= neuron.model_dump(exclude={"model", "constants"})
        modality = filled.get("modality", "image")
        if modality == "fused":
            if filled.get("fusion", "none") == "none":
                filled["fusion"] = "early"
        else:
            filled["fusion"] = "none"
            if modality == "image" or filled.get("protocol") != "speaker":
                filled["protocol"] = "disjoint"
        filled["selection"] = _relevant(
            Selection.model_validate(filled.get("selection", {})),
            modality,
            filled.get("protocol", "disjoint"),
        )
        return cls(**filled)

    @property
    def name(self) -> str:
        """The trial's name: the hash of what defines it, see `NamedRecord.naming`."""
        return definition_hash(self.naming())

    @property
    def modalities(self) -> tuple[str, ...]:
        """The inputs this network sees."""
        return MODALITIES[self.modality]

    def network_spec(self) -> NetworkSpec:
        """The network to build."""
        sizes = {"image": self.data.image_size, "audio": self.data.spectrogram_size}
        return NetworkSpec(
            network=self.network,
            modality=self.modality,
            input_shapes={name: (1, sizes[name], sizes[name]) for name in self.modalities},
            plan=self.plan,
            fusion=self.fusion,
            budget=self.budget,
            neuron=NeuronSpec(
                model=self.neuron,
                leak=self.leak,
                threshold=self.threshold,
                reset=self.reset,
                detach_reset=self.detach_reset,
                surrogate=self.surrogate,
                surrogate_width=self.surrogate_width,
            ),
            time_steps=self.time_steps,
            readout=self.readout,
            encoder=self.encoder,
        )

    def population_key(self) -> str:
        """Equal for trials that can train as one population: same shape, same number of steps."""
        from spikefuse.networks.build import population_key

        shared = self.model_dump(
            mode="json",
            include={
                "protocol",
                "data",
                "selection",
                "image_scale",
                "epochs",
                "batch_size",
                "precision",
            },
        )
        return f"{population_key(self.network_spec())} {definition_hash(shared)}"


def _relevant(selection: Selection, modality: str, protocol: str) -> Selection:
    """The selection without the settings that cannot matter, so that they do not change a name."""
    default = Selection()
    unused: set[str] = set()
    if modality == "image":
        unused |= {"clips", "validation_share_audio"}
    if modality == "audio":
        unused |= {"images", "test_images", "validation_share_image"}
    if modality != "fused":
        unused |= {"shuffle_audio"}
    if protocol != "speaker":
        unused |= {"held_out_speaker"}
    return selection.model_copy(update={key: getattr(default, key) for key in unused})
