"""How long a plan will take: one training step is timed here and now, the rest is arithmetic."""

import time

import torch

from spikefuse.networks import MODALITIES, NetworkSpec, build
from spikefuse.networks.budget import count_macs
from spikefuse.studies.plan import Plan

BATCH = 50


def seconds_of(plan: Plan, workers: int, backend: str = "auto", device: str = "cpu") -> float:
    """Estimated seconds of what is left of a plan, from a timed step of the default SNN.

    Args:
        plan: From `make_plan`.
        workers: Processes of one thread that share the work.
        backend: The neuron's implementation.
        device: Where networks train.
    """
    if not plan.populations:
        return 0.0
    size = plan.profile.image_size
    spec = NetworkSpec(input_shapes=dict.fromkeys(MODALITIES["image"], (1, size, size)))
    network = build(spec, precision=plan.profile.precision, backend=backend).to(device)
    images = {"image": torch.rand(1, BATCH, 1, size, size, device=device)}
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        times = []
        for _ in range(3):
            begin = time.perf_counter()
            network(images).square().sum().backward()
            if device.startswith("cuda"):
                torch.cuda.synchronize()
            times.append(time.perf_counter() - begin)
    finally:
        torch.set_num_threads(threads)
    step_cost = 3 * BATCH * spec.time_steps * count_macs(spec, network.width)
    return plan.cost * min(times) / step_cost / max(1, min(workers, len(plan.populations)))
