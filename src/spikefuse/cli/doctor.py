"""`spikefuse doctor`: can this machine run spikefuse, how fast, and with which data?

Every answer is looked up by itself: what is missing or broken becomes a line, never a traceback.
"""

import importlib.util
import json
import logging
import os
import platform
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

import typer

from spikefuse.cli import options
from spikefuse.cli.terminal import make_console

State = Literal["ok", "note", "problem"]

EXTRAS = {"ray": "ray", "gpu": "triton"}
"""Optional part -> the distribution that it installs."""

MARKS = {"ok": ("ok", "green"), "note": ("note", "yellow"), "problem": ("no", "red")}


@dataclass(frozen=True)
class Answer:
    """One looked-up fact: `problem` keeps spikefuse from running, `note` does not."""

    topic: str
    state: State
    text: str


def doctor(
    data_dir: options.DataDir = None,
    out: options.Out = None,
    as_json: options.AsJson = False,
) -> None:
    """Check this machine: versions, processor, kernels, data, folders. Exits with 1 if unfit."""
    answers = examine(data_dir, out or Path("runs"))
    ready = all(answer.state != "problem" for answer in answers)
    if as_json:
        rows = [asdict(answer) for answer in answers]
        print(json.dumps({"ready": ready, "answers": rows, "provenance": provenance()}))
    else:
        show(answers, ready)
    if not ready:
        raise typer.Exit(1)


def examine(data_dir: Path | None, out: Path) -> list[Answer]:
    """Look everything up.

    Args:
        data_dir: Folder with the real data, as `--data-dir` names it.
        out: Folder that results would be written to; need not exist.
    """
    questions: dict[str, Callable[[], tuple[State, str]]] = {
        "Python": find_python,
        "torch": find_torch,
        "processor": find_processor,
        "accelerator": find_accelerator,
        "neurons": find_neurons,
        "products": find_products,
        "data": lambda: find_data(data_dir),
        "cache": find_cache,
        "extras": find_extras,
        "results": lambda: find_results(out),
    }
    return [answered(topic, question) for topic, question in questions.items()]


def answered(topic: str, question: Callable[[], tuple[State, str]]) -> Answer:
    """The answer to one question; an error is an answer, and what would be logged is in it."""
    library = logging.getLogger("spikefuse")
    level = library.level
    library.setLevel(logging.CRITICAL)
    try:
        return Answer(topic, *question())
    except Exception as error:  # the one place that must survive any broken installation
        return Answer(topic, "problem", str(error) or type(error).__name__)
    finally:
        library.setLevel(level)


def show(answers: list[Answer], ready: bool) -> None:
    """Print the answers as a table and the conclusion as one line."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False)
    for answer in answers:
        table.add_row(answer.topic, Text(*MARKS[answer.state]), answer.text)
    console = make_console()
    console.print(table)
    console.print("Ready: spikefuse can run here." if ready else "Not ready: see the lines above.")


def provenance() -> object:
    """What a result's origin would say here, None when torch cannot be imported."""
    try:
        from spikefuse.core.provenance import describe

        return describe()
    except ImportError:
        return None


def find_python() -> tuple[State, str]:
    """Interpreter and package version."""
    from spikefuse import __version__

    return "ok", f"{platform.python_version()}, spikefuse {__version__}"


def find_torch() -> tuple[State, str]:
    """PyTorch's version and the threads that it is told to use; it is not loaded."""
    from spikefuse.core.cores import usable_cores

    if importlib.util.find_spec("torch") is None:
        return "problem", "PyTorch is not installed. Install spikefuse again."
    version, cores = metadata.version("torch"), usable_cores()
    threads = os.environ.get("OMP_NUM_THREADS", "")
    if threads.isdecimal() and int(threads) > cores:
        return (
            "note",
            f"{version}, {threads} threads (OMP_NUM_THREADS) for {cores} cores: slower than one "
            "each",
        )
    return "ok", f"{version}, {cores} cores to use"


def find_processor() -> tuple[State, str]:
    """Model, instruction sets and memory."""
    from spikefuse.core.provenance import memory_bytes, processor_features, processor_model

    memory = memory_bytes()
    size = "" if memory is None else f", {memory / 2**30:.0f} GiB of memory"
    features = " ".join(processor_features()) or "instruction sets unknown"
    return "ok", f"{processor_model() or 'unknown'}{size} ({features})"


