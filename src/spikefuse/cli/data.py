"""`spikefuse data`: fetch, verify and show the data."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spikefuse.cli import options
from spikefuse.cli.own import refuse_beside
from spikefuse.cli.records import options_of
from spikefuse.cli.terminal import fact, make_console
from spikefuse.core.registry import Choices
from spikefuse.data.own import OwnSettings
from spikefuse.data.sources.registry import DEFAULT, SOURCES

if TYPE_CHECKING:
    from rich.table import Table

    from spikefuse.data import Audit, Source

INCOMPLETE = 1
SHORT_NAME = SOURCES[DEFAULT].aliases[0]

app = typer.Typer(help="Fetch, verify and show the data.", no_args_is_help=True)


@app.command()
def fetch(
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder to fill; the user's cache folder if left out."),
    ] = None,
    data: Annotated[
        str,
        typer.Option("--data", help="digits (MNIST) or fashion-fsdd (Fashion-MNIST), with FSDD."),
    ] = SHORT_NAME,
) -> None:
    """Download images and the Free Spoken Digit Dataset; what is there is never overwritten."""
    from spikefuse.cli.downloads import download_progress
    from spikefuse.core.checks import one_of
    from spikefuse.data import choices, download_folder
    from spikefuse.data import fetch as fetch_into
    from spikefuse.data.sources.fsdd import find_recordings, foreign_recordings
    from spikefuse.data.sources.mnist import IDX_SETS

    known = choices()
    fetched = {each.source or DEFAULT: each for each in IDX_SETS}
    fitting = [name for name, source in known.items() if source in fetched]
    images = fetched[known[one_of("data fetch", "--data", data, fitting)] or DEFAULT]

    console = make_console()
    folder = download_folder() if out is None else out
    with download_progress(console) as progress:
        # The cache is ours: what is damaged in it is replaced. In a named folder it may be yours.
        fetch_into(folder, replace=out is None, progress=progress, images=images)
    recordings = find_recordings(folder)
    foreign = foreign_recordings(recordings) if recordings is not None else []
    if foreign:
        told = f"{recordings}: not read, because no clips of FSDD: {', '.join(foreign)}"
        console.print(told)
    fact(console, "data", f"{folder} is complete")


@app.command()
@options_of(OwnSettings, leave_out=("modalities",))
def verify(
    given: dict[str, Any],
    own: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DATA]",
            help="Data of your own: a folder, a metadata table, an .npz archive or a TOML file.",
        ),
    ] = None,
    data: options.Data = "auto",
    data_dir: options.DataDir = None,
    as_json: options.AsJson = False,
) -> None:
    """Check the data, without network: files against their hashes, or data of your own.

    Of your own data it says what is there and what the checks find; nothing is written into it.

    Exit code: 0 all is well, 1 a file is wrong, 2 your own data cannot be used as it is.
    """
    from spikefuse.cli.own import verify_own

    refuse_beside(own, given, data=data, data_dir=data_dir, as_json=as_json)
    if own is not None:
        verify_own(own, given, as_json)
    else:
        _verify_files(data, data_dir)


def _verify_files(data: str, data_dir: Path | None) -> None:
    from rich.table import Table
    from rich.text import Text

    from spikefuse.data import locate
    from spikefuse.data import verify as verify_location

    location = locate(data, data_dir, offline=True)
    findings = verify_location(location)
    table = Table(title=f"{location.source}: {location.reason}", title_justify="left")
    table.add_column("file")
    table.add_column("")
    table.add_column("finding", overflow="fold")
    for finding in findings:
        mark = Text("ok", style="green") if finding.ok else Text("wrong", style="red")
        table.add_row(finding.name, mark, finding.detail)
    make_console().print(table)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(INCOMPLETE)


@app.command()
@options_of(OwnSettings, leave_out=("modalities", "seed"))
def show(
    given: dict[str, Any],
    own: Annotated[
        str | None,
        typer.Argument(
            metavar="[DATA]",
            help="Data of your own: a folder, a metadata table, an .npz archive or a TOML file; "
            "or the name of a source.",
        ),
    ] = None,
    data: options.Data = "auto",
    data_dir: options.DataDir = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="The picture to write; .png, .svg or .pdf. pairs.png, or samples.png of DATA, if "
            "left out.",
        ),
    ] = None,
    protocol: Annotated[
        str | None,
        typer.Option("--protocol", help="Pairing protocol; the one without a leak if left out."),
        Choices(options.protocols),
    ] = None,
    held_out_speaker: Annotated[
        str | None,
        typer.Option("--held-out-speaker", help="Whose clips are the test, for protocol speaker."),
    ] = None,
    rows: Annotated[
        int | None, typer.Option("--rows", help="Pairs of each split, up to one a class; 5.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of splits, pairs and picture.")] = 0,
) -> None:
    """Draw what networks see: pairs of each split, or samples of each class of DATA.

    Of pairs it prints what the splits share, of data of your own what the checks find; nothing is
    written into it.
    """
    if own is not None:
        from spikefuse.cli.asking import show_data

        show_data(own, given, data_dir, out or Path("samples.png"), seed)
        return
    refuse_beside(None, given, data=data, data_dir=data_dir, as_json=False, command="data show")
    chosen = Pairs(protocol, held_out_speaker, rows, seed)
    _show_pairs(data, data_dir, out or Path("pairs.png"), chosen)


@dataclass(frozen=True)
class Pairs:
    """Which pairs are drawn; None where the data decide.

    Args:
        protocol: Pairing protocol; by default the one without a leak.
        held_out: The group whose samples are the test; by default the first.
        rows: Pairs of each split; by default 5, or one a class where these are fewer.
        seed: Of splits, pairs and picture.
    """

    protocol: str | None
    held_out: str | None
    rows: int | None
    seed: int


def _show_pairs(data: str, data_dir: Path | None, out: Path, chosen: Pairs) -> None:
    from spikefuse.cli.downloads import download_progress
    from spikefuse.core.checks import one_of
    from spikefuse.data import (
        FUSED,
        PROTOCOLS,
        SOURCES,
        DataSettings,
        Selection,
        assign,
        audit,
        banner_of,
        load_corpus,
        locate,
    )
    from spikefuse.report.drawing.pairs import write_pairs
    from spikefuse.studies.controls import plain_protocol

    if chosen.protocol is not None:
        one_of("data show", "--protocol", chosen.protocol, PROTOCOLS)
    console = make_console()
    with download_progress(console) as progress:
        location = locate(data, data_dir, progress=progress)
    fact(console, "data", f"{banner_of(location)}")
    settings = DataSettings.model_validate({"source": location.source})
    corpus = load_corpus(settings, location)
    source = SOURCES[corpus.source]
    rule, held_out = chosen.protocol or plain_protocol(source), chosen.held_out
    if PROTOCOLS[rule].holds_out and held_out is None and source.groups:
        held_out = source.groups[0]
    selection = Selection(held_out_speaker=held_out)
    assignment = assign(corpus, FUSED, rule, chosen.seed, selection)
    rows = min(5, len(source.classes)) if chosen.rows is None else chosen.rows
    write_pairs(out, corpus, assignment, settings, rows=rows, seed=chosen.seed)
    console.print(audit_table(audit(corpus, assignment), source))
    fact(console, "picture", f"{out.resolve()}")


def audit_table(record: "Audit", source: "Source") -> "Table":
    """What each split holds, and how much of it training holds too."""
    from rich.table import Table

    table = Table(
        title=f"Pairing protocol {record.protocol}",
        title_justify="left",
        caption="shared: stands in the training split too",
        caption_justify="left",
    )
    table.add_column("split")
    first = record.splits[0]
    samples = {name: source.said(name) for name in first.distinct}
    # Of the last modality that has groups: what is paired with the leading one is repeated.
    groups = {name: f"{source.modality(name).group_noun}s" for name in list(first.groups)[-1:]}
    paired = list(samples)[1:]
    shared = [*(samples[name] for name in paired), *groups.values()]
    for column in ("pairs", *samples.values(), *groups.values(), *(f"shared {w}" for w in shared)):
        table.add_column(column, justify="right")
    for content in record.splits:
        counts = [content.samples, *(content.distinct[name] for name in samples)]
        counts += [content.groups[name] for name in groups]
        shares = [""] * len(shared)
        if content.split != first.split:
            overlap = record.overlap(first.split, content.split)
            found = [overlap.distinct_share[name] for name in paired]
            found += [overlap.groups_share[name] for name in groups]
            shares = [f"{100 * share:.3g} %" for share in found]
        table.add_row(content.split, *(f"{count:,}" for count in counts), *shares)
    return table
