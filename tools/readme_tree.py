"""Write the tree of the package into README.md: `python tools/readme_tree.py`.

The words are the first lines of the packages' docstrings; a test compares README with them.
"""

import ast
import textwrap
from collections.abc import Iterator
from pathlib import Path

BEGIN = "<!-- tree: written by tools/readme_tree.py -->\n```text\n"
END = "```\n<!-- end of tree -->"
WIDTH = 100
COLUMN = 16


def render(package: Path) -> str:
    """The tree of a package: each package with its purpose and, below, the names of its modules."""
    lines = [f"src/{package.name}/"]
    for folder in sorted(path for path in package.iterdir() if is_package(path)):
        lines += entry(folder, depth=1)
    return "\n".join(lines) + "\n"


def is_package(path: Path) -> bool:
    """Whether a path is a Python package."""
    return (path / "__init__.py").is_file()


def entry(folder: Path, depth: int) -> Iterator[str]:
    """The lines of one package and of those inside it."""
    head = f"{'  ' * depth}{folder.name}/"
    modules = sorted(path.stem for path in folder.glob("*.py") if path.name != "__init__.py")
    described = wrapped(summary(folder), COLUMN)
    yield f"{head:<{COLUMN}}{described[0].strip()}"
    yield from described[1:]
    if modules:
        yield from wrapped(f"[{', '.join(modules)}]", COLUMN)
    for inner in sorted(path for path in folder.iterdir() if is_package(path)):
        yield from entry(inner, depth + 1)


def summary(folder: Path) -> str:
    """The first line of a package's docstring."""
    tree = ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))
    return (ast.get_docstring(tree) or "").partition("\n")[0]


def wrapped(text: str, indent: int) -> list[str]:
    """`text` cut into indented lines; at least one."""
    blank = " " * indent
    return textwrap.wrap(
        text, WIDTH, initial_indent=blank, subsequent_indent=blank, break_on_hyphens=False
    ) or [blank]


def inserted(readme: str, tree: str) -> str:
    """The text of README with this tree between the marks."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("README.md: the marks of the tree must be there, got none.")
    return before + begin + tree + end + after


def main() -> None:
    """Bring README.md up to date."""
    root = Path(__file__).resolve().parent.parent
    readme = root / "README.md"
    tree = render(root / "src" / "spikefuse")
    readme.write_text(inserted(readme.read_text(encoding="utf-8"), tree), encoding="utf-8")


if __name__ == "__main__":
    main()
