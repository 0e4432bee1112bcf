import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[3] / "src"

CHILD = """
import os, sys, time
sys.platform = {platform!r}
from spikefuse.execution import lifeline
lifeline._PERIOD_S = 0.05
lifeline.end_with_parent(int(sys.argv[1]))
print(os.getpid(), flush=True)
time.sleep(60)
"""

PARENT = """
import os, subprocess, sys
subprocess.Popen([sys.executable, "-c", sys.argv[1], str(os.getpid())]).wait()
"""


def is_running(process: int) -> bool:
    """Whether it is there and no zombie (in a container nobody may collect those)."""
    try:
        os.kill(process, 0)
        state = Path(f"/proc/{process}/stat")
        return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
@pytest.mark.parametrize(
    "platform",
    [
        pytest.param("linux", marks=pytest.mark.skipif(sys.platform != "linux", reason="Linux")),
        "darwin",
    ],
)
def test_child_ends_when_its_parent_is_killed(platform: str) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, CHILD.format(platform=platform)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(SOURCE)},
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert is_running(child)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    end = time.monotonic() + 10
    while is_running(child) and time.monotonic() < end:
        time.sleep(0.01)
    assert not is_running(child)


def test_child_whose_parent_is_gone_already_ends_at_once() -> None:
    program = "from spikefuse.execution.lifeline import end_with_parent; end_with_parent(1)"
    environment = os.environ | {"PYTHONPATH": str(SOURCE)}
    ended = subprocess.run([sys.executable, "-c", program], env=environment, timeout=30)
    assert ended.returncode == 1
