"""The direction of imports, the fences around optional libraries, and no pickle, read off the code.

The rules are those of the design: a package imports only from lines below its own.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"

LAYERS = (
    ("core",),
    ("data", "results", "stats", "execution"),
    ("neurons",),
    ("fusion", "encoders", "noise", "meters", "nn"),
    ("networks",),
    ("training",),
    ("studies",),
    ("planning",),
    ("analysis", "tracking"),
    ("app", "report", "export", "bench", "workbench"),
    ("cli",),
    ("__main__",),
)
RANK = {package: rank for rank, layer in enumerate(LAYERS) for package in layer}

FACE = "workbench"
"""What `spikefuse` itself shows, made when it is asked for."""
LAZY = "spikefuse.core.lazy.on_demand"

FENCES = {
    "ray": ("spikefuse.execution",),
    "triton": ("spikefuse.neurons", "spikefuse.networks.population"),
    "matplotlib": ("spikefuse.report",),
    "gradio": ("spikefuse.app",),
    "soundfile": ("spikefuse.data.own",),
    "nir": ("spikefuse.export",),
    "onnx": ("spikefuse.export",),
    "onnxruntime": ("spikefuse.export",),
    "onnxscript": ("spikefuse.export",),
    "tensorboard": ("spikefuse.tracking",),
    "mlflow": ("spikefuse.tracking",),
}
PICKLES = {"pickle", "_pickle", "cloudpickle", "dill", "shelve", "marshal"}
PICKLING_CALLS = {"torch.save", "torch.load", "joblib.dump", "joblib.load"}
NAMES_WITHOUT_MEANING = {"utils", "util", "common", "misc", "base"}


@dataclass(frozen=True)
class Import:
    """One imported module, and where."""

    module: str
    imported: str
    line: int

    def __str__(self) -> str:
        return f"{self.module}:{self.line} imports {self.imported}"


def module_name(path: Path, source: Path) -> str:
    parts = path.relative_to(source).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(source: Path) -> Iterator[Import]:
    """Every import of every file, those inside functions and TYPE_CHECKING included."""
    for path in sorted(source.rglob("*.py")):
        module = module_name(path, source)
        package = module if path.name == "__init__.py" else module.rpartition(".")[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield Import(module, alias.name, node.lineno)
            elif isinstance(node, ast.ImportFrom):
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                prefix = ".".join(above) if node.level else ""
                start = ".".join(filter(None, (prefix, node.module)))
                for alias in node.names:
                    yield Import(module, f"{start}.{alias.name}", node.lineno)


def is_inside(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def package_of(module: str, source: Path) -> str | None:
    """The package below spikefuse that a dotted name lies in; None for spikefuse's own names."""
    parts = module.split(".")
    is_package = len(parts) > 1 and (source / "spikefuse" / parts[1]).exists()
    is_module = len(parts) > 1 and (source / "spikefuse" / f"{parts[1]}.py").exists()
    return parts[1] if is_package or is_module else None


def wrong_directions(source: Path) -> list[str]:
    found = []
    for item in imports(source):
        if not is_inside(item.imported, "spikefuse"):
            continue
        importer, imported = (package_of(name, source) for name in (item.module, item.imported))
        if item.module == "spikefuse" and (imported == FACE or item.imported == LAZY):
            continue
        if imported is None or importer == imported:
            continue
        allowed = importer is not None and RANK[imported] < RANK[importer]
        if not allowed:
            found.append(str(item))
    return found


def broken_fences(source: Path) -> list[str]:
    return [
        str(item)
        for item in imports(source)
        for library, allowed in FENCES.items()
        if is_inside(item.imported, library)
        and not any(is_inside(item.module, package) for package in allowed)
    ]


def pickles(source: Path) -> list[str]:
    found = [str(item) for item in imports(source) if item.imported.partition(".")[0] in PICKLES]
    for path in sorted(source.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            allows = any(
                word.arg == "allow_pickle" and ast.unparse(word.value) != "False"
                for word in node.keywords
            )
            if called in PICKLING_CALLS or allows:
                found.append(f"{module_name(path, source)}:{node.lineno} calls {called}")
    return found


def names_without_meaning(source: Path) -> list[str]:
    return [
        path.relative_to(source).as_posix()
        for path in sorted(source.rglob("*"))
        if path.stem in NAMES_WITHOUT_MEANING and (path.is_dir() or path.suffix == ".py")
    ]


def test_every_package_has_its_place() -> None:
    packages = {
        path.stem
        for path in (SOURCE / "spikefuse").iterdir()
        if path.suffix == ".py" or (path.is_dir() and any(path.glob("*.py")))
    }
    assert packages - {"__init__"} - set(RANK) == set()


@pytest.mark.parametrize("check", [wrong_directions, broken_fences, pickles, names_without_meaning])
def test_source_keeps_the_rules(check) -> None:
    assert check(SOURCE) == []


@pytest.mark.parametrize(
    ("check", "file", "code"),
    [
        (wrong_directions, "core/streams.py", "from spikefuse.data import load_corpus"),
        (wrong_directions, "data/places/cache.py", "def f():\n    import spikefuse.results.store"),
        (wrong_directions, "neurons/lif.py", "from spikefuse import networks"),
        (wrong_directions, "neurons/lif.py", "from ..networks import build"),
        (wrong_directions, "__init__.py", "from spikefuse.core import errors"),
        (broken_fences, "studies/run.py", "def f():\n    import ray"),
        (broken_fences, "cli/show.py", "from matplotlib import pyplot"),
        (pickles, "results/store.py", "import pickle"),
        (pickles, "results/store.py", "import torch\ntorch.load('weights')"),
        (pickles, "data/sources/mnist.py", "import numpy\nnumpy.load('x', allow_pickle=True)"),
        (names_without_meaning, "data/utils.py", ""),
        (names_without_meaning, "common/x.py", ""),
    ],
)
def test_a_broken_rule_is_found(tmp_path: Path, check, file: str, code: str) -> None:
    for package in ("core", "data", "results", "neurons", "networks"):
        (tmp_path / "spikefuse" / package).mkdir(parents=True)
    path = tmp_path / "spikefuse" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(code, encoding="utf-8")

    assert len(check(tmp_path)) == 1


def test_allowed_imports_pass(tmp_path: Path) -> None:
    for package in ("core", "neurons"):
        (tmp_path / "spikefuse" / package).mkdir(parents=True)
    path = tmp_path / "spikefuse" / "neurons" / "lif.py"
    path.write_text(
        "from spikefuse import __version__\nfrom spikefuse.core.checks import require\n"
        "from spikefuse.neurons import surrogate\nfrom . import surrogate\nimport rayon\n"
    )

    assert wrong_directions(tmp_path) == []
    assert broken_fences(tmp_path) == []


def test_works_without_optional_libraries() -> None:
    """Ray, Triton and Gradio are imported on demand; matplotlib only with the report."""
    packages = sorted(path.parent.name for path in (SOURCE / "spikefuse").glob("*/__init__.py"))
    code = (
        "import importlib, sys\n"
        "for name in ('ray', 'triton', 'gradio', 'matplotlib'):\n"
        "    sys.modules[name] = None\n"
        f"for name in {[name for name in packages if name != 'app']!r}:\n"
        "    importlib.import_module('spikefuse.' + name)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )

    assert answer.returncode == 0, answer.stderr
