"""The command line is documented, and its help costs nothing."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from spikefuse.cli import app
from spikefuse.data.sources.registry import SOURCES

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {
    "torch",
    "numpy",
    "scipy",
    "sklearn",
    "matplotlib",
    "pooch",
    "requests",
    "jinja2",
    "safetensors",
    "ray",
}
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*[a-z]")


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every command that does something, by the words a user types."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


ALL = dict(commands(typer.main.get_command(app)))


def options_of(command: Any) -> set[str]:
    names = (name for each in command.params for name in (*each.opts, *each.secondary_opts))
    return {name for name in names if name[:2] == "--"}


def documentation() -> list[Path]:
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nsys.argv = ['spikefuse', '--help']\n"
        "from spikefuse.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "print('LOADED', *sorted({name.partition('.')[0] for name in sys.modules}))\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert answer.returncode == 0, answer.stderr
    loaded = set(answer.stdout.rpartition("LOADED")[2].split())

    assert "typer" in loaded
    assert loaded & HEAVY == set()


def test_readme_has_a_row_for_every_command() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `spikefuse ([a-z][a-z ]*?)( [A-Z].*)?` \|", readme, re.MULTILINE)

    assert sorted(command for command, _ in rows) == sorted(ALL)


def test_every_option_and_command_explains_itself() -> None:
    silent = [
        f"{name} {parameter.opts}"
        for name, command in ALL.items()
        for parameter in command.params
        if parameter.opts[0].startswith("-") and not getattr(parameter, "help", "")
    ]
    silent += [name for name, command in ALL.items() if not command.help]

    assert silent == []


def test_documentation_names_only_options_that_exist() -> None:
    existing = {"--help", "--version", "--install-completion"}.union(*map(options_of, ALL.values()))
    # `predict` has an option for each modality of the data.
    existing |= {f"--{each.name}" for source in SOURCES.values() for each in source.modalities}
    unknown = [
        f"{path.name}: {option}"
        for path in documentation()
        for line in path.read_text(encoding="utf-8").splitlines()
        if "spikefuse " in line or "ARGS=" in line
        for option in OPTION.findall(line)
        if option not in existing
    ]

    assert unknown == []
