"""README shows the package as it is, and what it links to is there."""

import re
from pathlib import Path

import pytest
import scripts

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")

readme_tree = scripts.load("tools/readme_tree.py")


def test_tree_is_the_package() -> None:
    tree = readme_tree.render(ROOT / "src" / "spikefuse")

    assert readme_tree.inserted(README, tree) == README, "run: python tools/readme_tree.py"


def test_every_package_says_what_it_is_for() -> None:
    packages = [path.parent for path in (ROOT / "src" / "spikefuse").rglob("__init__.py")]

    assert [str(path) for path in packages if not readme_tree.summary(path)] == []


def test_a_new_module_changes_the_tree(tmp_path: Path) -> None:
    package = tmp_path / "spikefuse" / "core"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('"""The ground."""')
    before = readme_tree.render(tmp_path / "spikefuse")
    (package / "errors.py").touch()

    assert before == "src/spikefuse/\n  core/         The ground.\n"
    assert readme_tree.render(tmp_path / "spikefuse") == before + " " * 16 + "[errors]\n"


def test_a_readme_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="marks of the tree"):
        readme_tree.inserted("no marks", "tree")


def test_links_lead_somewhere() -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", README)

    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_python_examples_run() -> None:
    examples = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)

    assert examples
    for example in examples:
        exec(compile(example, "README.md", "exec"), {})
