"""A data source of one's own: three modalities of one event, four classes, six people."""

import torch

from spikefuse.data import memory_source, register_source

SHAPES = {"picture": (1, 28, 28), "sonar": (1, 20, 30), "touch": (6, 50)}
NAMES = ("circle", "square", "star", "cross")
SAMPLES, PEOPLE = 96, 6

generator = torch.Generator().manual_seed(5)
labels = torch.arange(SAMPLES) % len(NAMES)
people = torch.arange(SAMPLES) // len(NAMES) % PEOPLE
inputs = {}
for name, shape in SHAPES.items():
    prototypes = torch.rand(len(NAMES), *shape, generator=generator)
    noise = torch.randn(SAMPLES, *shape, generator=generator)
    inputs[name] = prototypes[labels] + 0.5 * noise
inputs["picture"] = (inputs["picture"].clamp(0, 1) * 255).to(torch.uint8)

register_source(
    memory_source(
        "three-senses",
        inputs,
        labels,
        groups=[f"p{person}" for person in people.tolist()],
        classes=NAMES,
    )
)
