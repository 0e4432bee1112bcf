"""Surrogate derivatives: what stands in for the derivative of a spike.

A spike is the step function of `x = h - threshold`; its derivative is zero almost everywhere. In
the backward pass a surrogate replaces it. Each one here is a scale family: a shape whose primitive
rises from 0 to 1, stretched by its `width` w (in units of the membrane potential), so that widths
of different shapes can be compared and the area under each derivative is 1.

| name         | derivative at x, with u = x / w | peak   | known as                        |
|--------------|---------------------------------|--------|---------------------------------|
| boxcar       | 1/(2w) if abs(u) < 1, else 0    | 1/(2w) | rectangular, STBP               |
| atan         | 1/(2w) / (1 + (pi/2 u)^2)       | 1/(2w) | ATan, alpha = 1/w               |
| fast_sigmoid | 1/(2w) / (1 + abs(u))^2         | 1/(2w) | SuperSpike (there without 1/2w) |
| triangle     | 1/w max(0, 1 - abs(u))          | 1/w    | piecewise linear                |

Source: Neftci, Mostafa, Zenke, "Surrogate gradient learning in spiking neural networks",
IEEE Signal Processing Magazine 36(6), 2019, doi 10.1109/MSP.2019.2931595.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spikefuse.core.checks import one_of, require

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class SurrogateShape:
    """One family of surrogates: its derivative, its primitive and how kernels number it.

    A family without a number is learned with by the eager and the reference implementation alone.
    """

    code: int | None
    formula: str
    default_width: float
    derivative: Callable[[Tensor, float], Tensor]
    primitive: Callable[[Tensor, float], Tensor]


def _boxcar(x: Tensor, width: float) -> Tensor:
    return (x.abs() < width).to(x.dtype).mul_(0.5 / width)


def _boxcar_primitive(x: Tensor, width: float) -> Tensor:
    return (x / (2 * width) + 0.5).clamp(0.0, 1.0)


def _atan(x: Tensor, width: float) -> Tensor:
    return (0.5 / width) / (1 + (x * (math.pi / 2 / width)).square())


def _atan_primitive(x: Tensor, width: float) -> Tensor:
    import torch

    return torch.atan(x * (math.pi / 2 / width)) / math.pi + 0.5


def _fast_sigmoid(x: Tensor, width: float) -> Tensor:
    return (0.5 / width) / (1 + x.abs() / width).square()


def _fast_sigmoid_primitive(x: Tensor, width: float) -> Tensor:
    u = x / width
    return 0.5 * (1 + u / (1 + u.abs()))


def _triangle(x: Tensor, width: float) -> Tensor:
    return (1 - x.abs() / width).clamp_min(0.0) / width


def _triangle_primitive(x: Tensor, width: float) -> Tensor:
    u = (x / width).clamp(-1.0, 1.0)
    return 0.5 + u - 0.5 * u * u.abs()


SHAPES: dict[str, SurrogateShape] = {
    "boxcar": SurrogateShape(0, "1/(2w) if |x| < w else 0", 0.5, _boxcar, _boxcar_primitive),
    "atan": SurrogateShape(1, "1/(2w) / (1 + (pi x / 2w)^2)", 0.5, _atan, _atan_primitive),
    "fast_sigmoid": SurrogateShape(
        2, "1/(2w) / (1 + |x|/w)^2", 0.5, _fast_sigmoid, _fast_sigmoid_primitive
    ),
    "triangle": SurrogateShape(3, "1/w max(0, 1 - |x|/w)", 1.0, _triangle, _triangle_primitive),
}


@dataclass(frozen=True)
class Surrogate:
    """A surrogate derivative: a shape by name and its width.

    Args:
        name: One of `SHAPES`.
        width: Width w in units of the membrane potential, above 0; None takes the shape's own.

    Raises:
        InputError: The name is unknown or the width is not a positive finite number.

    Example:
        >>> import torch
        >>> Surrogate("atan").width
        0.5
        >>> Surrogate("boxcar", 0.5).derivative(torch.tensor([-0.6, 0.0, 0.49])).tolist()
        [0.0, 1.0, 1.0]
    """

    name: str = "boxcar"
    width: float | None = None

    def __post_init__(self) -> None:
        one_of("surrogate", "name", self.name, SHAPES)
        if self.width is None:
            object.__setattr__(self, "width", SHAPES[self.name].default_width)
        assert self.width is not None
        is_learned = getattr(self.width, "requires_grad", False)
        require(not is_learned, "surrogate", "width", "a number (it gets no gradient)", self.width)
        require(
            math.isfinite(self.width) and self.width > 0,
            "surrogate",
            "width",
            "a number above 0",
            self.width,
        )

    @property
    def shape(self) -> SurrogateShape:
        """The family this surrogate belongs to."""
        return SHAPES[self.name]

    def derivative(self, x: Tensor) -> Tensor:
        """The derivative at `x = h - threshold`, elementwise, in the shape and type of `x`.

        NaN where x is not finite: a membrane that overflowed fires no more, and must show in the
        gradient whatever the shape. `x - x` adds nothing to any other.

        Example:
            >>> import torch
            >>> Surrogate("boxcar").derivative(torch.tensor([0.0, 3.0, math.nan])).tolist()
            [1.0, 0.0, nan]
        """
        assert self.width is not None
        return self.shape.derivative(x, self.width) + (x - x)

    def primitive(self, x: Tensor) -> Tensor:
        """The smooth step from 0 to 1 whose derivative this is."""
        assert self.width is not None
        return self.shape.primitive(x, self.width)
