"""Arrays: values kept, times joined linearly, damage named."""

import io

import numpy as np
import pytest

from spikefuse.data.own.kinds.arrays import ArraySettings, decode, look, plan, read_array
from spikefuse.data.own.kinds.contract import Unreadable


def packed(array: object, **options) -> bytes:
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def archive(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


@pytest.mark.parametrize("shape", [(5,), (9, 6), (2, 5, 4)])
@pytest.mark.parametrize("dtype", ["f8", "f4", ">f4", "i2", "u1", "?"])
def test_values_are_kept(shape: tuple[int, ...], dtype: str) -> None:
    array = (np.random.default_rng(0).normal(size=shape) * 50).astype("i1").astype(dtype)
    for content in (packed(array), archive(a=array)):
        decoded = decode(content, plan([look(content)], ArraySettings()))
        assert decoded.values.dtype == np.float32
        assert np.array_equal(decoded.values, array.astype(np.float32))


def test_unequal_times_become_the_median_by_straight_lines() -> None:
    ramps = [np.linspace(0, 1, n)[:, None] * [[1.0, -2.0]] for n in (4, 7, 13)]
    settled = plan([look(packed(ramp)) for ramp in ramps], ArraySettings())

    assert settled.shape == (7, 2)
    for ramp in ramps:
        expected = np.linspace(0, 1, 7)[:, None] * [[1.0, -2.0]]
        assert np.allclose(decode(packed(ramp), settled).values, expected, atol=1e-6)


SETTLED = plan([(9, 6)], ArraySettings())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "an empty file"),
        (b"no array", "no .npy or .npz"),
        (packed(np.zeros((9, 6)))[:-1], "damaged"),
        (packed(np.zeros((9, 6)))[:40], "damaged"),
        (packed(np.array([{}]), allow_pickle=True), "objects, which needs pickle"),
        (archive(a=np.zeros(3), b=np.zeros(3)), "an archive of 2 arrays"),
        (archive(a=np.zeros(3))[:60], "damaged"),
        (packed(np.array(["a"])), "not real numbers"),
        (packed(np.zeros(3, complex)), "not real numbers"),
        (packed(np.zeros((2, 0))), "shape"),
        (packed(np.zeros((1, 2, 3, 4))), "shape"),
        (packed(np.full((9, 6), np.nan)), "no finite numbers"),
        (packed(np.full((9, 6), 1e300)), "no finite numbers"),
        (
            packed(np.zeros((9, 5))),
            r"features\] = \[9, 5\], where .* have \[time, features\] = \[9, 6\]",
        ),
        (packed(np.zeros(9)), r"^\[features\] = \[9\], where the others"),
    ],
)
def test_damage_is_named(content: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        decode(content, SETTLED)


@pytest.mark.parametrize("shape", [(10**13,), (10**4, 10**4, 10**6), (-1, 6)])
def test_a_header_that_promises_too_much_is_damage(shape: tuple[int, ...]) -> None:
    file = io.BytesIO()
    header = {"descr": "<f4", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    with pytest.raises(Unreadable):
        read_array(file.getvalue() + bytes(64))
