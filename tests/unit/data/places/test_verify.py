"""Verifying: every file has a finding, and a fault is found, not raised."""

import gzip
from pathlib import Path

from spikefuse.data import Location, locate, verify


def test_embedded_data_is_whole() -> None:
    findings = verify(locate("builtin"))

    assert [finding.name for finding in findings] == ["written digits", "spoken digits"]
    assert all(finding.ok for finding in findings)
    assert findings[1].detail.startswith("1,000 clips of 5 speakers, 100 of them test")


def test_whole_folder(data_folder: Path) -> None:
    findings = verify(Location("mnist-fsdd", data_folder))

    assert [finding.ok for finding in findings] == [True] * 5
    assert findings[0].detail.startswith("40 x 28 x 28, SHA-256 ")
    assert findings[-1].detail.startswith("120 clips of 6 speakers, 60 of them test")


def test_each_fault_is_found(data_folder: Path) -> None:
    (data_folder / "fsdd" / "recordings" / "4_lucas_0.wav").write_bytes(b"RIFF")
    path = data_folder / "mnist" / "t10k-labels-idx1-ubyte.gz"
    path.write_bytes(gzip.compress(b"no idx"))
    findings = verify(Location("mnist-fsdd", data_folder))

    assert [finding.ok for finding in findings] == [True, True, True, False, False]
    assert "t10k-labels-idx1-ubyte.gz" in findings[3].detail
    assert "4_lucas_0.wav" in findings[4].detail


def test_empty_folder(tmp_path: Path) -> None:
    findings = verify(Location("mnist-fsdd", tmp_path))

    assert [finding.ok for finding in findings] == [False] * 5


def test_a_clip_that_does_not_belong_there_is_named(data_folder: Path) -> None:
    (data_folder / "fsdd" / "recordings" / "6_jackson_50.wav").write_bytes(b"")
    findings = verify(Location("mnist-fsdd", data_folder))

    assert [finding.ok for finding in findings] == [True] * 5
    assert findings[-1].detail.endswith("not read, because no clips of FSDD: 6_jackson_50.wav")
