"""The embedded images."""

from spikefuse.data.sources.written_digits import read_written_digits


def test_what_they_are() -> None:
    images = read_written_digits()
    test = images.official_test

    assert images.pixels.shape == (1797, 8, 8)
    assert int(images.pixels.min()) == 0
    assert int(images.pixels.max()) == 255
    assert images.labels[test].bincount().tolist() == [36] * 10
    assert images.labels.bincount().tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_test_images_come_last_of_their_digit() -> None:
    images = read_written_digits()
    for digit in range(10):
        marks = images.official_test[images.labels == digit]
        assert not marks[:-36].any()
        assert marks[-36:].all()


def test_digest_stays() -> None:
    """Another one would change every fingerprint."""
    digest = read_written_digits().digest

    assert digest == "0b7e9c3202d7bcd255d6a19a238d3743bf5e320ba74812a6679958a017c55382"
