"""The set-up script: pre-flight, stamp, resuming, exit codes. Nothing is installed here."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import scripts

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = ROOT / "tools" / "make.py"
make = scripts.load("tools/make.py")

posix_only = pytest.mark.skipif(os.name == "nt", reason="signals and file modes of POSIX")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with a space in its name that holds what a set-up reads."""
    root = tmp_path / "my checkout"
    (root / "src" / "spikefuse").mkdir(parents=True)
    (root / "native").mkdir()
    (root / "pyproject.toml").write_text("[project]\n")
    (root / "constraints.txt").write_text("numpy==2.0\ntorch==9.8.7\ntorchmetrics==1.0\n")
    (root / "native" / "lif.cpp").write_text("int f();\n")
    (root / "src" / "spikefuse" / "__init__.py").write_text("")
    return root


def pretend_environment(root: Path) -> None:
    python = make.venv_python(root)
    python.parent.mkdir(parents=True)
    python.touch()


# --- pre-flight -----------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [(3, 8, 1), (3, 10, 14), (2, 7, 18)])
def test_an_old_python_is_refused_in_one_line(version: tuple[int, ...]) -> None:
    problem = make.python_problem(version, "/usr/bin/python3")

    assert "\n" not in problem
    assert f"3.11 or newer, got {version[0]}.{version[1]} (/usr/bin/python3)" in problem


def test_this_python_is_accepted() -> None:
    assert make.python_problem((3, 11, 0), "python") is None
    assert make.python_problem((4, 0, 0), "python") is None


def test_an_old_python_can_read_the_script() -> None:
    """The check must be reached: what stands before it has to run, the rest to be parsed."""
    import ast

    tree = ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 8))
    checked = next(
        place
        for place, node in enumerate(tree.body)
        if isinstance(node, ast.If) and "TOO_OLD" in ast.unparse(node.test)
    )
    annotations = [
        ast.unparse(argument.annotation)
        for node in tree.body[:checked]
        if isinstance(node, ast.FunctionDef)
        for argument in node.args.args
        if argument.annotation
    ]

    assert annotations == ["Sequence[int]", "str"]


@pytest.mark.parametrize(
    ("extras", "free_gb", "wanted"),
    [(set(), 1.9, 2), (set(), 2.0, None), ({"dev", "ray"}, 3.9, 4), ({"dev", "ray"}, 4.0, None)],
)
def test_a_full_disk_is_refused(
    checkout: Path,
    monkeypatch: pytest.MonkeyPatch,
    extras: set[str],
    free_gb: float,
    wanted: int | None,
) -> None:
    free = int(free_gb * 1e9)
    monkeypatch.setattr(
        make.shutil, "disk_usage", lambda _: make.shutil._ntuple_diskusage(9, 9, free)
    )

    problems = make.preflight(checkout, extras)

    assert len(problems) == (wanted is not None)
    if wanted:
        why = " for all of `make test`" if extras else ""
        assert f"must be {wanted} GB or more{why}, got {free_gb} GB" in problems[0]
        assert "\n" not in problems[0]


