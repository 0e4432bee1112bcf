"""Every file is written through `write_file`, or its own way has a test of a disk that fails.

`write_file` puts files whole or not at all and says why it could not; each of its calls fails once
in tests/long/test_faults.py. A caller that hears of it and says nothing would undo that.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "spikefuse"

OTHERWISE = {
    "results/atomic.py": "tests/unit/results/test_atomic.py",
    "data/places/download.py": "tests/unit/data/places/test_download.py",
    "data/places/cache.py": "tests/unit/data/places/test_cache.py",
    "data/sources/memory.py": "tests/unit/data/sources/test_sent.py",
    "export/trial.py": "tests/unit/export/test_trial.py",
    "tracking/json_lines.py": "tests/unit/tracking/test_json_lines.py",
    "cli/early.py": "tests/cli/test_early.py",
    # The memory of a process, which the system shows as a file.
    "bench/serve.py": "tests/unit/bench",
}
"""Files that write in a way of their own, and where that way meets a disk that fails."""

FORGIVEN = {
    "results/journal.py": "tests/unit/results/test_status.py",
    "results/seen.py": "tests/unit/results/test_seen.py",
    "cli/early.py": "tests/cli/test_early.py",
}
"""Files that may go on when a file could not be written: notes that nothing depends on."""

_WRITERS = {"write_file", "write_tidy", "write_claims", "gather", "write_results", "build_report"}
_CALLS = {"write_text", "write_bytes", "NamedTemporaryFile", "mkstemp", "copyfile", "copy2"}
_CALLS |= {"copytree", "move", "save_file", "tofile"}
_SYSTEM = {("os", "replace"), ("os", "rename"), ("os", "link"), ("np", "save"), ("torch", "save")}
_FORGIVING = {"SpikefuseError", "StoreError", "Exception", "BaseException", "OSError"}


def called(node: ast.AST) -> str:
    """The last word of what is called."""
    if not isinstance(node, ast.Call):
        return ""
    target = node.func
    return target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")


def writes_otherwise(tree: ast.AST) -> Iterator[int]:
    """Lines that write a file by other means than `write_file`."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        target, name = node.func, called(node)
        owner = getattr(getattr(target, "value", None), "id", "")
        texts = [each.value for each in node.args if isinstance(each, ast.Constant)]
        texts += [k.value.value for k in node.keywords if isinstance(k.value, ast.Constant)]
        modes = [text for text in texts if isinstance(text, str) and len(text) <= 3]
        opens = name == "open" and any(set(mode) & set("wax+") for mode in modes)
        flags = name == "open" and owner == "os" and "O_CREAT" in ast.dump(node)
        if name in _CALLS or (owner, name) in _SYSTEM or opens or flags:
            yield node.lineno


def forgives(tree: ast.AST) -> Iterator[int]:
    """Lines of blocks that hear of a file that was not written, and need not say so."""
    for node in ast.walk(tree):
        caught: list[ast.AST] = []
        if isinstance(node, ast.Try):
            caught = [
                each.type
                for each in node.handlers
                if each.type is not None and not any(isinstance(x, ast.Raise) for x in each.body)
            ]
        elif isinstance(node, ast.With):
            for item in node.items:
                if called(item.context_expr) == "suppress":
                    caught += item.context_expr.args  # type: ignore[attr-defined]
        body = node.body if isinstance(node, ast.Try | ast.With) else []
        names = {
            getattr(each, "id", getattr(each, "attr", "")) for x in caught for each in ast.walk(x)
        }
        inside = {called(each) for statement in body for each in ast.walk(statement)}
        if names & _FORGIVING and inside & _WRITERS:
            yield node.lineno


def found(rule: object) -> dict[str, list[int]]:
    lines = {
        path.relative_to(SOURCE).as_posix(): list(rule(ast.parse(path.read_text())))  # type: ignore[operator]
        for path in sorted(SOURCE.rglob("*.py"))
    }
    return {path: each for path, each in lines.items() if each}


@pytest.mark.parametrize(
    ("rule", "known"), [(writes_otherwise, OTHERWISE), (forgives, FORGIVEN)], ids=["way", "silence"]
)
def test_every_other_way_is_known_and_tested(rule: object, known: dict[str, str]) -> None:
    assert set(found(rule)) == set(known)
    assert [test for test in known.values() if not (ROOT / test).exists()] == []


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (writes_otherwise, "path.write_text('x')"),
        (writes_otherwise, "path.open('ab')"),
        (writes_otherwise, "open(path, mode='w')"),
        (writes_otherwise, "os.open(path, os.O_WRONLY | os.O_CREAT)"),
        (forgives, "try:\n write_file(a, b, c)\nexcept StoreError:\n pass"),
        (forgives, "try:\n for x in y:\n  write_tidy(a, b)\nexcept (OSError, ValueError):\n z()"),
        (forgives, "with suppress(StoreError):\n write_file(a, b, c)"),
    ],
)
def test_the_rules_see_what_they_are_made_for(rule: object, text: str) -> None:
    assert list(rule(ast.parse(text)))  # type: ignore[operator]


@pytest.mark.parametrize(
    "text",
    [
        "path.open('rb')",
        "try:\n write_file(a, b, c)\nexcept OSError as e:\n raise X from e",
        "with suppress(KeyError):\n write_file(a, b, c)",
    ],
)
def test_the_rules_let_pass_what_is_right(text: str) -> None:
    tree = ast.parse(text)
    assert [*writes_otherwise(tree), *forgives(tree)] == []


_TOLD = {"write_file", "read_file", "make_folder", "is_file", "is_folder", "list_folder"}
_TOLD |= {"parse_json", "table_bytes"}


def places(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """What errors about files call the place of the fault, by line."""
    said = {
        node.targets[0].id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or called(node) not in _TOLD:
            continue
        for each in node.args:
            value = getattr(each, "value", None) if isinstance(each, ast.Constant) else None
            value = said.get(each.id) if isinstance(each, ast.Name) else value
            if isinstance(value, str):
                yield node.lineno, value


def test_an_error_about_a_file_names_no_function() -> None:
    """Who typed a command cannot know `write_claims`."""
    wrong = [
        f"{path.relative_to(SOURCE)}:{line} says {place!r}"
        for path in sorted(SOURCE.rglob("*.py"))
        for line, place in places(ast.parse(path.read_text()))
        if "_" in place and place.isidentifier()
    ]
    assert wrong == []
    assert list(places(ast.parse("_WHERE = 'read_x'\nread_file(p, _WHERE)"))) == [(2, "read_x")]
