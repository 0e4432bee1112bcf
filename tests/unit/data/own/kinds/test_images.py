"""Images: values by hand, turned by EXIF, 16 bits, transparency, bombs and damage."""

import contextlib
import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from spikefuse.data.own.kinds.contract import Plan, Unreadable
from spikefuse.data.own.kinds.images import ImageSettings, decode, look, plan


def packed(image: Image.Image, form: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def settled(content: bytes, **settings) -> Plan:
    return plan([look(content)], ImageSettings(**settings))


def values(content: bytes, **settings) -> np.ndarray:
    return decode(content, settled(content, **settings)).values


GREY = np.arange(30, dtype=np.uint8).reshape(5, 6)


def test_grey_keeps_its_levels() -> None:
    decoded = decode(packed(Image.fromarray(GREY)), settled(packed(Image.fromarray(GREY))))

    assert np.array_equal(decoded.values, GREY[None])
    assert decoded.facts == (5, 6, 0, 0)


def test_colour_is_channels_first() -> None:
    pixels = np.random.default_rng(0).integers(256, size=(5, 6, 3), dtype=np.uint8)

    assert np.array_equal(values(packed(Image.fromarray(pixels))), pixels.transpose(2, 0, 1))


@pytest.mark.parametrize(
    ("orientation", "turned"),
    [(3, GREY[::-1, ::-1]), (6, GREY[::-1].T), (8, GREY.T[::-1])],
)
def test_the_camera_is_held_upright(orientation: int, turned: np.ndarray) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = packed(Image.fromarray(GREY), exif=exif)

    assert np.array_equal(values(content)[0], turned)


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    deep = np.array([[0, 257, 25700, 65535]] * 4, np.uint16)

    assert values(packed(Image.fromarray(deep)))[0, 0].tolist() == [0, 1, 100, 255]


def test_transparency_lies_on_black() -> None:
    pixels = np.full((4, 4, 4), 200, np.uint8)
    pixels[:2, :, 3] = 0
    seen = values(packed(Image.fromarray(pixels)))

    assert seen.shape == (3, 4, 4)
    assert seen[:, :2].max() == 0
    assert seen[:, 2:].min() == round(200 * 200 / 255)


@pytest.mark.parametrize("mode", ["1", "P", "CMYK", "YCbCr"])
def test_other_modes_are_read(mode: str) -> None:
    image = Image.fromarray(np.full((8, 8, 3), 255, np.uint8)).convert(mode)
    content = packed(image, "JPEG" if mode in ("CMYK", "YCbCr") else "PNG")

    assert values(content, colour="grey").min() >= 254


def test_stretch_and_crop() -> None:
    wide = np.zeros((8, 16), np.uint8)
    wide[:, 4:12] = 200
    content = packed(Image.fromarray(wide))

    assert (values(content, size=(8, 8), fit="crop") == 200).all()
    assert values(content, size=(8, 8)).min() == 0


def test_unlike_sizes_become_32_by_32() -> None:
    looks = [look(packed(Image.fromarray(GREY))), look(packed(Image.fromarray(GREY[:4])))]

    assert plan(looks, ImageSettings()).shape == (1, 32, 32)
    assert plan(looks[:1], ImageSettings()).shape == (1, 5, 6)


def png_of(width: int, height: int) -> bytes:
    """A PNG whose header promises this size and whose content is a few bytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("size", [(8_000, 8_000), (10_000, 10_000), (50_000, 50_000)])
def test_a_bomb_is_refused_by_its_header(size: tuple[int, int]) -> None:
    with pytest.raises(Unreadable, match="bomb"):
        look(png_of(*size))


NOISE = np.random.default_rng(0).integers(256, size=(40, 40), dtype=np.uint8)
WHOLE = packed(Image.fromarray(NOISE))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"GIF89a" + bytes(40), "no PNG or JPEG"),
        (WHOLE[:20], "damaged|no PNG or JPEG"),
        (WHOLE[:-400], "damaged"),
        (WHOLE[:60] + bytes(300) + WHOLE[360:], "damaged"),
        (packed(Image.fromarray(GREY), "GIF"), "no PNG or JPEG"),
    ],
)
def test_damage_is_named(content: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        decode(content, settled(WHOLE))


def test_every_cut_of_a_jpeg_is_read_or_named() -> None:
    whole = packed(Image.fromarray(NOISE), "JPEG")
    seen = decode(whole, settled(whole)).values
    with pytest.raises(Unreadable):
        decode(whole[: len(whole) // 2], settled(whole))
    for end in range(0, len(whole), 7):
        with contextlib.suppress(Unreadable):
            assert np.array_equal(decode(whole[:end], settled(whole)).values, seen)
