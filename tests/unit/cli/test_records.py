"""Options come from records: names, types, defaults, help and choices."""

import dataclasses
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import typer
from pydantic import BaseModel, Field
from typer.completion import completion_init
from typer.testing import CliRunner

from spikefuse.cli.records import options_of
from spikefuse.core.registry import Choices, name_in

SHAPES = {"round": 1}


class Inner(BaseModel):
    count: int = 0


class Thing(BaseModel):
    """Something.

    Args:
        kind: What it is, in the
            user's words.
        amount: How much.
    """

    kind: Literal["big", "small"] = "big"
    shape: Annotated[str, name_in("shape", SHAPES)] = Field("round", description="Its form.")
    amount: int | None = None
    share: Annotated[float, Field(gt=0)] = 1 / 3
    is_loud: bool = False
    inner: Inner = Inner()


@dataclasses.dataclass(frozen=True)
class Asked:
    where: Annotated[Path | None, typer.Option("--place", help="A folder.")] = None
    began: float = 0.0


def command(**options: Any) -> tuple[typer.Typer, list[Any]]:
    calls: list[Any] = []

    @options_of(Thing, Inner, Asked, **options)
    def make(
        given: dict[str, Any],
        name: Annotated[str, typer.Argument(help="A name.")],
        pace: Annotated[
            str, typer.Option("--pace", help="Speed."), Choices(lambda: ("slow", "fast"))
        ] = "slow",
    ) -> None:
        """Make a thing."""
        calls.append((given, name, pace))

    app = typer.Typer(add_completion=False)
    app.command()(make)
    return app, calls


def run(words: str, **options: Any) -> tuple[Any, list[Any]]:
    app, calls = command(**options)
    return CliRunner().invoke(app, words.split(), env={"COLUMNS": "200"}), calls


def test_what_is_given_reaches_the_command_typed_and_nothing_else_does() -> None:
    result, calls = run(
        "me --kind small --amount 0 --share 0.5 --is-loud --count 7 --place there --pace fast"
    )

    given = {"kind": "small", "amount": 0, "share": 0.5, "is_loud": True, "count": 7}
    assert result.exit_code == 0, result.output
    assert calls == [(given | {"where": Path("there")}, "me", "fast")]


def test_defaults_stay_with_the_record() -> None:
    assert run("me")[1] == [({}, "me", "slow")]


def test_help_tells_choices_defaults_and_the_docstring() -> None:
    text = " ".join(run("--help", shown={"amount": "of the kind"})[0].output.split())

    assert "What it is, in the user's words: big, small. Default: big." in text
    assert "Its form: round. Default: round." in text
    assert "How much. Default: of the kind." in text
    assert "Default: 0.3333." in text
    assert "Speed: slow, fast." in text
    assert "--inner" not in text
    assert "--began" not in text


@pytest.mark.parametrize(
    ("typed", "completed"), [("--kind s", ["small"]), ("--pace ", ["slow", "fast"])]
)
def test_a_shell_completes_choices(typed: str, completed: list[str]) -> None:
    app, _ = command()
    completion_init()  # as an app that installs completion does
    shell = {"_MAKE_COMPLETE": "complete_bash", "COMP_WORDS": f"make {typed}"}
    shell |= {"COMP_CWORD": str(len(typed.split(" ")))}

    result = CliRunner().invoke(app, prog_name="make", env=shell)

    assert result.output.split() == completed


def test_a_part_registered_later_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SHAPES, "oblong", 2)

    assert "Its form: round, oblong." in " ".join(run("--help")[0].output.split())


def test_a_field_left_out_is_no_option() -> None:
    result, _ = run("me --kind big", leave_out=("kind",))

    assert result.exit_code == 2
    assert "No such option: --kind" in result.output


def test_zero_is_a_default_and_nothing_is_none() -> None:
    text = " ".join(run("--help")[0].output.split())

    assert "Default: 0." in text
    assert "None" not in text
    assert "False" not in text
