import getpass
import json
import os
import platform
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import spikefuse
from spikefuse.core import provenance


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    """Facts of this machine are looked up once a process; these tests start afresh."""
    remembered = (provenance.revision, provenance._processor, provenance._cpuinfo)
    for function in remembered:
        function.cache_clear()
    yield
    for function in remembered:
        function.cache_clear()


def git(folder: Path, *arguments: str) -> str:
    settings = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org"]
    command = ["git", "-C", str(folder), *settings, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository that the package seems to run from."""
    root = tmp_path / "a checkout"
    module = root / "src" / "spikefuse" / "__init__.py"
    module.parent.mkdir(parents=True)
    module.write_text("")
    monkeypatch.setattr(spikefuse, "__file__", str(module))
    return root


def test_it_is_json_and_says_what_ran() -> None:
    described = json.loads(json.dumps(provenance.describe()))

    assert described["spikefuse"] == spikefuse.__version__
    assert described["python"] == platform.python_version()
    assert described["libraries"]["torch"] == described["torch"]["version"] == torch.__version__
    assert described["torch"]["threads"] == torch.get_num_threads()
    assert described["device"] == {"type": "cpu"}
    assert described["processor"]["cores"] == os.cpu_count()


def test_threads_are_those_of_the_moment() -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        assert provenance.describe_torch()["threads"] == 1
    finally:
        torch.set_num_threads(before)


def test_it_names_no_person_and_no_machine() -> None:
    text = json.dumps(provenance.describe())
    names = {socket.gethostname(), platform.node(), getpass.getuser(), str(Path.home())}

    assert [name for name in names if len(name) > 3 and name in text] == []


def test_a_library_that_is_not_installed_is_none() -> None:
    assert provenance.library_version("no-such-library-at-all") is None


def test_revision_is_the_commit_and_tells_of_changes(checkout: Path) -> None:
    git(checkout, "init", "--quiet")
    git(checkout, "add", ".")
    git(checkout, "commit", "--quiet", "--message", "first")
    commit = git(checkout, "rev-parse", "HEAD")
    assert provenance.revision() == commit
    assert len(commit) == 40

    (checkout / "src" / "spikefuse" / "__init__.py").write_text("changed = True\n")
    provenance.revision.cache_clear()
    assert provenance.revision() == f"{commit}+changes"


def test_a_repository_further_up_is_not_ours(checkout: Path) -> None:
    git(checkout.parent, "init", "--quiet")
    git(checkout.parent, "commit", "--quiet", "--allow-empty", "--message", "another project")

    assert provenance.revision() is None


def test_no_git_is_no_revision(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (checkout / ".git").mkdir()
    monkeypatch.setenv("PATH", "")

    assert provenance.revision() is None


@pytest.mark.parametrize(
    ("text", "model", "features"),
    [
        (
            "processor\t: 0\nmodel name\t: Fast 9000\nflags\t\t: fpu avx2 avx512_bf16 avx2x\n"
            "processor\t: 1\nmodel name\t: Other\n",
            "Fast 9000",
            ("avx2", "avx512_bf16"),
        ),
        ("Model\t: Board 5\nFeatures\t: fp asimd bf16\n", "Board 5", ("asimd", "bf16")),
    ],
)
def test_processor_is_read_from_the_system_s_list(
    monkeypatch: pytest.MonkeyPatch, text: str, model: str, features: tuple[str, ...]
) -> None:
    monkeypatch.setattr(provenance.sys, "platform", "linux")
    monkeypatch.setattr(provenance.Path, "read_text", lambda *_, **__: text)

    assert provenance.processor_model() == model
    assert provenance.processor_features() == features


def test_a_system_without_the_list_has_no_features(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(provenance.Path, "read_text", refuse)

    assert provenance.processor_features() == ()


@pytest.mark.skipif(not Path("/proc/meminfo").exists(), reason="needs /proc")
def test_memory_agrees_with_the_kernel() -> None:
    line = Path("/proc/meminfo").read_text().splitlines()[0]

    assert provenance.memory_bytes() == pytest.approx(int(line.split()[1]) * 1024, rel=0.01)
