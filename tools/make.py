#!/usr/bin/env python3
"""Set up spikefuse, reproduce the paper, run the checks: `python tools/make.py COMMAND`.

Standard library only, since it runs before anything is installed; `make COMMAND` calls it. Every
command may be interrupted at any time and goes on when it is called again: the stamp that says
"installed" is written last.
"""

import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Optional, Sequence

MINIMUM_PYTHON = (3, 11)
# .venv and what pip unpacks on the way, measured with a CPU build of torch (1.4 and 3.6 GB), and
# with a CUDA build, whose libraries are packages of their own (5.8 in .venv).
DISK_GB = 2.0
DISK_TEST_GB = 4.0  # with the extras of `make test`, of which Triton is the largest
DISK_CUDA_GB = 6.0
TAIL_LINES = 15
GRACE_SECONDS = 30.0
PIP_STEPS = ("Collecting ", "Downloading ", "Processing ", "Installing ", "Building ")
BUILD_TOOLS = ("scikit-build-core", "cmake", "ninja")
STAMP_INPUTS = (
    "pyproject.toml",
    "constraints.txt",
    "CMakeLists.txt",
    "native",
    "tools/make.py",
    "src/spikefuse/__init__.py",
)
INTERRUPTED = 128 + signal.SIGINT


def python_problem(version: Sequence[int], executable: str) -> Optional[str]:
    """One line when this Python is too old, else None. Written so that an old one can run it."""
    if tuple(version[:2]) >= MINIMUM_PYTHON:
        return None
    return "Set-up: Python must be {}.{} or newer, got {}.{} ({}). {}".format(
        *MINIMUM_PYTHON,
        *version[:2],
        executable,
        "Name a newer one: make reproduce PYTHON=python3.12",
    )


TOO_OLD = python_problem(sys.version_info[:2], sys.executable)
if TOO_OLD:  # before a line that it cannot run
    sys.exit(TOO_OLD)


