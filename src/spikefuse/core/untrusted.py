"""Reads what others wrote: regular files only, JSON within limits. Nothing here hangs or overflows.

A results folder or a data folder may come from anywhere. Opening a device or a pipe would wait for
ever, nested JSON would exhaust the stack, a number beyond every range would surface far from here.
"""

import codecs
import errno
import json
import math
import os
import stat
from pathlib import Path
from typing import Any

MOST_JSON_BYTES = 16 * 2**20
MOST_TABLE_BYTES = 2**30
MOST_TENSOR_BYTES = 2**32
MOST_DEPTH = 64
"""Mappings and lists inside each other; no document of ours has more than eight."""

_PIECE = 2**20
_WHOLE_LIMIT = 2**64


def read_regular(path: Path | str, most: int) -> bytes:
    """The whole content of a regular file of at most `most` bytes.

    Links are followed; what they lead to must be a regular file too.

    Raises:
        OSError: It is missing, cannot be read, is no regular file or is larger. `strerror` is fit
            to be shown.

    Example:
        >>> read_regular(Path("/dev/zero"), 100)
        Traceback (most recent call last):
        OSError: [Errno 22] it is no regular file (a device, pipe or folder): '/dev/zero'
    """
    # A pipe without a writer would block already when it is opened.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    # Asked before it is opened too: opening alone starts some devices, and a folder has no bytes.
    _require_regular(os.stat(path), path)
    descriptor = os.open(path, flags)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        _require_regular(found, path)
        if found.st_size > most:
            raise OSError(
                errno.EFBIG,
                f"it has {found.st_size:,} bytes, and no such file has more than {most:,}",
                str(path),
            )
        # In one piece if it is as long as it says; room for `most` is not taken beforehand.
        content = file.read(found.st_size + 1)
        while len(content) > found.st_size and (more := file.read(_PIECE)):
            content += more
            if len(content) > most:  # it grows, or the system gives it no size
                reason = f"it grows, and no such file has more than {most:,} bytes"
                raise OSError(errno.EFBIG, reason, str(path))
    return content


def _require_regular(found: os.stat_result, path: Path | str) -> None:
    if not stat.S_ISREG(found.st_mode):
        reason = "it is no regular file (a device, pipe or folder)"
        raise OSError(errno.EINVAL, reason, str(path))


_ABSENT = frozenset(
    {
        *(errno.ENOENT, errno.ENOTDIR, errno.EINVAL, errno.EISDIR),
        *(errno.EFBIG, errno.ELOOP, errno.ENXIO, errno.ENAMETOOLONG),
    }
)


def is_trouble(error: OSError) -> bool:
    """Whether the system does not give what may well be there; else there is no such file.

    A disk that fails, a network disk that is away, a right that is missing: later the same file may
    be read, so it must not be taken as damaged or lost.
    """
    return error.errno not in _ABSENT


def reason_of(error: OSError) -> str:
    """Why the system refused, in words."""
    return error.strerror or type(error).__name__


def reason(error: BaseException) -> str:
    """What an error says, without line breaks; of one that says nothing, what it is.

    Example:
        >>> reason(EOFError()), reason(ValueError("no  number"))
        ('it ends too early', 'no number')
    """
    if isinstance(error, OSError):
        return reason_of(error)
    if isinstance(error, ArithmeticError | LookupError | TypeError):
        return "it makes no sense"  # what these say is about a library's own lines
    told = " ".join(str(error).split())
    return told or ("it ends too early" if isinstance(error, EOFError) else "it makes no sense")


def decode_json(content: bytes | str, *, finite: bool = True) -> Any:
    """The value of a JSON text, when every reader of it can bear it.

    Args:
        content: The text.
        finite: Refuse infinities and NaN, for which JSON has no word (`1e999` is one too).

    Raises:
        ValueError: It is no JSON, is nested deeper than `MOST_DEPTH`, or holds a number out of
            range or text that is no Unicode. The message is fit to be shown.

    Example:
        >>> decode_json('{"accuracy": 1e999}')
        Traceback (most recent call last):
        ValueError: accuracy is a number out of range (inf)
    """
    try:
        # Most files are seen at once to hold nothing that must be looked for value by value.
        if _is_plain(content):
            return _PLAIN.decode(content if isinstance(content, str) else content.decode("ascii"))
    except (_BeyondError, json.JSONDecodeError):
        pass  # looked at again: it may be allowed, or is to be named
    try:
        value = json.loads(content, parse_int=_whole)
    except RecursionError:
        raise ValueError(f"it is nested deeper than {MOST_DEPTH} levels") from None
    except UnicodeDecodeError:
        raise ValueError("it is no text in UTF-8") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg} in line {error.lineno}, column {error.colno}") from None
    _check(value, finite)
    return value


def _is_plain(content: bytes | str) -> bool:
    """Whether a text has no characters beyond ASCII and too few brackets to be nested deeply."""
    if isinstance(content, bytes):
        opened = content.count(b"{") + content.count(b"[")
        return opened <= MOST_DEPTH and b"\\" not in content and content.isascii()
    opened = content.count("{") + content.count("[")
    return opened <= MOST_DEPTH and "\\" not in content and content.isascii()


def _whole(digits: str) -> int:
    # Longer ones take Python quadratic time, and no table, tensor or plot can hold them.
    if len(digits) < 19:
        return int(digits)
    if len(digits) > 20 or abs(int(digits)) >= _WHOLE_LIMIT:
        raise ValueError(f"{digits[:12]}... is a number out of range")
    return int(digits)


class _BeyondError(ValueError):
    """A number that is not finite."""


def _fractional(digits: str) -> float:
    found = float(digits)
    if not math.isfinite(found):
        raise _BeyondError
    return found


_PLAIN = json.JSONDecoder(parse_int=_whole, parse_float=_fractional, parse_constant=_fractional)


def _check(value: object, finite: bool) -> None:
    # A list of what is still to be looked at, not recursion: that is what it guards against.
    waiting: list[tuple[object, str, int]] = [(value, "value", 0)]
    while waiting:
        item, name, depth = waiting.pop()
        if isinstance(item, str):
            _check_text(item, name)
        elif isinstance(item, float):
            if finite and not math.isfinite(item):
                raise ValueError(f"{name} is a number out of range ({item})")
        elif isinstance(item, dict | list):
            if depth == MOST_DEPTH:
                raise ValueError(f"it is nested deeper than {MOST_DEPTH} levels")
            if isinstance(item, dict):
                for key in item:
                    _check_text(key, name)
                waiting += [(inner, key, depth + 1) for key, inner in item.items()]
            else:
                waiting += [(inner, name, depth + 1) for inner in item]


def _check_text(text: str, name: str) -> None:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{name!a} holds text that is no Unicode") from None


class NoTextError(ValueError):
    """A file that is no text in UTF-8; the message says what it seems to be."""


def utf8_text(content: bytes) -> str:
    r"""The text of a file that somebody wrote; a mark of UTF-8 before it is left out.

    Raises:
        NoTextError: It is in another encoding, as spreadsheets save some.

    Example:
        >>> utf8_text(b"a,b")
        'a,b'
        >>> utf8_text("a,b".encode("utf-16"))
        Traceback (most recent call last):
        spikefuse.core.untrusted.NoTextError: UTF-16
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise NoTextError("UTF-16")
    if b"\0" in content:
        raise NoTextError("zero bytes, as UTF-16 has")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = f"byte 0x{error.object[error.start]:02x} in line {line}"
        raise NoTextError(f"{byte}, as Windows-1252 has") from error