def has_processor_alone() -> bool:
    """Whether this build of PyTorch knows no accelerator; read, not loaded, which takes seconds."""
    spec = importlib.util.find_spec("torch")
    if sys.platform == "darwin" or spec is None or spec.origin is None:
        return False
    text = (Path(spec.origin).parent / "version.py").read_text(encoding="utf-8")
    stated = dict(re.findall(r"^(cuda|hip|xpu)\b[^=\n]*= *(\S+)", text, re.MULTILINE))
    return bool(stated) and set(stated.values()) == {"None"}


def find_accelerator() -> tuple[State, str]:
    """The GPUs or other accelerator that `--device` could name, and which neurons run there."""
    if has_processor_alone():
        return "ok", "none; networks train on the processor"
    import torch

    from spikefuse.neurons.lif import triton

    if torch.cuda.is_available():
        kind, names = "cuda", gpu_names()
    elif other := torch.accelerator.current_accelerator(check_available=True):
        kind = names = other.type
    else:
        return "ok", "none; networks train on the processor"
    told = f"{names} (--device {kind}), "
    reason = triton.why_not(kind)
    if reason is not None:
        return "note", f"{told}with PyTorch's operations for neurons: {reason}"
    return "ok", f"{told}with Triton kernels for neurons and products"


def gpu_names() -> str:
    """Number, name and memory of the GPUs that this process sees."""
    import torch

    found = Counter(
        (properties.name, properties.total_memory)
        for properties in map(torch.cuda.get_device_properties, range(torch.cuda.device_count()))
    )
    return ", ".join(
        f"{count} x {name} with {memory / 2**30:.0f} GiB" for (name, memory), count in found.items()
    )


def find_neurons() -> tuple[State, str]:
    """Which implementation of the neuron runs, and why not the fastest."""
    from spikefuse.core import library

    reason = library.why_not()
    if reason is None:
        return "ok", f"native kernels ({library.instructions()})"
    return "note", f"eager, slower than the native kernels: {reason}"


def find_products() -> tuple[State, str]:
    """Whether layers can compute by events, and up to which densities they do."""
    from spikefuse.core import library
    from spikefuse.core.provenance import processor_features
    from spikefuse.networks.population.choice import limits

    if not library.available():
        return "note", "dense: events need the native kernels"
    known = limits()
    if not known:
        return "ok", f"dense: events were not measured on {library.instructions()}"
    told = f"by events below {100 * min(known.values()):.0f} to {100 * max(known.values()):.0f} %"
    told += " of spikes or gradients, else dense; in bf16 always dense"
    if "amx_bf16" in processor_features():
        told += ", which is faster here (AMX): --precision bf16"
    return "ok", told


def find_data(data_dir: Path | None) -> tuple[State, str]:
    """The data that a run would use without network."""
    from spikefuse.data import locate

    location = locate("auto", data_dir, offline=True)
    if location.folder is None:
        return "note", "no real data found: a run downloads it, or takes the small embedded data"
    return "ok", f"{location.source} {location.reason}"


def find_cache() -> tuple[State, str]:
    """Where downloads and spectrograms are kept."""
    from spikefuse.data.places.cache import user_cache

    folder = user_cache()
    if folder is None:
        return "note", "none, because this user has no home; spectrograms are made at every start"
    trouble = unwritable(folder)
    if trouble:
        return (
            "note",
            f"{folder} cannot be written ({trouble}); spectrograms are made at every start",
        )
    return "ok", str(folder)


def find_extras() -> tuple[State, str]:
    """Optional parts that are installed."""
    parts = []
    for extra, distribution in EXTRAS.items():
        try:
            parts.append(f"{extra} {metadata.version(distribution)}")
        except metadata.PackageNotFoundError:
            parts.append(f'{extra} not installed (pip install "spikefuse[{extra}]")')
    return "ok", ", ".join(parts)


def find_results(out: Path) -> tuple[State, str]:
    """Whether results can be written, and the room for them."""
    trouble = unwritable(out)
    if trouble:
        return "problem", f"{out} cannot be written ({trouble}). Name another folder with --out."
    free_gb = shutil.disk_usage(existing_parent(out)).free / 1e9
    return "ok", f"{out} can be written, {free_gb:.0f} GB free"


def unwritable(folder: Path) -> str | None:
    """Why no file can be made in `folder`, or in the folder that it would be made in."""
    place = existing_parent(folder)
    if not place.is_dir():
        return f"{place} is not a folder"
    try:
        with tempfile.TemporaryFile(dir=place):
            return None
    except OSError as error:
        return error.strerror or str(error)


def existing_parent(path: Path) -> Path:
    """The path itself or the nearest folder above it that exists."""
    absolute = path.absolute()
    return next(place for place in (absolute, *absolute.parents) if place.exists())
