import os
import random
import sys
import threading
from pathlib import Path

import pytest

from spikefuse.core.untrusted import MOST_DEPTH, decode_json, read_regular


def test_a_file_comes_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for content in (b"", b"x", bytes(range(256)) * 20_000):
        path.write_bytes(content)
        assert read_regular(path, len(content)) == content
        (tmp_path / "link").unlink(missing_ok=True)
        (tmp_path / "link").symlink_to(path)
        assert read_regular(tmp_path / "link", len(content)) == content


def test_a_larger_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"123456")
    with pytest.raises(OSError, match=r"it has 6 bytes, and no such file has more than 5"):
        read_regular(tmp_path / "file", 5)


@pytest.mark.skipif(sys.platform != "linux", reason="files of Linux that say they are empty")
def test_a_file_that_does_not_say_how_long_it_is(tmp_path: Path) -> None:
    path = Path("/proc/self/status")
    assert path.stat().st_size == 0
    assert b"Pid:" in read_regular(path, 2**20)
    with pytest.raises(OSError, match="no such file has more than 10 bytes"):
        read_regular(path, 10)


@pytest.mark.skipif(sys.platform == "win32", reason="devices and pipes of POSIX")
@pytest.mark.parametrize("kind", ["/dev/zero", "/dev/tty", "pipe", "folder"])
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "file"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(kind)
    reasons: list[str] = []

    def read() -> None:
        with pytest.raises(OSError, match="no regular file"):
            read_regular(path, 100)
        reasons.append("refused")

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(5)
    assert reasons == ["refused"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": 1e999}', "a is a number out of range"),
        ('{"a": [-Infinity]}', "a is a number out of range"),
        ("NaN", "value is a number out of range"),
        ("1" * 21, "out of range"),
        (str(2**64), "out of range"),
        ("-" + "1" * 1_000_000, "out of range"),
        ("[" * (MOST_DEPTH + 1) + "]" * (MOST_DEPTH + 1), "nested deeper"),
        ("[" * 1_000_000, "nested deeper"),
        ('{"a":' * 1_000_000, "nested deeper"),
        ('"\\ud800"', "no Unicode"),
        ('{"\\udc00": 1}', "no Unicode"),
        (b"\xff\xfe\xfa", "no text in UTF-8"),
        ('{"a": }', "Expecting value in line 1, column 7"),
        ("", "Expecting value"),
    ],
)
def test_what_no_reader_could_bear_is_refused(text: str | bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        decode_json(text)


def test_what_readers_bear_comes_as_it_is() -> None:
    text = (
        '{"a": [1, -2.5, true, null, "\\u00e4\\ud83d\\ude00", 18446744073709551615], "\\u00e9": {}}'
    )
    assert decode_json(text) == {"a": [1, -2.5, True, None, "ä😀", 2**64 - 1], "é": {}}
    assert decode_json(text.encode()) == decode_json(text)
    deep = "[" * MOST_DEPTH + "]" * MOST_DEPTH
    assert str(decode_json(deep)) == deep
    assert decode_json("[1e999]", finite=False) == [float("inf")]


def test_any_bytes_are_a_value_or_one_kind_of_error() -> None:
    draw = random.Random(15)
    sound = b'{"format": 1, "files": {"trial.json": {"bytes": 9, "sha256": "ab"}}, "x": [1.5e3]}'
    refused = 0
    for _ in range(2_000):
        content = bytearray(sound)
        for _ in range(draw.randint(1, 6)):
            content[draw.randrange(len(content))] = draw.randrange(256)
        try:
            decode_json(bytes(content))
        except ValueError as error:
            refused += type(error) is ValueError
    assert refused > 1_000
