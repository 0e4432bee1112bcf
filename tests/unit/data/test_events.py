"""Events: bits and bytes by hand, counts that lose nothing, and what is refused."""

import io

import numpy as np
import pytest

from spikefuse.data.events import (
    Events,
    count_events,
    is_structured,
    parse_binary,
    parse_structured,
)


def encoded(events: Events) -> bytes:
    """N-MNIST's five bytes an event, written from the format's description."""
    rows = zip(events.x, events.y, events.on, events.time, strict=True)
    return b"".join(
        bytes([x, y]) + ((int(on) << 23) | int(time)).to_bytes(3, "big") for x, y, on, time in rows
    )


def recording(seed: int = 0, count: int = 500, side: int = 34, end: int = 300_000) -> Events:
    draw = np.random.default_rng(seed)
    return Events(
        *(draw.integers(high, size=count) for high in (side, side, 2)),
        np.sort(draw.integers(end, size=count)),
    )


def test_bits_are_read_back() -> None:
    events = recording(end=2**23)
    read = parse_binary(encoded(events))

    for name in ("x", "y", "on", "time"):
        assert np.array_equal(getattr(read, name), getattr(events, name)), name


def test_every_event_is_counted_once_where_and_when_it_was() -> None:
    events = recording()
    counts = count_events(events, 34, 36, 8)
    expected = np.zeros((2, 34, 36, 8), int)
    first, last = events.time[0], events.time[-1]
    for x, y, on, time in zip(events.x, events.y, events.on, events.time, strict=True):
        expected[on, y, x, int((time - first) * 8 / (last - first + 1))] += 1

    assert counts.dtype == np.int16
    assert np.array_equal(counts, expected)
    finer = count_events(events, 34, 36, 16)
    assert finer.sum() == counts.sum() == 500


def test_only_shares_of_the_time_matter() -> None:
    events = recording()
    later = Events(events.x, events.y, events.on, events.time + 1_600_000_000_000_000)
    assert np.array_equal(count_events(later, 34, 34, 16), count_events(events, 34, 34, 16))


@pytest.mark.parametrize(
    ("content", "words"), [(b"", "no event"), (bytes(7), "7 bytes, no multiple of the 5")]
)
def test_broken_files_are_refused(content: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_binary(content)


def test_places_outside_and_floods_are_refused() -> None:
    zeros = np.zeros(40_000, int)
    with pytest.raises(ValueError, match="an event at x 5 or y 0, outside 5 x 5"):
        count_events(Events(zeros + 5, zeros, zeros, zeros), 5, 5, 1)
    with pytest.raises(ValueError, match="40,000 events of one place in one bin"):
        count_events(Events(zeros, zeros, zeros, zeros), 5, 5, 1)


TYPES = {
    "plain": [("x", "<u2"), ("y", "<u2"), ("p", "u1"), ("t", "<u4")],
    "other order and names": [("ts", "<i8"), ("y", "i1"), ("polarity", "?"), ("x", "i1")],
    "seconds": [("timestamp", "<f8"), ("x", "<f4"), ("y", "<f4"), ("pol", "i1")],
}


def structured(events: Events, kind: str) -> np.ndarray:
    array = np.empty(len(events.x), TYPES[kind])
    on, time, x, y = (next(n for n in array.dtype.names if n[0] == c) for c in "ptxy")
    array[x], array[y], array[on] = events.x, events.y, events.on
    array[time] = events.time / 1e6 if kind == "seconds" else events.time
    return array


@pytest.mark.parametrize("kind", TYPES)
def test_structured_arrays_hold_the_same_events(kind: str) -> None:
    events = recording()
    counts = count_events(parse_structured(structured(events, kind)), 34, 34, 4)
    wanted = count_events(events, 34, 34, 4)

    # A time that is rounded may fall on the other side of a border.
    allowed = 2 if kind == "seconds" else 0
    assert np.abs(counts - wanted).sum() <= allowed


def test_polarities_of_minus_one_are_darker() -> None:
    array = np.zeros(3, [("x", "u1"), ("y", "u1"), ("t", "u4"), ("p", "i1")])
    array["p"] = [-1, 1, -1]
    assert parse_structured(array).on.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"p": 2}, "polarities from 0 to 2"),
        ({"x": -1}, "places below 0"),
        ({"t": "gone"}, "none of them t or ts"),
        ({"y": 0.5}, "field y with numbers that are not whole"),
    ],
)
def test_structured_arrays_of_something_else_are_refused(
    change: dict[str, object], words: str
) -> None:
    array = np.zeros(3, [("x", "i2"), ("y", "f4"), ("t", "u4"), ("p", "i1")])
    for name, value in change.items():
        if value == "gone":
            array = array[[each for each in array.dtype.names if each != name]]
        else:
            array[name][1] = value
    with pytest.raises(ValueError, match=words):
        parse_structured(array)


def test_named_fields_are_told_from_other_arrays() -> None:
    def saved(array: np.ndarray) -> bytes:
        file = io.BytesIO()
        np.save(file, array)
        return file.getvalue()

    assert is_structured(saved(structured(recording(), "plain"))[:4096])
    assert not is_structured(saved(np.zeros((3, 4))))
    assert not is_structured(b"no array")


@pytest.mark.parametrize(
    ("first", "last"),
    [(0, 2**60), (-(2**62), 2**62), (-(2**63), 2**63 - 1), (3, (2**63 - 1) // 16 + 4)],
)
def test_times_too_far_apart_are_refused(first: int, last: int) -> None:
    """The product of a time and the bins would wrap around, and count events anywhere."""
    time = np.array([first, last], np.int64)
    one = np.zeros(2, np.int64)
    with pytest.raises(ValueError, match=f"times from {first} to {last}, further apart than"):
        count_events(Events(one, one, one, time), 1, 1, 16)


def test_times_just_close_enough_are_counted_by_bins() -> None:
    most = (2**63 - 1) // 16
    time = np.array([5, 5 + most // 2, 5 + most], np.int64)
    one = np.zeros(3, np.int64)
    counts = count_events(Events(one, one, one, time), 1, 1, 16)
    assert counts[0, 0, 0].tolist() == [1, *[0] * 6, 1, *[0] * 7, 1]
