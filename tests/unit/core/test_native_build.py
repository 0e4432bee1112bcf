"""A compiler that lacks an instruction set builds the kernels of the others."""

import ctypes
import platform
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TOOLS = ("cmake", "g++")

# -O0 comes last and wins: this test wants the choice of kernels, not their speed.
WRAPPER = """#!/bin/sh
for option in "$@"; do
  case "$option" in
    {refused}) echo "error: unrecognized command-line option '$option'" >&2; exit 1 ;;
  esac
done
exec g++ "$@" -O0
"""


def _build(folder: Path, refused: str) -> ctypes.CDLL:
    """The library as a compiler that refuses an option builds it."""
    compiler = folder / "c++"
    compiler.write_text(WRAPPER.format(refused=refused))
    compiler.chmod(compiler.stat().st_mode | stat.S_IXUSR)
    build = folder / "build"
    for command in (
        ["cmake", "-S", str(ROOT), "-B", str(build), f"-DCMAKE_CXX_COMPILER={compiler}"],
        ["cmake", "--build", str(build)],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    library = ctypes.CDLL(str(build / "libspikefuse.so"))
    library.spikefuse_kernels.restype = ctypes.c_char_p
    return library


@pytest.mark.skipif(any(shutil.which(tool) is None for tool in TOOLS), reason="needs CMake and GCC")
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="x86 options")
@pytest.mark.parametrize(
    ("refused", "kernels"),
    [
        ("-mavx512bf16", "avx512 avx2 portable scalar"),
        ("-mavx*", "portable scalar"),
    ],
)
def test_kernels_whose_options_the_compiler_refuses_are_left_out(
    tmp_path: Path, refused: str, kernels: str
) -> None:
    library = _build(tmp_path, refused)
    assert library.spikefuse_kernels().decode() == kernels
    assert library.spikefuse_restrict(b"portable") == 1
    assert library.spikefuse_restrict(b"avx512_bf16") == 0
