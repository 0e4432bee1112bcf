"""Downloads from servers on this machine: checked, from the next mirror, never hanging."""

import gzip
import hashlib
import io
import os
import socket
import threading
import time
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NoReturn

import pytest
import requests

from spikefuse.core.errors import DataError
from spikefuse.data import fetch, locate
from spikefuse.data.places import download
from spikefuse.data.places.download import unpack_recordings
from spikefuse.data.sources.fsdd import find_recordings, foreign_recordings, read_recordings
from spikefuse.data.sources.mnist import FASHION, FASHION_SHA256, find_mnist, read_mnist


class Handler(SimpleHTTPRequestHandler):
    """Serves a folder and remembers what was asked for."""

    asked: list[str] = []  # noqa: RUF012  shared on purpose: the server makes a handler a request

    def do_GET(self) -> None:
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(Handler, "asked", [])


@pytest.fixture
def served(tmp_path: Path, idx_files: dict[str, bytes], clip_files: dict[str, bytes]) -> Path:
    """What a good server holds."""
    folder = tmp_path / "served"
    (folder / "mnist").mkdir(parents=True)
    for name, content in idx_files.items():
        (folder / "mnist" / f"{name}.gz").write_bytes(gzip.compress(content))
    (folder / "fsdd.zip").write_bytes(archive(clip_files))
    return folder


@pytest.fixture
def server(served: Path) -> Iterator[str]:
    """The good server's address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=served)) as running:
        serving = partial(running.serve_forever, poll_interval=0.01)
        threading.Thread(target=serving, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def closed() -> str:
    """An address that refuses connections."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return f"http://127.0.0.1:{listening.getsockname()[1]}"


def archive(files: dict[str, bytes], folder: str = "repo-1.0.10/recordings") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as members:
        members.writestr("repo-1.0.10/README.md", "not a clip")
        for name, content in files.items():
            members.writestr(f"{folder}/{name}", content)
    return buffer.getvalue()


def get(folder: Path, *servers: str, seconds: float = 3.0, replace: bool = False) -> Path:
    return fetch(
        folder,
        replace=replace,
        mnist_mirrors=[f"{server}/mnist/" for server in servers],
        fsdd_mirrors=[f"{server}/fsdd.zip" for server in servers],
        probe_seconds=seconds,
    )


def assert_complete(folder: Path) -> None:
    images, clips = find_mnist(folder), find_recordings(folder)
    assert images is not None
    assert clips is not None
    assert len(read_mnist(images).labels) == 60
    assert len(read_recordings(clips).names) == 120
    assert sorted(path.name for path in folder.iterdir()) == ["fsdd", "mnist"]


def test_everything(tmp_path: Path, server: str) -> None:
    assert_complete(get(tmp_path / "new" / "data", server))
    assert locate("digits", tmp_path / "new" / "data").source == "mnist-fsdd"


