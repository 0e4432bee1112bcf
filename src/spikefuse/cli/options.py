"""Options that several subcommands share, each written once."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from spikefuse.core.registry import Choices


def _profiles() -> Iterable[str]:
    from spikefuse.studies import PROFILES

    found = {name: profile.summary.partition(":")[0] for name, profile in PROFILES.items()}
    found["auto"] = "by the number of samples"
    return (f"{name} ({says})" for name, says in found.items())


def _studies() -> Iterable[str]:
    from spikefuse.studies import STUDIES
    from spikefuse.studies.sensitivity import SENSITIVITY

    return (*STUDIES, SENSITIVITY)


def _executors() -> Iterable[str]:
    from spikefuse.execution import EXECUTORS

    return EXECUTORS


def _backends() -> Iterable[str]:
    from spikefuse.neurons.lif import BACKENDS

    return BACKENDS


def _products() -> Iterable[str]:
    from spikefuse.networks.population import PRODUCTS

    return PRODUCTS


def _mirrors() -> Iterable[str]:
    from spikefuse.tracking.registry import MIRRORS

    return MIRRORS


def _precisions() -> Iterable[str]:
    from spikefuse.core.device import PRECISIONS

    return ("auto", *PRECISIONS)


def protocols() -> Iterable[str]:
    """Every pairing protocol."""
    from spikefuse.data import PROTOCOLS

    return PROTOCOLS


def _sources() -> Iterable[str]:
    from spikefuse.data import choices

    return choices()


def pairings() -> Iterable[str]:
    """The protocols that a study is run under; a held-out group has its own study."""
    from spikefuse.data import PROTOCOLS

    return [name for name, rule in PROTOCOLS.items() if not rule.holds_out]


def _readings() -> Iterable[str]:
    from spikefuse.studies.readings import READINGS

    return READINGS


def _experiments() -> Iterable[str]:
    from spikefuse.studies.paper import EXPERIMENTS

    return (study.name for study in EXPERIMENTS)


def _sizes() -> Iterable[str]:
    from spikefuse.studies.fusion import SIZES

    return SIZES


Studies = Annotated[
    list[str] | None,
    typer.Argument(
        help="Names of studies, or the TOML file of one of your own; those of reproduce if left "
        "out, sensitivity only alone."
    ),
    Choices(_studies),
]
Profile = Annotated[str, typer.Option("--profile", help="Effort."), Choices(_profiles)]
Data = Annotated[
    str,
    typer.Option(
        "--data",
        help="auto (real data where found or downloadable), digits (MNIST and spoken digits), "
        "builtin (the small embedded data) or another ready source.",
    ),
    Choices(_sources),
]
DataOrOwn = Annotated[
    str,
    typer.Option(
        "--data",
        help="auto (real data where found or downloadable), digits (MNIST and spoken digits), "
        "builtin (the small embedded data), another ready source, or data of your own: a folder, "
        "a metadata table, an .npz archive or a TOML file. Ready",
    ),
    Choices(_sources),
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
OutOfOne = Annotated[
    Path | None,
    typer.Option("--out", help="Result folder; runs/single-DATA if left out.", show_default=False),
]
Protocols = Annotated[
    str | None,
    typer.Option(
        "--protocols",
        help="Pairing protocols of the fused networks, separated by commas; all that fit the data "
        "if left out.",
    ),
    Choices(pairings),
]
Executor = Annotated[
    str,
    typer.Option(
        "--executor",
        help="What runs the work: this process, local processes, a cluster, or what fits.",
    ),
    Choices(_executors),
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
    typer.Option(
        "--shard",
        help="i/n: do the i-th of n shares of the work; auto asks SLURM's or Grid Engine's array.",
    ),
]
TimeLimit = Annotated[
    str | None,
    typer.Option(
        "--time-limit",
        help="Stop in time (1h30m, 9m, 45s, seconds; auto before SLURM ends the job) with exit "
        "code 75; the same command goes on.",
    ),
]
RetryFailed = Annotated[
    bool,
    typer.Option("--retry-failed", help="Only networks whose work failed, of which status tells."),
]
Curves = Annotated[
    bool,
    typer.Option(
        "--curves/--no-curves",
        help="Also evaluate the plain networks of the run (size S, early fusion, no noise) under "
        "noise of eight levels, for the report's curves; nothing more is trained.",
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
    typer.Option("--backend", help="Neuron implementation."),
    Choices(_backends),
]
Precision = Annotated[
    str,
    typer.Option(
        "--precision",
        help="Type of matrix products; auto is float32 on a CPU, bf16 on a GPU that has it.",
    ),
    Choices(_precisions),
]
Products = Annotated[
    str,
    typer.Option(
        "--products",
        help="Layers on a CPU in float32: by events (what fires alone), dense, or what is faster.",
    ),
    Choices(_products),
]
Events = Annotated[
    Path | None,
    typer.Option(
        "--events",
        help="Add a line of JSON to this file for each event of a trial: started, an epoch with "
        "its losses and accuracies, ended, failed.",
    ),
]
Track = Annotated[
    str | None,
    typer.Option(
        "--track",
        help="Mirror losses and accuracies, in files below the results, for these tools, separated "
        "by commas.",
    ),
    Choices(_mirrors),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Readings = Annotated[
    str | None,
    typer.Option(
        "--readings",
        help="What the networks have in place of the base network's settings, one of these but "
        "best-validation and paper-pairing; with sensitivity several of all, separated by commas "
        "(docs/method.md).",
    ),
    Choices(_readings),
]
Experiments = Annotated[
    str | None,
    typer.Option(
        "--studies",
        help="With sensitivity: only these of the paper's experiments, separated by commas.",
    ),
    Choices(_experiments),
]
Sizes = Annotated[
    str | None,
    typer.Option(
        "--sizes",
        help="With fusion: only fused networks of these sizes, separated by commas; both if left "
        "out, under quick S/3.",
    ),
    Choices(_sizes),
]
Plugin = Annotated[
    list[Path] | None,
    typer.Option(
        "--plugin", help="Python file that registers parts of your own; may be named again."
    ),
]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a setting of the study's file, as in factors.time_steps=[4,8]; may be named "
        "again.",
    ),
]
