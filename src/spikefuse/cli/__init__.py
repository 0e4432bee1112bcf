"""The command line: one file per subcommand. Nothing heavy is imported before it is needed."""

import sys
from collections.abc import Callable, Mapping
from functools import wraps
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from spikefuse import __version__
from spikefuse.cli import garbage, plugged, signals, surroundings
from spikefuse.cli.terminal import accept_any_text, discard_output, flush_output
from spikefuse.core.errors import ArgumentError, InputError, SpikefuseError, is_out_of_memory
from spikefuse.core.untrusted import reason_of

COMMANDS = (
    *("ask", "reproduce", "run", "plan", "status", "train", "evaluate", "energy", "predict"),
    *("export", "trials", "show", "report", "claims", "compare", "verify", "merge"),
    *("doctor", "bench", "data", "new"),
)
"""Each is a module of this package with a function of its name, or an `app` of subcommands."""


class _Commands(TyperGroup):
    """Loads the one command that was typed: options of others come from records of their own."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not ctx.resilient_parsing:  # a shell that completes a word runs nothing
            plugged.load_named(args)
            args = plugged.without_named(args, COMMANDS, _takes_plugins)
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return _load(cmd_name) if cmd_name in COMMANDS else None

    @property
    def commands(self) -> dict[str, Any]:
        return {name: _load(name) for name in COMMANDS}

    @commands.setter
    def commands(self, value: object) -> None:
        """There are no others than those of `COMMANDS`."""


def _takes_plugins(name: str) -> bool:
    """Whether a command has the option itself; one of several commands is left as it is."""
    command = _load(name)
    options = {option for param in command.params for option in param.opts}
    return plugged.OPTION in options or hasattr(command, "commands")


def _load(name: str) -> Any:
    module = import_module(f"spikefuse.cli.{name}")
    group = getattr(module, "app", None)
    if group is None:
        group = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        settings = getattr(module, "CONTEXT", None)
        group.command(name, context_settings=settings)(getattr(module, name))
    command = typer.main.get_command(group)
    command.name = name
    for one in (command, *getattr(command, "commands", {}).values()):
        if one.callback is not None:
            options = {option for param in one.params for option in param.opts}
            said = name if one is command else f"{name} {one.name}"
            one.callback = _as_typed(one.callback, said, options)
    return command


def _as_typed(call: Callable[..., Any], command: str, options: set[str]) -> Callable[..., Any]:
    """The command as somebody types it.

    "~" in its paths is replaced, which a shell leaves in `--out=~/x` as it is; and what refuses an
    argument calls it by its option, however far below the command that was found.
    """

    @wraps(call)
    def called(**values: Any) -> Any:
        garbage.begin(command)
        _refuse_nowhere(command, values)
        try:
            return call(**{name: _expanded(value) for name, value in values.items()})
        except ArgumentError as error:
            raise _by_option(error, command, options) from None

    return called


def _refuse_nowhere(command: str, values: Mapping[str, Any]) -> None:
    """Refuse an empty path, which would be the folder that the command is given in.

    Raises:
        InputError: One was typed, mostly by a script whose variable is not set.
    """
    for before, word in pairwise(("", *sys.argv[1:])):
        option, sign, value = word.partition("=")
        if word == "" or (sign and not value):
            option = before if word == "" else option
            name = option.removeprefix("--").replace("-", "_")
            if option.startswith("--") and isinstance(values.get(name), Path):
                raise InputError(
                    f"{command}: {option} must name a path, got an empty one. Is a variable of a "
                    "script not set?"
                )


def _by_option(error: ArgumentError, command: str, options: set[str]) -> InputError:
    name, _, further = error.argument.partition(" ")
    # "modality in train" is refused for what stands in --train.
    found, _, place = further.partition("in ")
    if not found and f"--{place}" in options:
        name, further = place, f"({name})"
    option = "--" + name.replace("_", "-")
    if option not in options:
        return error
    return InputError(f"{command}: {' '.join(filter(None, (option, further)))} {error.refusal}")


def _expanded(value: Any) -> Any:
    if isinstance(value, list):
        return [_expanded(each) for each in value]
    if not isinstance(value, Path):
        return value
    try:
        return value.expanduser()
    except RuntimeError as error:
        raise InputError(
            f"spikefuse: a path must begin with a home that there is, got {str(value)!r} ({error})."
        ) from None


app = typer.Typer(
    cls=_Commands,
    help="Does a second modality help your spiking network, by how much, and is it real?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"spikefuse {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
    plugin: Annotated[
        list[Path] | None,
        typer.Option(
            plugged.OPTION, help="As of the commands, whose help then lists the parts in it."
        ),
    ] = None,
) -> None:
    pass


def _line(error: SpikefuseError) -> str:
    """The message, beginning with the program's name once."""
    return f"spikefuse: {str(error).removeprefix('spikefuse: ')}"


def _run() -> None:
    """The command that was typed; ends with its exit code.

    Raises:
        InputError: What was typed does not fit.
    """
    from spikefuse.cli.usage import USAGE, is_help, refused

    try:
        code = app(standalone_mode=False, prog_name="spikefuse")
    except USAGE as error:
        if not is_help(error):
            raise refused(error) from None
        error.show()  # type: ignore[attr-defined]
        code = 2
    sys.exit(code if isinstance(code, int) else 0)


def main() -> None:
    """Entry point: a user's mistake ends with one line and exit code 2, other trouble with 1."""
    accept_any_text()
    signals.listen()
    try:
        try:
            surroundings.prepare()
            with garbage.kept(), plugged.told_faults():
                _run()
        finally:
            flush_output()  # here, where a full disk is one line; the interpreter would say more
    except signals.Interrupted:
        signals.end()
    except InputError as error:
        print(_line(error), file=sys.stderr)
        sys.exit(2)
    except SpikefuseError as error:
        print(_line(error), file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        discard_output()
        sys.exit(1)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        told = "memory must hold what the command works on, got too little"
        remedy = "Fewer time steps, fewer workers, smaller batches and networks need less"
        print(f"spikefuse: {told}. {remedy}; what is stored is intact.", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        # The last resort: whoever knows more of what was asked of the system says it before.
        discard_output()
        what = f" for {error.filename}" if error.filename else ""
        told = f"the system must allow what the command does, got: {reason_of(error)}{what}"
        print(f"spikefuse: {told}. Run the same command again once it does.", file=sys.stderr)
        sys.exit(1)
