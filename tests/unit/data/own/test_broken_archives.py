"""Archives and arrays that a decoder cannot bear are refused in a sentence, whatever it raises."""

from pathlib import Path

import numpy as np
import pytest

from spikefuse.core.errors import InputError
from spikefuse.data.own.kinds import events
from spikefuse.data.own.layouts import stacks
from spikefuse.data.own.settings import OwnSettings


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "x.npz"
    np.savez_compressed(path, labels=np.array([0, 1]), x=np.arange(400.0).reshape(2, 200))
    return path


def test_an_archive_of_a_later_zip_version(archive: Path) -> None:
    content = bytearray(archive.read_bytes())
    content[content.index(b"PK\1\2") + 6] = 123  # version that is needed to read it
    archive.write_bytes(content)
    with pytest.raises(InputError, match=r"whole \.npz archive, got zip file version 12\.3"):
        stacks.read_stacks(archive, OwnSettings())


def test_an_entry_that_ends_too_early_has_a_reason(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(*_: object, **__: object) -> None:
        raise EOFError  # as zipfile does, without a word

    monkeypatch.setattr(np, "load", end)
    with pytest.raises(InputError, match="got it ends too early"):
        stacks.load_stack(archive, "x")


@pytest.mark.parametrize("header", [b"{'descr': [(", b"{'descr': '''", b"(" * 40, b"\0" * 40])
def test_a_damaged_header_is_no_recording_of_events(tmp_path: Path, header: bytes) -> None:
    path = tmp_path / "x.npy"
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    assert not events.claims(path)
