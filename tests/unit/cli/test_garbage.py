"""Garbage is looked for where a command works, not where it starts or only reads."""

import gc
import subprocess
import sys

import pytest

from spikefuse.cli import COMMANDS, garbage

CHILD = """
import atexit, gc, sys
from spikefuse.cli import main
atexit.register(lambda: print("END", gc.isenabled(), gc.get_freeze_count() > 0))
looked = []
gc.callbacks.append(lambda phase, about: looked.append(phase))
try:
    main()
except SystemExit:
    print("LOOKED", bool(looked))
"""


@pytest.mark.parametrize("command", ["show", "trials"])
def test_a_command_that_works_on_collects_and_one_that_reads_does_not(command: str) -> None:
    with garbage.kept():
        garbage.begin(command)
        assert gc.isenabled() is (command not in garbage.READING)
    assert gc.isenabled()


def test_a_process_that_does_not_collect_is_left_so() -> None:
    gc.disable()
    try:
        with garbage.kept():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_every_reading_command_is_one() -> None:
    assert set(garbage.READING) <= set(COMMANDS)


def test_nothing_is_looked_through_from_the_key_to_the_answer() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHILD, "doctor"], capture_output=True, text=True, timeout=120
    )
    assert done.stdout.splitlines()[-2:] == ["LOOKED False", "END True True"], done.stderr
