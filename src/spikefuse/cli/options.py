"""Options that several subcommands share, each written once."""

from pathlib import Path
from typing import Annotated

import typer

Profile = Annotated[
    str, typer.Option("--profile", help="Effort: smoke (seconds), quick (minutes) or paper.")
]
Data = Annotated[
    str,
    typer.Option(
        "--data",
        help="auto (real data where found or downloadable), digits (MNIST and spoken digits) or "
        "builtin (the small embedded data).",
    ),
]
DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir", help="Folder with the real data.", envvar="SPIKEFUSE_DATA", show_envvar=True
    ),
]
Seeds = Annotated[
    int | None, typer.Option("--seeds", help="Number of seeds; the profile's own if left out.")
]
Out = Annotated[
    Path | None,
    typer.Option("--out", help="Result folder; runs/PROFILE-DATA if left out.", show_default=False),
]
Protocols = Annotated[
    str,
    typer.Option("--protocols", help="Pairing protocols, separated by commas: paper, disjoint."),
]
Executor = Annotated[
    str,
    typer.Option(
        "--executor", help="auto, process (this one), pool (local processes) or ray (a cluster)."
    ),
]
Workers = Annotated[
    int | None,
    typer.Option("--workers", help="Worker processes; one per core (or GPU) if left out."),
]
Threads = Annotated[
    int | None, typer.Option("--threads", help="PyTorch threads per worker; 1 if left out.")
]
Shard = Annotated[
    str,
    typer.Option("--shard", help="i/n: do the i-th of n shares of the work (for job arrays)."),
]
TimeLimit = Annotated[
    str | None,
    typer.Option(
        "--time-limit",
        help="Stop in time (1h30m, 9m, 45s, seconds) with exit code 75; the same command goes on.",
    ),
]
RayAddress = Annotated[
    str | None,
    typer.Option("--ray-address", help="Cluster to connect to; a local one is started if absent."),
]
Device = Annotated[
    str,
    typer.Option(
        "--device",
        help="Where networks train: cpu, cuda (all GPUs), cuda:1 (one of them), mps, ...",
    ),
]
Backend = Annotated[
    str,
    typer.Option(
        "--backend", help="Neuron implementation: auto, native, triton, eager, reference."
    ),
]
Precision = Annotated[
    str,
    typer.Option(
        "--precision",
        help="Matrix products in float32 or bf16; auto is bf16 where the device has it.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Readings = Annotated[
    str | None,
    typer.Option(
        "--readings",
        help="With sensitivity: only these readings, separated by commas (docs/method.md).",
    ),
]
Experiments = Annotated[
    str | None,
    typer.Option(
        "--studies",
        help="With sensitivity: only these of the paper's experiments, separated by commas.",
    ),
]
