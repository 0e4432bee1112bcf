"""The claims about noise, C9 to C18: how much of it, and where."""

from spikefuse.analysis.claims.rankings import SIZES, ascending
from spikefuse.analysis.claims.rules import (
    LEVEL_99,
    LEVEL_999,
    Claim,
    Levels,
    Part,
    above,
    at_least,
    loses_about,
    loses_more,
)
from spikefuse.analysis.figures import MODALITIES


def _noise_costs(modality: str, dnn: float, snn: float) -> tuple[Part, ...]:
    """Losses from noise 0.1 to noise 5 at S, and the DNN's the larger."""
    weak = {name: Levels(name, modality, noise_std=0.1) for name in ("dnn", "snn")}
    strong = {name: Levels(name, modality, noise_std=5.0) for name in ("dnn", "snn")}
    words = f"loss of {modality} DNN minus loss of {modality} SNN, from noise 0.1 to 5, at S"
    return (
        loses_about(dnn, weak["dnn"], strong["dnn"]),
        loses_about(snn, weak["snn"], strong["snn"]),
        loses_more(weak["dnn"], strong["dnn"], weak["snn"], strong["snn"], words),
    )


def _before_above_after(network: str) -> tuple[Part, ...]:
    return tuple(
        above(
            Levels(network, modality, noise_std=0.1, noise_position="before"),
            Levels(network, modality, noise_std=0.1, noise_position="after"),
        )
        for modality in MODALITIES
    )


NOISE_SIZE: tuple[Claim, ...] = (
    Claim(
        "C9",
        6,
        "Under noise 0.1 the multimodal DNN stays at 99.9 % at every size.",
        "99.9 %",
        "Accuracy under noise 0.1 at each of the three sizes is at least 99.85 %.",
        tuple(
            at_least(Levels("dnn", "fused", size, noise_std=0.1), LEVEL_999, 0.999)
            for size in SIZES
        ),
    ),
    Claim(
        "C10",
        6,
        "Under noise 0.1 the DNNs rank audio < image < multimodal.",
        "",
        "Image is above audio and fused is above image at each of the three sizes that the "
        "figure shows: six orderings.",
        tuple(
            part for size in SIZES for part in ascending(network="dnn", size=size, noise_std=0.1)
        ),
    ),
    Claim(
        "C11",
        7,
        "Under noise 0.1 the multimodal SNN stays at 99.9 %.",
        "99.9 %",
        "Accuracy under noise 0.1 at each of the three sizes that the figure shows is at "
        "least 99.85 %.",
        tuple(
            at_least(Levels("snn", "fused", size, noise_std=0.1), LEVEL_999, 0.999)
            for size in SIZES
        ),
    ),
    Claim(
        "C12",
        7,
        "Under noise 0.1 the image SNN is the lowest of the three; it loses about 4 pp at S "
        "and about 25 pp at S/3 against no noise.",
        "loses 4 pp at S, 25 pp at S/3",
        "Audio and fused are above image at each of the three sizes under noise 0.1, and "
        "image loses 3 to 5 pp at S and 18.75 to 31.25 pp at S/3 (the paper's numbers within "
        "a quarter).",
        (
            loses_about(0.04, Levels("snn", "image"), Levels("snn", "image", noise_std=0.1)),
            loses_about(
                0.25,
                Levels("snn", "image", "S/3"),
                Levels("snn", "image", "S/3", noise_std=0.1),
            ),
            *(
                above(
                    Levels("snn", other, size, noise_std=0.1),
                    Levels("snn", "image", size, noise_std=0.1),
                )
                for size in SIZES
                for other in ("audio", "fused")
            ),
        ),
    ),
    Claim(
        "C13",
        8,
        "From noise 0.1 to 5 at S, audio loses about 70 pp in the DNN and about 35 pp in the SNN.",
        "DNN loses 70 pp, SNN 35 pp",
        "The DNN loses 52.5 to 87.5 pp, the SNN 26.25 to 43.75 pp (the paper's numbers within "
        "a quarter), and the DNN loses more.",
        _noise_costs("audio", dnn=0.70, snn=0.35),
    ),
    Claim(
        "C14",
        8,
        "From noise 0.1 to 5 at S, image loses 0.5 pp in the DNN and 0.24 pp in the SNN.",
        "DNN loses 0.5 pp, SNN 0.24 pp",
        "The DNN loses 0.375 to 0.625 pp (the paper's number within a quarter), the SNN 0.14 "
        "to 0.34 pp (within 0.1 pp, the finest the paper reads), and the DNN loses more.",
        _noise_costs("image", dnn=0.005, snn=0.0024),
    ),
    Claim(
        "C15",
        8,
        "At S, going to noise 5 leaves the multimodal DNN at about 99 % and costs the "
        "multimodal SNN 9 pp.",
        "DNN 99 %, SNN loses 9 pp",
        "The fused DNN has at least 98.5 % under noise 5; the fused SNN loses 6.75 to 11.25 pp "
        "from noise 0.1 to 5 (the paper's number within a quarter).",
        (
            at_least(Levels("dnn", "fused", noise_std=5.0), LEVEL_99, 0.99),
            loses_about(
                0.09,
                Levels("snn", "fused", noise_std=0.1),
                Levels("snn", "fused", noise_std=5.0),
            ),
        ),
    ),
    Claim(
        "C16",
        8,
        "Under noise the better network is the SNN for one modality and the DNN for two.",
        "",
        "At S under noise 5, the SNN is above the DNN for image and for audio, and the DNN is "
        "above the SNN for fused. Noise 5, because the paper concludes this from what the step "
        "to noise 5 costs, and at noise 0.1 its own SNN image network is the weak one.",
        (
            *(
                above(
                    Levels("snn", modality, noise_std=5.0),
                    Levels("dnn", modality, noise_std=5.0),
                )
                for modality in ("image", "audio")
            ),
            above(Levels("dnn", "fused", noise_std=5.0), Levels("snn", "fused", noise_std=5.0)),
        ),
    ),
)
"""C9 to C16: how much of it."""


NOISE_POSITION: tuple[Claim, ...] = (
    Claim(
        "C17",
        9,
        "For DNNs at S, noise 0.1 before the activation hurts less than after it, in all "
        "three modalities.",
        "",
        "Accuracy with the noise before the activation is above accuracy with it after, for "
        "image, audio and fused.",
        _before_above_after("dnn"),
    ),
    Claim(
        "C18",
        10,
        "For SNNs at S, noise 0.1 before the activation hurts less than after it, in all "
        "three modalities.",
        "",
        "Accuracy with the noise before the activation is above accuracy with it after, for "
        "image, audio and fused.",
        _before_above_after("snn"),
    ),
)
"""C17 and C18: before the activation or after it."""
