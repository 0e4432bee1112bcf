"""The name of a wheel says whether kernels are inside, and a fault in them is no wheel without.

The package is cut down to what decides that, the kernels to what compiles at once.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
BUILD = (
    "import sys; from scikit_build_core.build import build_wheel; "
    "print('made', build_wheel(sys.argv[1]))"
)
needs_tools = pytest.mark.skipif(
    importlib.util.find_spec("scikit_build_core") is None
    or any(shutil.which(tool) is None for tool in ("g++", "sh"))
    or sys.platform != "linux",
    reason="needs the build tools and GCC",
)


def build(folder: Path, kernel: str, *, has_compiler: bool) -> subprocess.CompletedProcess[str]:
    """Build the wheel of a copy with such kernels."""
    source = folder / "source"
    for name in ("CMakeLists.txt", "pyproject.toml", "README.md", "LICENSE"):
        source.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, source)
    package = source / "src" / "spikefuse"
    package.mkdir(parents=True)
    shutil.copy(ROOT / "src" / "spikefuse" / "__init__.py", package)
    (source / "native").mkdir()
    for path in (ROOT / "native").glob("*.cpp"):
        (source / "native" / path.name).write_text(kernel)
    path = Path(sys.executable).parent
    environment = {name: value for name, value in os.environ.items() if name not in ("CXX", "CC")}
    if not has_compiler:
        tools = folder / "tools"
        tools.mkdir()
        for tool in ("sh", "uname"):
            (tools / tool).symlink_to(str(shutil.which(tool)))
        environment["PATH"] = f"{path}{os.pathsep}{tools}"
    return subprocess.run(
        [sys.executable, "-c", BUILD, str(folder)],
        cwd=source,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@needs_tools
def test_a_wheel_without_kernels_is_for_any_machine(tmp_path: Path) -> None:
    done = build(tmp_path, "static int nothing;", has_compiler=False)
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name.endswith("-py3-none-any.whl"), done.stdout
    assert "no C++ compiler found; the CPU kernels are left out" in done.stdout
    assert not any(name.endswith(".so") for name in zipfile.ZipFile(wheel).namelist())


@needs_tools
def test_a_wheel_with_kernels_names_its_machine(tmp_path: Path) -> None:
    done = build(tmp_path, "static int nothing;", has_compiler=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert "-py3-none-linux_" in wheel.name, done.stdout
    assert "spikefuse/core/libspikefuse.so" in zipfile.ZipFile(wheel).namelist()


@needs_tools
def test_a_fault_in_the_kernels_is_no_wheel_without(tmp_path: Path) -> None:
    done = build(tmp_path, "this is no C++;", has_compiler=True)
    assert done.returncode != 0
    assert "the CPU kernels could not be built with" in done.stdout + done.stderr
    assert list(tmp_path.glob("*.whl")) == []
