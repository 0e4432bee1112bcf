"""No file knows a modality, a data set or a class count by name: code asks the data source.

The built-in sources say what they have, and the paper's studies, figures and claims speak of the
paper's networks. No other file does.
"""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "spikefuse"
WORDS = {"image", "audio", "fused", "mnist", "fsdd", "mnist-fsdd", "digits", "builtin"}
CLASS_COUNT = 10

ALLOWED = {
    "data/sources/": "the built-in sources themselves",
    "studies/": "the paper's studies, readings and profiles",
    "analysis/claims/": "the paper's claims",
    "analysis/figures.py": "the paper's figures",
    "report/drawing/theme.py": "the colours of the paper's modalities; others get further ones",
    "data/own/": "kinds of files, not modalities: what Pillow and libsndfile read",
}
"""Where the names belong, and why."""


def named(text: str) -> list[str]:
    """What a file names, with its line."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and str(node.value) in WORDS:
            found.append(f"{node.lineno}: {node.value!r}")
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            counts = any("classes" in ast.unparse(target).lower() for target in targets)
            value = node.value
            if counts and isinstance(value, ast.Constant) and value.value == CLASS_COUNT:
                found.append(f"{node.lineno}: {CLASS_COUNT} classes")
    return found


def naming_files(source: Path) -> dict[str, list[str]]:
    """Files that name something, apart from those where the names belong."""
    found = {}
    for path in sorted(source.rglob("*.py")):
        name = path.relative_to(source).as_posix()
        if not name.startswith(tuple(ALLOWED)):
            lines = named(path.read_text(encoding="utf-8"))
            if lines:
                found[name] = lines
    return found


def test_no_other_file_names_a_modality_a_data_set_or_a_class_count() -> None:
    assert naming_files(SOURCE) == {}


@pytest.mark.parametrize(
    "code",
    [
        'x = corpus.pools["image"]',
        'if source == "mnist-fsdd":\n    pass',
        'MODALITIES = ("sound", "audio")',
        "CLASSES = 10",
        "class Spec:\n    classes: int = 10",
    ],
)
def test_a_name_is_seen(tmp_path: Path, code: str) -> None:
    (tmp_path / "planning").mkdir()
    (tmp_path / "planning" / "plan.py").write_text(code, encoding="utf-8")
    assert list(naming_files(tmp_path)) == ["planning/plan.py"]


def test_the_words_in_a_sentence_and_other_tens_are_no_names(tmp_path: Path) -> None:
    code = '"""The image, its audio and ten classes."""\nseconds = 10\nroom = f"an {1} image"\n'
    (tmp_path / "plain.py").write_text(code, encoding="utf-8")
    assert naming_files(tmp_path) == {}