def test_fashion_goes_to_its_own_folder(
    tmp_path: Path, server: str, idx_files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, content in idx_files.items():
        monkeypatch.setitem(FASHION_SHA256, name, hashlib.sha256(content).hexdigest())
    folder = fetch(
        tmp_path / "data",
        images=FASHION,
        mnist_mirrors=[f"{server}/mnist/"],
        fsdd_mirrors=[f"{server}/fsdd.zip"],
    )

    assert locate("fashion-fsdd", folder).folder == folder
    assert sorted(path.name for path in folder.iterdir()) == ["fashion-mnist", "fsdd"]


def test_what_is_whole_is_kept(tmp_path: Path, server: str, closed: str) -> None:
    folder = get(tmp_path / "data", server)

    assert get(folder, closed) == folder


def test_only_what_is_missing_or_damaged_is_fetched_into_the_cache(
    tmp_path: Path, server: str
) -> None:
    folder = get(tmp_path / "data", server)
    Handler.asked.clear()
    damaged = folder / "mnist" / "t10k-labels-idx1-ubyte.gz"
    damaged.write_bytes(b"damaged")
    get(folder, server, replace=True)

    assert_complete(folder)
    asked = {path for path in Handler.asked if "train-images" not in path}
    assert asked == {"/mnist/t10k-labels-idx1-ubyte.gz"}


def test_a_damaged_raw_file_gives_way_in_the_cache(
    tmp_path: Path, server: str, idx_files: dict[str, bytes]
) -> None:
    """Torchvision's tree: the raw file would be read before the fresh gzip file."""
    raw = tmp_path / "data" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name, content in idx_files.items():
        (raw / name).write_bytes(content[:-1] if name == "train-labels-idx1-ubyte" else content)
    folder = get(tmp_path / "data", server, replace=True)

    assert find_mnist(folder) == raw
    assert len(read_mnist(raw).labels) == 60


def test_damaged_clip_is_replaced_in_the_cache(tmp_path: Path, server: str) -> None:
    folder = get(tmp_path / "data", server)
    (folder / "fsdd" / "recordings" / "0_theo_1.wav").write_bytes(b"RIFF")
    get(folder, server, replace=True)

    assert_complete(folder)


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("below", [".", "mnist", "MNIST/raw"])
@pytest.mark.parametrize("kind", ["own images", "packed own images", "cut short", "empty"])
@pytest.mark.parametrize("names", [None, "train-images-idx3-ubyte"])
def test_own_files_under_the_names_of_mnist_are_left(
    tmp_path: Path,
    server: str,
    idx_files: dict[str, bytes],
    below: str,
    kind: str,
    names: str | None,
) -> None:
    """Fashion-MNIST and others come under these names: all four of them, or one in a whole set."""
    folder = tmp_path / "data" / below
    folder.mkdir(parents=True)
    for name, content in idx_files.items():
        other = content[:16] + bytes(len(content) - 16)
        other = {"cut short": content[:-7], "empty": b""}.get(kind, other)
        other = content if names not in (None, name) else other
        is_packed = kind == "packed own images"
        path = folder / (f"{name}.gz" if is_packed else name)
        path.write_bytes(gzip.compress(other) if is_packed else other)
    before = contents(tmp_path / "data")
    with pytest.raises(DataError, match=r"got other content in .*ubyte.*left as they are"):
        get(tmp_path / "data", server)
    assert contents(tmp_path / "data") == before
    assert Handler.asked == []


def test_an_own_file_beside_what_is_missing_is_left(
    tmp_path: Path, server: str, idx_files: dict[str, bytes]
) -> None:
    folder = tmp_path / "data" / "mnist"
    folder.mkdir(parents=True)
    own = folder / "t10k-labels-idx1-ubyte"
    own.write_bytes(b"my labels")
    with pytest.raises(DataError, match=r"mnist/t10k-labels-idx1-ubyte\. They are left"):
        get(tmp_path / "data", server)
    assert contents(tmp_path / "data") == {own: b"my labels"}
    own.rename(tmp_path / "moved away")
    assert_complete(get(tmp_path / "data", server))


@pytest.mark.parametrize("kind", ["speech", "noise"])
def test_own_clips_under_the_names_of_fsdd_are_left(
    tmp_path: Path, server: str, clip_files: dict[str, bytes], kind: str
) -> None:
    folder = tmp_path / "data" / "recordings"
    folder.mkdir(parents=True)
    own = folder / "0_theo_1.wav"
    other = clip_files["9_lucas_0.wav"] if kind == "speech" else b"a note"
    own.write_bytes(other)
    (folder / "1_theo_1.wav").write_bytes(clip_files["1_theo_1.wav"])
    with pytest.raises(DataError, match=r"FSDD must be its own, got other .*0_theo_1\.wav\. They"):
        get(tmp_path / "data", server)
    assert own.read_bytes() == other
    assert sorted(path.name for path in folder.iterdir()) == ["0_theo_1.wav", "1_theo_1.wav"]


@pytest.mark.parametrize("kind", ["pipe", "folder", "link"])
@pytest.mark.parametrize("name", ["mnist/train-images-idx3-ubyte.gz", "recordings/0_theo_1.wav"])
def test_what_is_no_file_under_a_name_of_the_data_is_told_at_once(
    tmp_path: Path, server: str, name: str, kind: str
) -> None:
    place = tmp_path / "data" / name
    place.parent.mkdir(parents=True)
    {
        "pipe": os.mkfifo,
        "folder": Path.mkdir,
        "link": lambda path: path.symlink_to("nowhere"),
    }[kind](place)
    for mirror in (server, "http://127.0.0.1:9/"):  # told before any mirror is asked
        with pytest.raises(DataError, match=rf"must be its own, got other .*{place.name}\. They"):
            get(tmp_path / "data", mirror)
    assert os.path.lexists(place)


def test_only_missing_clips_are_written(tmp_path: Path, server: str) -> None:
    folder = get(tmp_path / "data", server) / "fsdd" / "recordings"
    (folder / "0_theo_1.wav").unlink()
    times = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    get(tmp_path / "data", server)
    assert_complete(tmp_path / "data")
    assert {path: path.stat().st_mtime_ns for path in times} == times


def test_a_clip_that_does_not_belong_there_is_no_harm(
    tmp_path: Path, server: str, clip_files: dict[str, bytes]
) -> None:
    folder = get(tmp_path / "data", server)
    recordings = folder / "fsdd" / "recordings"
    (recordings / "6_jackson_50.wav").write_bytes(clip_files["6_jackson_1.wav"])
    (recordings / "3_theo_1.wav").unlink()
    get(folder, server)

    assert_complete(folder)
    assert foreign_recordings(recordings) == ["6_jackson_50.wav"]
    assert locate("digits", folder).folder == folder


def test_a_file_that_appears_meanwhile_is_left(
    tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = download._move_new

    def appear(source: Path, target: Path) -> None:
        target.write_bytes(b"mine")
        place(source, target)

    monkeypatch.setattr(download, "_move_new", appear)
    with pytest.raises(DataError, match="left as they are"):
        get(tmp_path / "data", server)
    (own,) = (tmp_path / "data" / "mnist").iterdir()
    assert own.read_bytes() == b"mine"


def test_a_disk_without_hard_links(
    tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", refuse)
    assert_complete(get(tmp_path / "data", server))


def test_a_disk_that_fills_leaves_no_half_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be taken for somebody's own file, and refused, the next time."""
    monkeypatch.setattr("os.link", _refuse)
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"content")
    monkeypatch.setattr(Path, "read_bytes", _refuse)
    with pytest.raises(OSError, match="No space left"):
        download._move_new(source, target)
    assert not target.exists()


def _refuse(*arguments: object) -> NoReturn:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("first", ["silent", "closed"])
def test_next_mirror(
    tmp_path: Path, server: str, first: str, request: pytest.FixtureRequest
) -> None:
    start = time.monotonic()
    assert_complete(get(tmp_path / "data", request.getfixturevalue(first), server))

    assert time.monotonic() - start < 3


def test_mirror_with_other_content(
    tmp_path: Path, server: str, served: Path, clip_files: dict[str, bytes]
) -> None:
    wrong = served / "wrong"
    (wrong / "mnist").mkdir(parents=True)
    for path in (served / "mnist").iterdir():
        (wrong / "mnist" / path.name).write_bytes(path.read_bytes()[:-9])
    fewer = {name: content for name, content in clip_files.items() if name[0] != "9"}
    (wrong / "fsdd.zip").write_bytes(archive(fewer))

    assert_complete(get(tmp_path / "data", f"{server}/wrong", server))
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte\.gz must"):
        get(tmp_path / "other", f"{server}/wrong")
    assert list((tmp_path / "other").rglob("*.gz")) == []


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_archive_with_damaged_members_gives_way_to_the_next_mirror(
    tmp_path: Path, server: str, served: Path, clip_files: dict[str, bytes], method: int
) -> None:
    """Each library of compression has an exception of its own."""
    wrong = served / "wrong"
    wrong.mkdir()
    (wrong / "mnist").symlink_to(served / "mnist")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as members:
        for name, content in clip_files.items():
            members.writestr(f"repo/recordings/{name}", content)
    content = bytearray(buffer.getvalue())
    for place in range(60, len(content) // 2, 7):
        if content[place : place + 2] != b"PK":
            content[place] ^= 0x55
    (wrong / "fsdd.zip").write_bytes(content)
    with pytest.raises(DataError, match=r"got: \S"):
        get(tmp_path / "alone", f"{server}/wrong")
    assert_complete(get(tmp_path / "data", f"{server}/wrong", server))


@pytest.mark.parametrize("broken", ["no zip", "cut", "missing"])
def test_broken_archive(tmp_path: Path, server: str, served: Path, broken: str) -> None:
    path = served / "fsdd.zip"
    content = path.read_bytes()
    if broken == "missing":
        path.unlink()
    else:
        path.write_bytes(b"<html>" if broken == "no zip" else content[: len(content) // 2])

    with pytest.raises(DataError, match=r"status 404|must be a whole zip archive"):
        get(tmp_path / "data", server)
    assert not (tmp_path / "data" / "fsdd").exists()


@pytest.mark.parametrize("trouble", ["silent", "closed", "names hang", "no names"])
def test_without_network_it_ends_soon(
    tmp_path: Path,
    trouble: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def hang(*arguments: object, **options: object) -> None:
        time.sleep(30)

    address = "http://nowhere.invalid"
    if trouble == "names hang":
        monkeypatch.setattr(requests, "get", hang)
    elif trouble != "no names":
        address = request.getfixturevalue(trouble)
    start = time.monotonic()
    with pytest.raises(DataError, match=r"a mirror of MNIST must answer within 0\.5 s, got none"):
        get(tmp_path / "data", address, address, seconds=0.5)

    assert time.monotonic() - start < 1.5
    assert not (tmp_path / "data").exists()


def test_locate_falls_back_within_five_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real mirrors and waiting time, with a name server that hangs."""
    monkeypatch.setattr(requests, "get", lambda *_, **__: time.sleep(30))
    monkeypatch.setattr("spikefuse.data.places.location.user_cache", lambda: tmp_path)
    monkeypatch.setattr("spikefuse.data.places.location._implicit_folders", lambda: iter(()))
    monkeypatch.delenv("SPIKEFUSE_DATA", raising=False)
    start = time.monotonic()
    found = locate()

    assert found.origin == "fallback"
    assert time.monotonic() - start < 5


def test_no_failure_of_a_probe_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def strange(*arguments: object, **options: object) -> None:
        raise RuntimeError("proxy gone mad")

    monkeypatch.setattr(requests, "get", strange)
    with pytest.raises(DataError, match="proxy gone mad"):
        get(tmp_path / "data", "http://127.0.0.1:9")


def test_folder_that_cannot_be_made(tmp_path: Path, server: str) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(DataError, match=r"data must be writable .*--out"):
        get(tmp_path / "file" / "data", server)


class Bar:
    def __init__(self, name: str) -> None:
        self.name, self.total, self.seen, self.closed = name, 0.0, 0, False

    def update(self, amount: int) -> None:
        self.seen += amount

    def reset(self) -> None:
        self.seen = 0

    def close(self) -> None:
        self.closed = True


def test_progress_of_every_file(tmp_path: Path, server: str, served: Path) -> None:
    bars: list[Bar] = []

    def make(name: str) -> Bar:
        bars.append(Bar(name))
        return bars[-1]

    fetch(
        tmp_path / "data",
        progress=make,
        mnist_mirrors=[f"{server}/mnist/"],
        fsdd_mirrors=[f"{server}/fsdd.zip"],
    )

    assert len(bars) == 5
    assert all(bar.closed for bar in bars)
    assert bars[-1].name == "fsdd.zip"
    assert bars[-1].seen == bars[-1].total == (served / "fsdd.zip").stat().st_size


def test_no_member_leaves_the_folder(tmp_path: Path, clip_files: dict[str, bytes]) -> None:
    content = clip_files["0_theo_0.wav"]
    members = {"../../recordings/0_theo_0.wav": content, "../evil.wav": content}
    path = tmp_path / "evil.zip"
    path.write_bytes(archive(members))
    target = tmp_path / "a" / "b" / "recordings"
    target.mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    unpack_recordings(path, target)

    assert set(tmp_path.rglob("*")) - set(before) == {target / "0_theo_0.wav"}


def test_misnamed_and_huge_members_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clip_files: dict[str, bytes]
) -> None:
    path = tmp_path / "bad.zip"
    path.write_bytes(archive({"song.wav": b""}))
    with pytest.raises(DataError, match=r"got 'song\.wav'"):
        unpack_recordings(path, tmp_path)

    path.write_bytes(archive({"0_theo_0.wav": clip_files["0_theo_0.wav"]}))
    monkeypatch.setattr(download, "_MAXIMUM_CLIP_BYTES", 100)
    with pytest.raises(DataError, match=r"0_theo_0\.wav must be at most 100 bytes"):
        unpack_recordings(path, tmp_path)