def test_tests_ask_no_second_time_for_the_disk_of_what_is_installed(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (checkout / ".venv").mkdir()
    make.write_stamp(checkout, "an older key", {"dev", "ray"})
    free = make.shutil._ntuple_diskusage(9, 9, int(2.5e9))
    monkeypatch.setattr(make.shutil, "disk_usage", lambda _: free)

    assert make.preflight(checkout, {"dev", "ray"}) == []


def test_a_read_only_folder_is_refused(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(dir: Path) -> None:  # as root, permissions refuse nothing
        raise PermissionError(13, "Permission denied")

    assert make.folder_problem(checkout) is None
    monkeypatch.setattr(make.tempfile, "TemporaryFile", refuse)
    problem = make.folder_problem(checkout)

    assert "must be writable, got 'Permission denied'" in problem
    assert "\n" not in problem


def test_a_python_without_venv_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert make.venv_problem() is None
    monkeypatch.setattr(make.importlib.util, "find_spec", lambda name: None)
    problem = make.venv_problem()

    assert "venv, ensurepip" in problem
    assert "apt install python3-venv" in problem


def test_every_problem_is_reported_and_nothing_is_made(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(make, "disk_problem", lambda _: "disk full")
    monkeypatch.setattr(make, "folder_problem", lambda _: "read-only")

    assert make.main(["setup"], checkout) == 1
    assert capsys.readouterr().err == "read-only\ndisk full\n"
    assert not (checkout / ".venv").exists()


# --- stamp ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt", "native/lif.cpp"])
def test_the_key_follows_what_decides_the_installation(checkout: Path, name: str) -> None:
    before = make.stamp_key(checkout)
    assert make.stamp_key(checkout) == before

    (checkout / name).write_text("changed")
    assert make.stamp_key(checkout) != before


def test_the_key_follows_new_kernels_and_a_new_place_not_other_files(checkout: Path) -> None:
    before = make.stamp_key(checkout)
    (checkout / "README.md").write_text("words")
    assert make.stamp_key(checkout) == before

    (checkout / "native" / "more.cpp").touch()
    after = make.stamp_key(checkout)
    assert after != before
    assert make.stamp_key(checkout.rename(checkout.with_name("moved"))) != after


def test_a_finished_set_up_does_nothing(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_environment(checkout)
    make.write_stamp(checkout, make.stamp_key(checkout), {"dev", "ray"})
    monkeypatch.setattr(make, "run_stage", lambda *_: pytest.fail("something was installed"))

    make.set_up(checkout, {"dev"})


def installed(root: Path, monkeypatch: pytest.MonkeyPatch, stop_at: str = "") -> list[str]:
    """Titles of the stages that a set-up for no extras runs; one of them may be interrupted."""
    titles: list[str] = []

    def stage(title: str, command: list[str], root: Path) -> None:
        titles.append(title)
        if title == stop_at:
            raise KeyboardInterrupt
        if "venv" in command:
            pretend_environment(root)

    monkeypatch.setattr(make, "run_stage", stage)
    monkeypatch.setattr(make, "environment_is_usable", lambda r: make.venv_python(r).exists())
    make.set_up(root, set())
    return titles


def test_stages_come_in_order_and_once(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    titles = installed(checkout, monkeypatch)

    assert titles[1:] == ["torch 9.8.7", "build tools", "spikefuse and its libraries"]
    assert titles[0].startswith("Python 3.")
    assert installed(checkout, monkeypatch) == []


def test_an_interrupted_set_up_goes_on(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KeyboardInterrupt):
        installed(checkout, monkeypatch, stop_at="build tools")

    assert installed(checkout, monkeypatch) == [
        "torch 9.8.7",
        "build tools",
        "spikefuse and its libraries",
    ]


def test_extras_asked_for_once_stay(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_environment(checkout)
    make.write_stamp(checkout, "an older key", {"dev"})

    assert installed(checkout, monkeypatch)[-1] == "spikefuse and its libraries (dev)"
    assert make.read_stamp(checkout) == (make.stamp_key(checkout), {"dev"})


def test_a_damaged_stamp_counts_as_none(checkout: Path) -> None:
    pretend_environment(checkout)
    (checkout / ".venv" / "spikefuse-setup.json").write_text('{"key": "abc"')

    assert make.read_stamp(checkout) == ("", set())


@posix_only
def test_a_half_installed_package_is_forgotten(checkout: Path) -> None:
    packages = checkout / ".venv" / "lib" / "python3.11" / "site-packages"
    for name, file in (("whole-1.0.dist-info", "RECORD"), ("half-1.0.dist-info", "METADATA")):
        (packages / name).mkdir(parents=True)
        (packages / name / file).touch()

    assert make.discard_half_installed(checkout) == ["half-1.0.dist-info"]
    assert [path.name for path in packages.iterdir()] == ["whole-1.0.dist-info"]


def test_pip_gets_the_constraints_and_no_index(checkout: Path) -> None:
    stages = make.install_stages(checkout, {"ray", "dev"})

    assert stages[-1][1][-1] == ".[dev,ray]"
    for _, command in stages:
        assert command[1:6] == ["-m", "pip", "install", "-c", "constraints.txt"]
        assert not any("index" in word or "find-links" in word for word in command)
    assert stages[0][1][6:] == ["torch==9.8.7"]


def test_a_missing_pin_is_named(checkout: Path) -> None:
    (checkout / "constraints.txt").write_text("torchvision==1\n")

    with pytest.raises(make.SetupError, match=r"constraints\.txt must pin torch"):
        make.pinned(checkout, "torch")


def test_the_user_s_pip_settings_reach_pip_and_foreign_packages_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PIP_TIMEOUT", "99")
    monkeypatch.setenv("PIP_DISABLE_PIP_VERSION_CHECK", "0")
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    monkeypatch.setenv("PIP_USER", "1")
    monkeypatch.setenv("PIP_TARGET", "elsewhere")
    environment = make.child_environment()

    assert environment["PIP_TIMEOUT"] == "99"
    assert environment["PIP_DISABLE_PIP_VERSION_CHECK"] == "0"
    assert "PYTHONPATH" not in environment
    assert environment["PIP_USER"] == "0"
    assert "PIP_TARGET" not in environment


# --- running --------------------------------------------------------------------------------------


def test_a_failed_stage_shows_the_last_lines_and_passes_its_code_on(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = "import sys; [print('line', n) for n in range(40)]; sys.exit(3)"

    with pytest.raises(make.SetupError, match=r"torch failed \(exit status 3\)") as caught:
        make.run_stage("torch", [sys.executable, "-c", code], checkout)
    printed = capsys.readouterr().out.splitlines()

    assert caught.value.code == 3
    assert printed[-1] == "line 39"
    assert printed.count("line 25") == 1
    assert "line 24" not in printed
    assert (checkout / "build" / "setup.log").read_text().startswith("line 0\nline 1\n")


def test_a_stage_that_works_is_quiet(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make.run_stage("torch", [sys.executable, "-c", "print('noise')"], checkout)

    assert re.fullmatch(r"  torch \.\.\.\n  torch: done in \d+ s\n", capsys.readouterr().out)


@pytest.mark.parametrize("code", [0, 1, 2, 130])
def test_exit_codes_pass_through(code: int) -> None:
    assert make.run_through([sys.executable, "-c", f"raise SystemExit({code})"]) == code


@posix_only
def test_a_killed_command_has_the_shell_s_code() -> None:
    code = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"

    assert make.run_through([sys.executable, "-c", code]) == 137


def test_an_unknown_command_is_refused(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert make.main(["reprodcue"], checkout) == 2
    assert "got 'reprodcue'" in capsys.readouterr().err


@posix_only
@pytest.mark.parametrize(
    ("child", "last_line"),
    [
        ("time.sleep(60)", "Stopped. The same command goes on from here."),
        (
            "\ntry: time.sleep(60)\nexcept KeyboardInterrupt: print('saved'); exit(130)",
            "saved",
        ),
    ],
)
def test_ctrl_c_ends_with_one_line(child: str, last_line: str) -> None:
    """As a terminal does it: the signal goes to the script and to what it runs."""
    load = f"import importlib.util as u; s = u.spec_from_file_location('make', {str(SCRIPT)!r})"
    inner = f"import signal, time; print('started', flush=True); {child}"
    if "\n" not in child:  # dies of the signal, as a program does that knows nothing of it
        inner = f"import signal; signal.signal(signal.SIGINT, signal.SIG_DFL); {inner}"
    code = (
        f"{load}; m = u.module_from_spec(s); s.loader.exec_module(m); import sys, pathlib\n"
        "m.COMMANDS['child'] = lambda root, rest: m.run_through([sys.executable, '-c', rest[0]])\n"
        f"sys.exit(m.main(['child', {inner!r}], pathlib.Path('.')))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=20)

    assert process.returncode == 130
    assert output.split("\n")[-2:] == [last_line, ""]
    assert "Traceback" not in output


def test_checks_run_on_after_a_failure_and_the_status_tells(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def run(command: list[str], cwd: Path) -> int:
        ran.append(command[2])
        return {"ruff": 1}.get(command[2], 0)

    ran: list[str] = []
    monkeypatch.setattr(make, "set_up", lambda root, extras: None)
    monkeypatch.setattr(make, "run_through", run)

    assert make.main(["test", "-k", "lif"], checkout) == 1
    assert ran == ["ruff", "ruff", "mypy", "pytest"]
    assert capfd.readouterr().out.endswith("failed: ruff check, ruff format\n")


def test_the_last_line_of_a_green_run_is_pytest_s(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(make, "set_up", lambda root, extras: None)
    monkeypatch.setattr(make, "run_through", lambda command, cwd: 0)

    assert make.main(["test"], checkout) == 0
    assert capfd.readouterr().out.endswith("== pytest\n")


def test_help_and_makefile_name_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert make.main([], ROOT) == 0
    shown = re.findall(r"^  make ([\w-]+) ", capsys.readouterr().out, re.MULTILINE)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    assert shown == list(make.COMMANDS)
    for rule in (r"^\.PHONY: (.*)$", r"^([a-z]+ .*):$"):
        match = re.search(rule, makefile, re.MULTILINE)
        assert match is not None
        assert match.group(1).split() == list(make.COMMANDS)
    assert "\n.DEFAULT_GOAL := help\n" in makefile


def test_ci_runs_what_a_developer_runs() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()

    assert lines[0] == "#!/usr/bin/env bash"
    assert lines[-1] == "exec make test"


# --- the build of torch ---------------------------------------------------------------------------


def report_of(*names: str) -> str:
    """What `pip install --dry-run --report -` prints."""
    return json.dumps({"version": "1", "install": [{"metadata": {"name": name}} for name in names]})


def pretend_pip(monkeypatch: pytest.MonkeyPatch, code: int, output: str) -> None:
    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        assert command[1:5] == ["-m", "pip", "install", "--dry-run"]
        assert command[-1] == "torch==9.8.7"
        return subprocess.CompletedProcess(command, code, output)

    monkeypatch.setattr(make.subprocess, "run", run)


@pytest.mark.parametrize(
    ("code", "output", "free_gb", "refused"),
    [
        (0, report_of("torch", "nvidia-cublas", "triton"), 5.9, True),
        (0, report_of("torch", "cuda-bindings"), 5.9, True),
        (0, report_of("torch", "nvidia-cublas"), 6.0, False),
        (0, report_of("torch", "sympy"), 3.1, False),
        (0, "usage: pip of before there were reports", 3.1, False),
        (1, "", 3.1, False),
    ],
)
def test_the_disk_must_hold_the_build_of_torch_that_pip_takes(
    checkout: Path,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    output: str,
    free_gb: float,
    refused: bool,
) -> None:
    free = int(free_gb * 1e9)
    monkeypatch.setattr(
        make.shutil, "disk_usage", lambda _: make.shutil._ntuple_diskusage(9, 9, free)
    )
    pretend_pip(monkeypatch, code, output)

    problem = make.torch_problem(checkout)

    assert (problem is not None) == refused
    if refused:
        assert "must be 6 GB or more for the CUDA build of PyTorch" in problem
        assert "got 5.9 GB" in problem
        assert "\n" not in problem


def test_a_set_up_stops_before_a_build_that_does_not_fit(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make, "torch_problem", lambda _: "too large")

    with pytest.raises(make.SetupError, match="too large"):
        installed(checkout, monkeypatch)
    assert make.read_stamp(checkout) == ("", set())
