"""`spikefuse bench`: how fast, against the arithmetic and against peers."""

from pathlib import Path
from typing import Annotated, Any

import typer

from spikefuse.cli.terminal import make_console

_LARGEST = 10 * 2**20
"""Bytes of a record or of notes."""

_Peers = Annotated[
    Path | None,
    typer.Option(
        help="Script of the peers (benchmarks/peers.py); without it only ours is measured."
    ),
]
_PeersPython = Annotated[Path | None, typer.Option(help="Python of the peers' environment.")]
_Rounds = Annotated[int, typer.Option(help="How often each contestant is called.")]
_Steps = Annotated[int, typer.Option(help="Training steps a call.")]
_Threads = Annotated[
    int | None, typer.Option(help="PyTorch threads of a contestant; one a core if left out.")
]
_Reproduce = Annotated[
    str, typer.Option(help="Profiles to time from start to end, separated by commas.")
]
_Parts = Annotated[
    str,
    typer.Option(
        help="Measure these alone (steps, noise, memory, stages, grid, reproduce; separated by "
        "commas) and keep the others as --out has them."
    ),
]
_Keep = Annotated[
    Path | None, typer.Option(help="Folder in which the results of --reproduce stay.")
]
_Out = Annotated[Path, typer.Option(help="Where the numbers go, as JSON.")]
_Page = Annotated[
    Path | None, typer.Option(help="Where the page goes, in Markdown; none if left out.")
]
_Notes = Annotated[Path | None, typer.Option(help="Text that the page takes in below its targets.")]


def bench(
    peers: _Peers = None,
    peers_python: _PeersPython = None,
    rounds: _Rounds = 7,
    steps: _Steps = 10,
    threads: _Threads = None,
    reproduce: _Reproduce = "",
    parts: _Parts = "",
    keep: _Keep = None,
    out: _Out = Path("bench.json"),
    page: _Page = None,
    notes: _Notes = None,
) -> None:
    """Measure the training step, evaluation under noise and memory; the machine must be quiet."""
    import json

    from spikefuse.bench.run import PARTS, Sitting, measure, write_page
    from spikefuse.cli.workflow import command_line
    from spikefuse.core.checks import one_of, require
    from spikefuse.results.atomic import write_file
    from spikefuse.results.outputs import require_output
    from spikefuse.studies import PROFILES

    require(rounds >= 1, "bench", "--rounds", "at least 1", rounds)
    require(steps >= 1, "bench", "--steps", "at least 1", steps)
    profiles = [
        one_of("bench", "--reproduce", name.strip(), PROFILES)
        for name in reproduce.split(",")
        if name
    ]
    console = make_console(to_stderr=True)
    wanted = [one_of("bench", "--parts", name.strip(), PARTS) for name in parts.split(",") if name]
    called = _called(peers, peers_python)
    sitting = Sitting(called, rounds, steps, threads, profiles, keep, command_line())
    read = (notes,) if notes else ()
    require_output(out, "bench", reads=read)
    if page is not None:
        require_output(page, "bench", "--page", reads=(*read, out))
    # Before anything is measured: what cannot be read would be said after minutes.
    old = _record(out) if parts and out.exists() else {}
    told = _text(notes) if notes else ""

    def save(record: dict[str, object]) -> None:
        write_file(out, (json.dumps(record, indent=2) + "\n").encode(), "bench")

    record = measure(sitting, wanted or PARTS, old, save, lambda text: console.print(text))
    if page is not None:
        write_page(record, page, told)
    console.print(f"written  {out}" + (f", {page}" if page else ""))


def _called(peers: Path | None, python: Path | None) -> tuple[str, str] | None:
    """How the peers are called; None without them.

    Raises:
        InputError: Their script or their Python is not given.
    """
    from spikefuse.core.errors import InputError

    if peers is None:
        return None
    if python is None or not peers.is_file():
        raise InputError(
            f"bench: --peers must be a file, with --peers-python beside it, got {peers}. "
            "`make bench` sets both up."
        )
    return str(python), str(peers)


def _content(path: Path, option: str) -> bytes:
    from spikefuse.core.errors import InputError
    from spikefuse.core.untrusted import read_regular, reason_of

    try:
        return read_regular(path, _LARGEST)
    except OSError as error:
        told = f"bench: {option} must be a file that can be read, got {path}: {reason_of(error)}."
        raise InputError(f"{told} Name another.") from error


def _record(path: Path) -> dict[str, Any]:
    from spikefuse.core.errors import InputError
    from spikefuse.core.untrusted import decode_json, reason

    try:
        found = decode_json(_content(path, "--out"))
    except ValueError as error:
        found = reason(error)
    if isinstance(found, dict):
        return found
    told = f"bench: --out must hold what bench wrote where --parts adds to it, got {path}: "
    told += found if isinstance(found, str) else "no record"
    raise InputError(f"{told}. Name another.")


def _text(path: Path) -> str:
    from spikefuse.core.errors import InputError
    from spikefuse.core.untrusted import NoTextError, utf8_text

    try:
        return utf8_text(_content(path, "--notes"))
    except NoTextError as error:
        told = f"bench: --notes must be text in UTF-8, got {error} in {path}."
        raise InputError(f"{told} Save it as UTF-8.") from error
