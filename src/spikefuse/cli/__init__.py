"""The command line: one file per subcommand. Nothing heavy is imported before it is needed."""

import sys

import typer

from spikefuse import __version__
from spikefuse.cli.bench import bench
from spikefuse.cli.claims import claims
from spikefuse.cli.compare import compare
from spikefuse.cli.data import app as data_app
from spikefuse.cli.doctor import doctor
from spikefuse.cli.evaluate import evaluate
from spikefuse.cli.plan import plan
from spikefuse.cli.report import report
from spikefuse.cli.reproduce import reproduce
from spikefuse.cli.run import run
from spikefuse.cli.show import show
from spikefuse.cli.train import train
from spikefuse.cli.verify import verify
from spikefuse.core.errors import InputError, SpikefuseError

COMMANDS = (
    *(reproduce, run, plan, train, evaluate),
    *(show, report, claims, compare, verify, doctor, bench),
)

app = typer.Typer(
    help="Does a second modality help your spiking network, by how much, and is it real?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for command in COMMANDS:
    app.command()(command)
app.add_typer(data_app, name="data")


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"spikefuse {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    pass


def _line(error: SpikefuseError) -> str:
    """The message, beginning with the program's name once."""
    return f"spikefuse: {str(error).removeprefix('spikefuse: ')}"


def main() -> None:
    """Entry point: a user's mistake ends with one line and exit code 2, other trouble with 1."""
    try:
        app()
    except InputError as error:
        print(_line(error), file=sys.stderr)
        sys.exit(2)
    except SpikefuseError as error:
        print(_line(error), file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(1)
