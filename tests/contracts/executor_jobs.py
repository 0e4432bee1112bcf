"""What the tests of executors run, here and in other processes. Nothing in it needs pytest."""

import contextlib
import ipaddress
import logging
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from spikefuse.core.deadline import Deadline
from spikefuse.core.errors import InputError

Report = Callable[[Mapping[str, Any]], None]
Payload = dict[str, Any]


def echo(payload: Payload, report: Report) -> Payload:
    return payload


def steps(payload: Payload, report: Report) -> Payload:
    for step in range(payload["steps"]):
        report({"step": step, "share": step / payload["steps"]})
    return {"steps": payload["steps"]}


def train(payload: Payload, report: Report) -> Payload:
    """Something like training: sums whose last digits depend on the order of summation."""
    import torch

    generator = torch.Generator().manual_seed(payload["seed"])
    inputs = torch.randn(64, 200, generator=generator)
    weight = torch.zeros(200, 10, requires_grad=True)
    losses = []
    for epoch in range(1, 6):
        loss = ((inputs @ weight - inputs[:, :10]) ** 2).mean()
        (gradient,) = torch.autograd.grad(loss, weight)
        weight = (weight - 0.5 * gradient).detach().requires_grad_()
        losses.append(loss.item())
        report({"epoch": epoch, "loss": losses[-1]})
    return {"losses": losses, "weight": weight.sum().item(), "threads": torch.get_num_threads()}


def spoil(payload: Payload, report: Report) -> Payload:
    payload["list"].append(3)
    return {}


def refuse(payload: Payload, report: Report) -> Payload:
    raise InputError("somewhere: leak must be\n  in 0..1, got 2.")


def divide(payload: Payload, report: Report) -> Payload:
    report({"step": 1})
    return {"value": 1 / payload["zero"]}


def leave(payload: Payload, report: Report) -> Payload:
    sys.exit("enough")


def return_list(payload: Payload, report: Report) -> Any:
    return [1]


def return_object(payload: Payload, report: Report) -> Payload:
    return {"path": Path("x")}


def report_object(payload: Payload, report: Report) -> Payload:
    report({"path": Path("x")})
    return {}


def swallow(payload: Payload, report: Report) -> Payload:
    """A job that goes on whatever happens."""
    for step in range(50):
        try:
            report({"step": step})
        except Exception:
            logging.getLogger(__name__).info("never mind")
        time.sleep(0.02)
    return {}


def chatter(payload: Payload, report: Report) -> Payload:
    print('{"kind": "result", "data": {}}')
    print("no line end", end="", flush=True)
    os.write(1, b'{"kind": "progress", "data": 3}\n')
    subprocess.run([sys.executable, "-c", "print('from a child')"], check=False)
    logging.getLogger("spikefuse.somewhere").warning("careful: %d", 7)
    warnings.warn("this is old", DeprecationWarning, stacklevel=1)
    warnings.warn("this is odd", UserWarning, stacklevel=1)
    return {}


def read_input(payload: Payload, report: Report) -> Payload:
    return {"input": sys.stdin.read(), "descriptor": os.read(0, 10).decode()}


def die(payload: Payload, report: Report) -> Payload:
    """End like a process that the system kills; with `once`, the name of a file, only once."""
    marker = payload.get("once")
    if marker is not None:
        if Path(marker).exists():
            return {"again": True}
        Path(marker).touch()
    print("last words", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def exit_at_once(payload: Payload, report: Report) -> Payload:
    os._exit(payload["code"])


def garble(payload: Payload, report: Report) -> Payload:
    """Write into every open file, the worker's own channel too."""
    for descriptor in range(3, 20):
        with contextlib.suppress(OSError):
            os.write(descriptor, b"this is no message\n")
    return {}


def die_with_heir(payload: Payload, report: Report) -> Payload:
    """Die while a program that the job has started lives on and holds its streams."""
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(20)"])
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def meet(payload: Payload, report: Report) -> Payload:
    """Wait until so many jobs are here at once."""
    folder = Path(payload["folder"])
    (folder / f"{payload['who']}").write_text(str(os.getpid()))
    end = time.monotonic() + payload.get("patience", 30)
    while len(list(folder.iterdir())) < payload["jobs"]:
        if time.monotonic() > end:
            raise TimeoutError("nobody came")
        time.sleep(0.01)
    return {
        "process": os.getpid(),
        "parent": os.getppid(),
        "environment": _environment(payload.get("names", [])),
    }


def _environment(names: list[str]) -> dict[str, str]:
    return {name: os.environ[name] for name in names if name in os.environ}


def surroundings(payload: Payload, report: Report) -> Payload:
    import torch

    return {
        "environment": _environment(payload["names"]),
        "threads": torch.get_num_threads(),
        "process": os.getpid(),
    }


def node(payload: Payload, report: Report) -> Payload:
    import ray

    meet(payload, report)
    return {"node": ray.get_runtime_context().get_node_id()}


def listeners(payload: Payload, report: Report) -> Payload:
    """Addresses on which the process `ancestor` and its descendants listen (Linux)."""
    addresses = dict(_listening())
    found = set()
    for process in _family(payload["ancestor"]):
        for inode in _sockets(process):
            if inode in addresses:
                found.add(addresses[inode])
    return {"addresses": sorted(found)}


def _listening() -> Iterator[tuple[str, str]]:
    for name in ("tcp", "tcp6"):
        for line in Path(f"/proc/self/net/{name}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] != "0A":  # LISTEN
                continue
            digits = fields[1].partition(":")[0]
            words = [bytes.fromhex(digits[i : i + 8])[::-1] for i in range(0, len(digits), 8)]
            address = ipaddress.ip_address(b"".join(words))
            mapped = getattr(address, "ipv4_mapped", None)
            yield fields[9], str(mapped or address)


def _family(ancestor: int) -> set[int]:
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(status.parent.name)] = int(fields[1])
    family = {ancestor}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return family


def _sockets(process: int) -> Iterator[str]:
    try:
        for descriptor in Path(f"/proc/{process}/fd").iterdir():
            target = os.readlink(descriptor)
            if target.startswith("socket:["):
                yield target[8:-1]
    except OSError:
        return


def count_until_deadline(payload: Payload, report: Report) -> Payload:
    """Pieces of work of 20 ms, as many as fit before the deadline."""
    deadline = Deadline(payload["deadline"])
    for piece in range(payload["pieces"]):
        deadline.check("piece")
        with deadline.timing("piece"):
            time.sleep(0.02)
        deadline.advance()
        report({"piece": piece})
    return {"pieces": payload["pieces"]}
