"""A source that a program made is the same source in its workers."""

import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from faults import WRITES, Disk

from spikefuse.core.errors import DataError, InputError
from spikefuse.core.registry import registered_by
from spikefuse.data import SOURCES, DataSettings, memory_source, register_source
from spikefuse.data.own import read_own
from spikefuse.data.own.source import register_from
from spikefuse.data.sources.contract import Source
from spikefuse.data.sources.sent import receive_source, source_to_send


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is registered is gone after the test."""
    for name in ("mine", "own-walks-npz"):
        monkeypatch.setitem(SOURCES, name, SOURCES["builtin"])
        del SOURCES[name]


def again(name: str, root: Path) -> Source:
    """The source as a worker knows it."""
    sent = json.loads(json.dumps(source_to_send(name, root)))
    del SOURCES[name]
    receive_source(sent)
    return SOURCES[name]


def assert_same(first: Source, second: Source) -> None:
    settings = DataSettings(source=first.name)
    ours, theirs = (each.read(settings, None).pools for each in (first, second))
    assert first.digests(None) == second.digests(None)
    assert (first.classes, first.is_paired) == (second.classes, second.is_paired)
    assert list(ours) == list(theirs)
    for name, pool in ours.items():
        assert torch.equal(pool.inputs, theirs[name].inputs)
        assert pool.inputs.dtype == theirs[name].inputs.dtype
        assert pool.group_names == theirs[name].group_names
        assert torch.equal(pool.official_test, theirs[name].official_test)


@pytest.mark.parametrize("is_paired", [True, False])
def test_arrays_in_memory(tmp_path: Path, is_paired: bool) -> None:
    random = np.random.default_rng(0)
    inputs = {
        "picture": random.integers(0, 255, (24, 3, 4, 5), dtype=np.uint8),
        "move": random.normal(size=(24, 6, 9)),
    }
    labels = np.arange(24) % 4
    groups = [f"p{number // 4}" for number in range(24)]  # each with every class
    given = labels if is_paired else {"picture": labels, "move": labels[::-1].copy()}
    of = groups if is_paired else {"picture": groups}
    source = register_source(memory_source("mine", inputs, given, groups=of))
    assert_same(source, again("mine", tmp_path))
    assert len(list((tmp_path / "data").iterdir())) == 1, "no draft is left"


def test_arrays_that_are_not_there_are_one_sentence(tmp_path: Path) -> None:
    register_source(memory_source("mine", {"x": torch.zeros(8, 3)}, torch.arange(8) % 2))
    sent = source_to_send("mine", tmp_path)
    del SOURCES["mine"]
    next((tmp_path / "data").iterdir()).unlink()
    with pytest.raises(InputError, match=r"its arrays must be readable in .* disk that both see"):
        receive_source(sent)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_arrays_that_a_disk_does_not_take_are_one_sentence(tmp_path: Path, code: int) -> None:
    register_source(memory_source("mine", {"x": torch.zeros(8, 3)}, torch.arange(8) % 2))
    with Disk(tmp_path / "whole", WRITES).installed() as disk:
        source_to_send("mine", tmp_path / "whole")
    for at, call in enumerate(disk.calls):
        root = tmp_path / str(at)
        with Disk(root, WRITES, at, code).installed(), pytest.raises(DataError) as caught:
            source_to_send("mine", root)
        assert str(caught.value) == (
            f"data: {root / 'data'} must take the arrays that workers read, got: "
            f"{os.strerror(code)}. Free some space or choose another folder, and run the same "
            "command again."
        ), call
        assert not root.exists() or not list(root.rglob("*.npz")), call
        assert source_to_send("mine", root) is not None  # the same again, with room
    assert {call.split(" ")[0] for call in disk.calls} >= {"mkdir", "write", "fsync", "replace"}


def test_data_of_ones_own_is_read_where_it_lies(tmp_path: Path) -> None:
    path, labels = tmp_path / "walks.npz", np.arange(40) % 4
    steps = np.random.default_rng(0).normal(size=(40, 5, 3)).astype("float32")
    np.savez(path, arm=steps, leg=steps + 1, labels=labels)
    source = register_from(read_own(path), path)
    assert_same(source, again(source.name, tmp_path / "run"))
    assert not (tmp_path / "run").exists(), "nothing is copied"

    register_from(read_own(path), path)
    sent = source_to_send(source.name, tmp_path)
    del SOURCES[source.name]
    np.savez(path, arm=steps + 2, leg=steps + 1, labels=labels)
    with pytest.raises(InputError, match="must be what it was"):
        receive_source(sent)


def test_sources_of_the_package_are_not_sent(tmp_path: Path) -> None:
    assert [source_to_send(name, tmp_path) for name in ("builtin", "mnist-fsdd")] == [None, None]


def test_a_plugins_source_comes_with_the_plugin(tmp_path: Path) -> None:
    with registered_by("mine.py:0"):
        register_source(memory_source("mine", {"x": torch.zeros(8, 3)}, torch.arange(8) % 2))
    assert source_to_send("mine", tmp_path) is None
    assert list(tmp_path.iterdir()) == []
