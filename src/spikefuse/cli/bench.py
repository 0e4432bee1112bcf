"""`spikefuse bench`: how fast, against the arithmetic and against peers."""

from pathlib import Path
from typing import Annotated

import typer

from spikefuse.cli.terminal import make_console


def bench(
    peers: Annotated[
        Path | None,
        typer.Option(
            help="Script of the peers (benchmarks/peers.py); without it only ours is measured."
        ),
    ] = None,
    peers_python: Annotated[
        Path | None, typer.Option(help="Python of the peers' environment.")
    ] = None,
    rounds: Annotated[int, typer.Option(help="How often each contestant is called.")] = 7,
    steps: Annotated[int, typer.Option(help="Training steps a call.")] = 10,
    threads: Annotated[
        int | None, typer.Option(help="PyTorch threads of a contestant; one a core if left out.")
    ] = None,
    reproduce: Annotated[
        str, typer.Option(help="Profiles to time from start to end, separated by commas.")
    ] = "",
    parts: Annotated[
        str,
        typer.Option(
            help="Measure these alone (steps, noise, memory, stages, grid, reproduce; separated by "
            "commas) and keep the others as --out has them."
        ),
    ] = "",
    keep: Annotated[
        Path | None, typer.Option(help="Folder in which the results of --reproduce stay.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where the numbers go, as JSON.")] = Path("bench.json"),
    page: Annotated[
        Path | None, typer.Option(help="Where the page goes, in Markdown; none if left out.")
    ] = None,
    notes: Annotated[
        Path | None, typer.Option(help="Text that the page takes in below its targets.")
    ] = None,
) -> None:
    """Measure the training step, evaluation under noise and memory; the machine must be quiet."""
    import json

    from spikefuse.bench.run import PARTS, Sitting, measure, write_page
    from spikefuse.cli.workflow import command_line
    from spikefuse.core.checks import one_of, require
    from spikefuse.core.errors import InputError
    from spikefuse.results.atomic import write_file
    from spikefuse.studies import PROFILES

    require(rounds >= 1 and steps >= 1, "bench", "--rounds and --steps", "at least 1", rounds)
    profiles = [
        one_of("bench", "--reproduce", name.strip(), PROFILES)
        for name in reproduce.split(",")
        if name
    ]
    command = None
    if peers is not None:
        if peers_python is None or not peers.is_file():
            raise InputError(
                f"bench: --peers must be a file, with --peers-python beside it, got {peers}. "
                "`make bench` sets both up."
            )
        command = (str(peers_python), str(peers))
    console = make_console(to_stderr=True)
    wanted = [one_of("bench", "--parts", name.strip(), PARTS) for name in parts.split(",") if name]
    sitting = Sitting(command, rounds, steps, threads, profiles, keep, command_line())
    old = json.loads(out.read_text(encoding="utf-8")) if parts and out.is_file() else {}

    def save(record: dict[str, object]) -> None:
        write_file(out, (json.dumps(record, indent=2) + "\n").encode(), "bench")

    record = measure(
        sitting,
        wanted or PARTS,
        old,
        save,
        lambda text: console.print(text),
    )
    if page is not None:
        write_page(record, page, notes.read_text(encoding="utf-8") if notes else "")
    console.print(f"written  {out}" + (f", {page}" if page else ""))
