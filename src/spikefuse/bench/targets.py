"""What the engine is measured by: each target as a ratio of two medians of one sitting."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Medians = Mapping[str, float]


@dataclass(frozen=True)
class Target:
    """A ratio or a time and the bound it should keep."""

    what: str
    bound: float
    sense: Literal["at least", "at most"]
    value: Callable[[Mapping[str, Any]], float | None]
    unit: str = ""

    def is_met(self, value: float) -> bool:
        """Whether the value keeps the bound."""
        return value >= self.bound if self.sense == "at least" else value <= self.bound


def _median(record: Mapping[str, Any], name: str) -> float | None:
    found = record["contestants"].get(name)
    return None if found is None else float(found["median_ms"])


def _ratio(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else first / second


def _fastest(record: Mapping[str, Any], ending: tuple[str, ...]) -> float | None:
    found = [
        entry["median_ms"]
        for name, entry in record["contestants"].items()
        if name.startswith(("snntorch-", "spikingjelly-")) and name.endswith(ending)
    ]
    return min(found, default=None)


def _of(first: str, second: str) -> Callable[[Mapping[str, Any]], float | None]:
    return lambda record: _ratio(_median(record, first), _median(record, second))


def _per_sample(record: Mapping[str, Any], name: str) -> float | None:
    found = record["contestants"].get(name)
    return None if found is None else float(found["median_ms"]) / float(found["samples"])


def _memory(record: Mapping[str, Any]) -> float | None:
    memory = record.get("memory_bytes", {})
    return _ratio(memory.get("spikingjelly-documented"), memory.get("ours-bf16"))


TARGETS: tuple[Target, ...] = (
    Target(
        "fastest peer's best mode (compiled; float32 or bf16 autocast) / ours",
        4.0,
        "at least",
        lambda r: _ratio(_fastest(r, ("-best", "-best-bf16")), _median(r, "ours-bf16")),
    ),
    Target(
        "fastest peer as documented / ours",
        8.0,
        "at least",
        lambda r: _ratio(_fastest(r, ("-documented",)), _median(r, "ours-bf16")),
    ),
    Target(
        "ours / the convolutions and matrix products alone in the same precision",
        1.25,
        "at most",
        _of("ours-bf16", "products-bf16"),
    ),
    Target(
        "ours at T = 4 / plain eager PyTorch DNN step",
        1.0,
        "at most",
        _of("ours-bf16", "plain-dnn"),
    ),
    Target("T = 16 / T = 4", 4.0, "at most", _of("ours-bf16-t16", "ours-bf16")),
    Target(
        "peak memory beyond weights and optimiser, SpikingJelly as documented / ours",
        4.0,
        "at least",
        _memory,
    ),
    Target(
        "float32 mode: fastest peer's best float32 mode / ours in float32",
        2.0,
        "at least",
        lambda r: _ratio(_fastest(r, ("-best",)), _median(r, "ours-float32")),
    ),
    Target(
        "evaluation with noise, per sample: reference path / ours",
        5.0,
        "at least",
        lambda r: _ratio(_per_sample(r, "noise-reference"), _per_sample(r, "noise-bf16")),
    ),
    Target(
        "`reproduce` with profile quick on real data, warm",
        10.0,
        "at most",
        lambda r: _minutes(r, "quick"),
        " min",
    ),
    Target(
        "`reproduce` with profile smoke, warm",
        30.0,
        "at most",
        lambda r: r.get("reproduce_s", {}).get("smoke"),
        " s",
    ),
)
"""In the order of the page."""


def _minutes(record: Mapping[str, Any], profile: str) -> float | None:
    seconds = record.get("reproduce_s", {}).get(profile)
    return None if seconds is None else float(seconds) / 60