class SetupError(Exception):
    """The environment cannot be made; the message is one line, `code` the exit status."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


# --- pre-flight -----------------------------------------------------------------------------------


def disk_problem(root: Path, wanted_gb: float = DISK_GB, why: str = "") -> str | None:
    """One line when the disk under `root` has too little room, else None."""
    free_gb = shutil.disk_usage(root).free / 1e9
    if free_gb >= wanted_gb:
        return None
    return (
        f"Set-up: free disk space must be {wanted_gb:.0f} GB or more{why}, got {free_gb:.1f} GB in"
        f" {root}. Make room or move the folder to a larger disk."
    )


def torch_is_cuda(report: str) -> bool:
    """Whether an installation, as pip reports it, brings the libraries of a CUDA build."""
    try:
        packages = json.loads(report)["install"]
        names = [str(each["metadata"]["name"]).lower() for each in packages]
    except (ValueError, KeyError, TypeError):
        return False  # an old pip: the disk of a CPU build is looked at all the same
    return any(name.startswith(("nvidia-", "cuda-")) for name in names)


def torch_problem(root: Path) -> str | None:
    """One line when the disk has too little room for the build of torch that pip would take.

    Asked before anything of it is downloaded: the index and the settings of pip decide the build.
    """
    ask = ["install", "--dry-run", "--quiet", "--report", "-", "-c", "constraints.txt"]
    try:
        answer = subprocess.run(
            [str(venv_python(root)), "-m", "pip", *ask, pinned(root, "torch")],
            cwd=root,
            env=child_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            check=False,
        )
    except OSError:
        return None  # no environment: the next stage says so
    if answer.returncode or not torch_is_cuda(answer.stdout):
        return None  # what is wrong with the index, the installation itself says
    why = (
        " for the CUDA build of PyTorch that pip takes here"
        f" (a CPU build needs {DISK_GB:.0f}: PIP_INDEX_URL)"
    )
    return disk_problem(root, DISK_CUDA_GB, why)


def folder_problem(root: Path) -> str | None:
    """One line when nothing can be written into `root`, else None."""
    try:
        with tempfile.TemporaryFile(dir=root):
            return None
    except OSError as error:
        reason = error.strerror or str(error)
        return (
            f"Set-up: the folder must be writable, got {reason!r} in {root}."
            " Change its permissions or copy it to a folder of your own."
        )


def venv_problem() -> str | None:
    """One line when this Python cannot make environments, else None."""
    missing = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
    if not missing:
        return None
    return (
        f"Set-up: Python must come with venv and ensurepip, got none of {', '.join(missing)}"
        f" ({sys.executable}). On Debian and Ubuntu: apt install python3-venv"
    )


def preflight(root: Path, extras: Collection[str] = ()) -> list[str]:
    """Everything that would stop the set-up later, one line each."""
    is_for_tests = "dev" in extras and not read_stamp(root)[1]  # else most of it is there
    disk = disk_problem(root, DISK_TEST_GB, " for all of `make test`") if is_for_tests else None
    found = (folder_problem(root), disk or disk_problem(root), venv_problem())
    return [problem for problem in found if problem]


# --- running commands -----------------------------------------------------------------------------


def child_environment() -> dict[str, str]:
    """The user's environment (PIP_* included) without what would leak other packages into .venv."""
    environment = dict(os.environ)
    for name in ("PYTHONHOME", "PYTHONPATH", "__PYVENV_LAUNCHER__"):
        environment.pop(name, None)
    environment["PYTHONNOUSERSITE"] = "1"
    # Users set these for their own installs; here each would put packages beside .venv. An empty
    # setting counts as one that is not made; "0" also goes before `user = true` in a pip.conf.
    environment["PIP_USER"] = "0"
    for name in ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT"):
        environment.pop(name, None)
    environment["PYTHONUNBUFFERED"] = "1"
    environment.setdefault("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    return environment


@contextlib.contextmanager
def started(process: "subprocess.Popen[Any]") -> Iterator["subprocess.Popen[Any]"]:
    """Leave no child behind: an interrupt gives it time to end by itself, then ends it."""
    try:
        yield process
    except BaseException as error:
        if not isinstance(error, KeyboardInterrupt):  # the terminal interrupts the child as well
            process.terminate()
        with contextlib.suppress(KeyboardInterrupt, subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)
        process.kill()
        process.wait()
        raise


def run_through(command: list[str], cwd: Path | None = None) -> int:
    """Run a command on this terminal and return its exit status (128 + n after signal n)."""
    process = subprocess.Popen(command, cwd=cwd, env=child_environment())
    try:
        with started(process):
            process.wait()
    except KeyboardInterrupt:
        # It died without a word; Python says 0 where the signal came between its end and the note
        # of how it ended.
        if process.returncode <= 0:
            raise
        return INTERRUPTED  # it has said its own last line
    return 128 - process.returncode if process.returncode < 0 else process.returncode


def run_stage(title: str, command: list[str], root: Path) -> None:
    """Run a quiet command: one line on the terminal while it runs and when it is done.

    Raises:
        SetupError: It failed; its last lines were printed and all of them kept in a file.
    """
    began = time.monotonic()
    live = sys.stdout.isatty()
    lines: list[str] = []
    print(f"  {title} ...", end="" if live else "\n", flush=True)
    with started(
        subprocess.Popen(
            command,
            cwd=root,
            env=child_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
    ) as process:
        for line in process.stdout or ():
            lines.append(line)
            if live and line.lstrip().startswith(PIP_STEPS):
                print(over_line(f"  {title} ... {line.strip()}"), end="", flush=True)
        code = process.wait()
    seconds = time.monotonic() - began
    if code == 0:
        text = f"  {title}: done in {seconds:.0f} s"
        print(over_line(text) if live else text, flush=True)
        return
    kept = root / "build" / "setup.log"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text("".join(lines), encoding="utf-8")
    print("\n" if live else "", *lines[-TAIL_LINES:], sep="", end="", flush=True)
    raise SetupError(
        f"Set-up: {title} failed (exit status {code}); the whole output is in {kept}."
        " Once mended, the same command goes on from here.",
        code if code > 0 else 128 - code,
    )


def over_line(text: str) -> str:
    """`text` in place of the terminal's current line, cut to its width."""
    width = shutil.get_terminal_size().columns - 1
    return "\r" + text[:width].ljust(width)


# --- the environment ------------------------------------------------------------------------------


def venv_python(root: Path) -> Path:
    """The interpreter of the environment."""
    folder = "Scripts/python.exe" if os.name == "nt" else "bin/python"
    return root / ".venv" / folder


def venv_script(root: Path, name: str) -> Path:
    """A console command of the environment."""
    folder, suffix = ("Scripts", ".exe") if os.name == "nt" else ("bin", "")
    return root / ".venv" / folder / (name + suffix)


def find_packages(root: Path) -> list[Path]:
    """The `__init__.py` of every package."""
    return list((root / "src").rglob("__init__.py"))


def stamp_key(root: Path) -> str:
    """Hash of everything that decides what is installed; another key means: install again."""
    digest = hashlib.sha256()
    compiler = os.environ.get("CXX") or next(filter(shutil.which, ("c++", "g++", "clang++")), "")
    # A moved folder has stale paths in .venv; a compiler found later can build the kernels.
    facts = (sys.version, str(root), compiler)
    digest.update("\0".join(facts).encode())
    # An editable installation knows the packages that were there when it was made.
    packages = sorted(path.parent.relative_to(root).as_posix() for path in find_packages(root))
    digest.update("\0".join(packages).encode())
    for name in STAMP_INPUTS:
        path = root / name
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file():
                content = hashlib.sha256(file.read_bytes()).hexdigest()
                digest.update(f"{file.relative_to(root).as_posix()}\0{content}\n".encode())
    return digest.hexdigest()


def read_stamp(root: Path) -> tuple[str, set[str]]:
    """Key and extras of the last finished set-up; empty when there is none."""
    try:
        stamp = json.loads((root / ".venv" / "spikefuse-setup.json").read_text(encoding="utf-8"))
        return str(stamp["key"]), set(stamp["extras"])
    except (OSError, ValueError, KeyError, TypeError):
        return "", set()


def write_stamp(root: Path, key: str, extras: set[str]) -> None:
    """Say that the set-up is finished, in one step."""
    path = root / ".venv" / "spikefuse-setup.json"
    part = path.with_suffix(".part")
    part.write_text(json.dumps({"key": key, "extras": sorted(extras)}), encoding="utf-8")
    part.replace(path)


def environment_is_usable(root: Path) -> bool:
    """Whether .venv has this Python's version and a pip that runs."""
    python = venv_python(root)
    if not python.exists():
        return False
    probe = "import sys, pip; sys.exit(sys.version_info[:2] != (%d, %d))" % sys.version_info[:2]
    answer = subprocess.run(
        [str(python), "-c", probe], env=child_environment(), capture_output=True, check=False
    )
    return answer.returncode == 0


def discard_half_installed(root: Path) -> list[str]:
    """Forget packages whose installation was cut short, so that pip installs them again.

    pip writes a package's RECORD last; without it the package may lack files and still count.
    """
    packages = "Lib/site-packages" if os.name == "nt" else "lib/python*/site-packages"
    found = (root / ".venv").glob(f"{packages}/*.dist-info")
    halves = [folder for folder in found if not (folder / "RECORD").exists()]
    for folder in halves:
        shutil.rmtree(folder)
    return [folder.name for folder in halves]


def pinned(root: Path, package: str) -> str:
    """The requirement `package==version` as the constraints pin it.

    Raises:
        SetupError: They do not.
    """
    text = (root / "constraints.txt").read_text(encoding="utf-8")
    match = re.search(rf"^{re.escape(package)}==\S+", text, re.MULTILINE)
    if match is None:
        raise SetupError(f"Set-up: constraints.txt must pin {package}, got no such line.")
    return match.group()


def install_stages(root: Path, extras: set[str]) -> list[tuple[str, list[str]]]:
    """What pip is asked for, in this order.

    torch comes first and alone, so that a build offered on this machine is taken as it is. The
    build tools go into the environment itself: they are then pinned like everything else, by any
    version of pip, and nothing is downloaded twice. The package is installed in place: a changed
    source file needs no new set-up.
    """
    pip = [str(venv_python(root)), "-m", "pip", "install", "-c", "constraints.txt"]
    torch = pinned(root, "torch")
    wanted = "." + (f"[{','.join(sorted(extras))}]" if extras else "")
    names = "spikefuse and its libraries" + (f" ({', '.join(sorted(extras))})" if extras else "")
    return [
        (torch.replace("==", " "), [*pip, torch]),
        ("build tools", [*pip, *BUILD_TOOLS]),
        (names, [*pip, "--no-build-isolation", "--editable", wanted]),
    ]


def set_up(root: Path, extras: set[str]) -> None:
    """Make .venv what the files of this folder ask for; at once when it already is.

    Raises:
        SetupError: Something is missing or a stage failed.
    """
    key = stamp_key(root)
    old_key, old_extras = read_stamp(root)
    if old_key == key and extras <= old_extras and venv_python(root).exists():
        return
    problems = preflight(root, extras)
    if problems:
        raise SetupError("\n".join(problems))
    extras = extras | old_extras  # what was asked for once stays, and stays up to date
    print(f"Setting up {root / '.venv'} (once; a few minutes, mostly downloads)", flush=True)
    if not environment_is_usable(root):
        # Outside the environment, which `--clear` empties, even when called from inside it.
        python = getattr(sys, "_base_executable", None) or sys.executable
        version = "Python {}.{}.{}".format(*sys.version_info[:3])
        run_stage(version, [python, "-m", "venv", "--clear", ".venv"], root)
    (root / ".venv" / "spikefuse-setup.json").unlink(missing_ok=True)
    discard_half_installed(root)
    too_large = torch_problem(root)
    if too_large:
        raise SetupError(too_large)
    for title, command in install_stages(root, extras):
        run_stage(title, command, root)
    write_stamp(root, key, extras)


def set_up_peers(root: Path) -> Path:
    """Make .venv-peers, with the same PyTorch, and return its interpreter."""
    folder = root / ".venv-peers"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp, wanted = folder / "peers.txt", root / "benchmarks" / "requirements.txt"
    asked = pinned(root, "torch") + "\n" + wanted.read_text(encoding="utf-8")
    if python.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == asked:
        return python
    base = getattr(sys, "_base_executable", None) or sys.executable
    run_stage("environment of the peers", [base, "-m", "venv", "--clear", str(folder)], root)
    pip = [str(python), "-m", "pip", "install"]
    run_stage("torch for the peers", [*pip, pinned(root, "torch")], root)
    run_stage("the peers", [*pip, "--no-deps", "-r", str(wanted)], root)
    stamp.write_text(asked, encoding="utf-8")
    return python


# --- commands -------------------------------------------------------------------------------------


def show_help(root: Path, arguments: list[str]) -> int:
    """Print this overview."""
    print("spikefuse: does a second modality help a spiking network, and is it real?\n")
    for name, function in COMMANDS.items():
        summary = (function.__doc__ or "").splitlines()[0]
        print(f"  make {name:<10} {summary[0].lower()}{summary[1:].rstrip('.')}")
    print('\nOptions go through ARGS: make reproduce ARGS="--profile smoke"')
    print("Without make: python tools/make.py reproduce --profile smoke")
    return 0


def setup(root: Path, arguments: list[str]) -> int:
    """Make .venv with spikefuse in it (the other commands do so by themselves)."""
    set_up(root, set(arguments))
    return 0


def reproduce(root: Path, arguments: list[str]) -> int:
    """Run the paper's six experiments, write the report (ARGS: of spikefuse reproduce)."""
    set_up(root, set())
    return run_through([str(venv_script(root, "spikefuse")), "reproduce", *arguments])


def bench(root: Path, arguments: list[str]) -> int:
    """Measure against peers, in an environment of their own (ARGS: of spikefuse bench)."""
    set_up(root, set())
    python = set_up_peers(root).relative_to(root)
    options = {
        "--peers": "benchmarks/peers.py",
        "--peers-python": str(python),
        "--out": "benchmarks/results.json",
        "--page": "docs/benchmarks.md",
        "--notes": "benchmarks/notes.md",
    }
    command = [word for option in options.items() for word in option]
    script = str(venv_script(root, "spikefuse"))
    return run_through([script, "bench", *command, *arguments], cwd=root)


def nir_peers(root: Path, arguments: list[str]) -> int:
    """Ask SpikingJelly, snnTorch and Norse what an exported trial answers (ARGS: the trial)."""
    set_up(root, {"nir"})
    python = set_up_peers(root).relative_to(root)
    script = ["benchmarks/nir_table.py", "--readers-python", str(python)]
    return run_through([str(venv_python(root)), *script, *arguments], cwd=root)


def test(root: Path, arguments: list[str]) -> int:
    """Run everything CI runs (ARGS: of pytest)."""
    set_up(root, {"dev", "ray"})
    python = str(venv_python(root))
    checks = {
        "ruff check": [python, "-m", "ruff", "check", "."],
        "ruff format": [python, "-m", "ruff", "format", "--check", "."],
        "mypy": [python, "-m", "mypy"],
        "pytest": [python, "-m", "pytest", "--durations=10", *arguments],
    }
    codes: dict[str, int] = {}
    for name, command in checks.items():  # all of them, so that one run shows all there is to mend
        print(f"== {name}", flush=True)
        codes[name] = run_through(command, cwd=root)
        if codes[name] == INTERRUPTED:
            return INTERRUPTED
    failed = [name for name, code in codes.items() if code]
    if failed and failed != ["pytest"]:  # else pytest's own closing line stays the last
        print(f"failed: {', '.join(failed)}", flush=True)
    return codes[failed[-1]] if failed else 0


def test_long(root: Path, arguments: list[str]) -> int:
    """Run the long forms: random kills, parsers fed anything, all networks by events (hours)."""
    set_up(root, {"dev", "ray"})
    os.environ["SPIKEFUSE_LONG_TESTS"] = "1"
    command = [str(venv_python(root)), "-m", "pytest", "-s", "--durations=20"]
    places = ["tests/long", "tests/parity/test_event_networks.py"]
    return run_through([*command, *(arguments or places)], cwd=root)


def clean(root: Path, arguments: list[str]) -> int:
    """Remove .venv and caches; results stay."""
    for name in (
        ".venv",
        ".venv-peers",
        "build",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        ".hypothesis",
    ):
        shutil.rmtree(root / name, ignore_errors=True)
    return 0


COMMANDS = {
    "help": show_help,
    "setup": setup,
    "reproduce": reproduce,
    "test": test,
    "test-long": test_long,
    "bench": bench,
    "nir-peers": nir_peers,
    "clean": clean,
}


def main(arguments: list[str], root: Path) -> int:
    """Run one command and return the exit status."""
    name, *rest = arguments or ["help"]
    name = {"-h": "help", "--help": "help"}.get(name, name)
    if name not in COMMANDS:
        print(f"make: command must be one of {', '.join(COMMANDS)}, got {name!r}.", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        return COMMANDS[name](root, rest)
    except SetupError as error:
        print(error, file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on from here.", file=sys.stderr)
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path(__file__).resolve().parent.parent))
