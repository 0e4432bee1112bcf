"""Which GPU each worker process sees: an environment for each device that jobs run on.

A job that asks for "cuda" takes the first GPU its process sees, so a process is shown one alone.
Nothing here asks a driver or PyTorch.
"""

import os
from collections.abc import Mapping

VISIBLE = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES")
"""Variables that choose among GPUs. PyTorch for ROCm reads both, and prefers the second one.

ROCR_VISIBLE_DEVICES chooses before either of them; what it leaves out stays out, and the others
count what it leaves.
"""

Environment = Mapping[str, str]


def device_environments(
    device: str, count: int, environment: Environment = os.environ
) -> tuple[Environment, ...]:
    """What a worker's environment gets, for each device that may have a job at a time.

    A list that the user has set stays in force: the i-th device is its i-th entry, whether a
    number, a UUID or the name of a part of a GPU (MIG).

    Args:
        device: As for PyTorch. "cuda" is every visible GPU; "cuda:1" and other accelerators are
            one device, which needs no setting; a CPU is none.
        count: Visible GPUs.
        environment: Of this process.

    Example:
        >>> device_environments("cuda", 2, {"CUDA_VISIBLE_DEVICES": "3,5"})
        ({'CUDA_VISIBLE_DEVICES': '3'}, {'CUDA_VISIBLE_DEVICES': '5'})
        >>> device_environments("cuda:1", 2, {}), device_environments("cpu", 2, {})
        (({},), ())
    """
    kind, _, index = device.partition(":")
    if kind == "cpu":
        return ()
    if kind != "cuda" or index:
        return ({},)
    return tuple(_showing(number, environment) for number in range(count))


def _showing(number: int, environment: Environment) -> Environment:
    shown = {}
    for name in VISIBLE:
        entries = [entry.strip() for entry in environment.get(name, "").split(",") if entry.strip()]
        if number < len(entries):
            shown[name] = entries[number]
    return shown or {VISIBLE[0]: str(number)}
