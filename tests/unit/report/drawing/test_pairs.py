"""The picture of pairs: what it shows is what the splits hold."""

from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.image import imread

import spikefuse as sf
from spikefuse.core.errors import InputError, StoreError
from spikefuse.data import (
    SPLITS,
    Assignment,
    Corpus,
    DataSettings,
    Selection,
    assign,
    audit,
    load_corpus,
    locate,
)
from spikefuse.report.drawing.events import EVENT_COLOURS
from spikefuse.report.drawing.pairs import choose_pairs, draw_pairs, write_pairs

SETTINGS = DataSettings(source="builtin")


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return load_corpus(SETTINGS, locate("builtin"))


@pytest.fixture(scope="module")
def paper(corpus: Corpus) -> Assignment:
    return assign(corpus, "fused", "paper", 0)


def draw(corpus: Corpus, assignment: Assignment, rows: int = 4, seed: int = 0) -> Figure:
    pairs = choose_pairs(corpus, assignment, rows, seed)
    return draw_pairs(pairs, audit(corpus, assignment), SETTINGS, corpus.banner, seed)


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.texts]


def test_events_are_upright_and_show_both_halves_of_their_time() -> None:
    frames = np.zeros((12, 2, 5, 6, 4), dtype=np.int16)
    frames[:, 1, 0, 2, 0] = 4  # ON, in the uppermost row, at the begin
    frames[:, 0, 4, 3, 3] = 4  # OFF, in the lowest row, at the end
    touch = np.random.default_rng(0).normal(size=(12, 5, 6))
    data = sf.dataset(
        {"camera": frames, "touch": touch}, np.arange(12) % 2, kinds={"camera": "events"}
    )
    assignment = assign(data.corpus, "fused", "paired", 0)
    pairs = choose_pairs(data.corpus, assignment, 1, 0)
    record = audit(data.corpus, assignment)
    figure = draw_pairs(pairs, record, data.settings, data.corpus.banner, 0)
    drawn = [axes.images[0] for axes in figure.axes if axes.images]
    (camera, *_) = (each for each in drawn if np.asarray(each.get_array()).shape == (5, 13, 3))
    assert camera.origin == "upper"
    pixels = np.asarray(camera.get_array())
    assert to_hex(pixels[0, 2]) == EVENT_COLOURS["ON"]
    assert to_hex(pixels[4, 7 + 3]) == EVENT_COLOURS["OFF"]


def test_pairs_are_pairs_of_their_split(corpus: Corpus, paper: Assignment) -> None:
    chosen = choose_pairs(corpus, paper, 10, 0)
    training = set(paper.samples["train"]["audio"].tolist())

    assert tuple(chosen) == SPLITS
    for split in SPLITS:
        members = set(
            zip(*(paper.samples[split][name].tolist() for name in ("image", "audio")), strict=True)
        )
        assert [pair.label for pair in chosen[split]] == [str(digit) for digit in range(10)]
        for pair in chosen[split]:
            sound, pixels = pair.part("audio"), pair.part("image").values[0]
            clip = corpus.audio.names.index(sound.name)
            image = [
                i
                for i, c in members
                if c == clip and torch.equal(corpus.image.inputs[i, 0], torch.from_numpy(pixels))
            ]
            assert image, sound.name
            assert sound.name.startswith(f"{pair.label}_{sound.group}_")
            assert sound.in_training == (clip in training)
    assert not any(pair.part("audio").in_training for pair in chosen["test"])
    assert any(pair.part("audio").in_training for pair in chosen["validation"])


def test_seed_decides(corpus: Corpus, paper: Assignment) -> None:
    def clips(seed: int) -> list[str]:
        chosen = choose_pairs(corpus, paper, 5, seed).values()
        return [pair.part("audio").name for column in chosen for pair in column]

    assert clips(1) == clips(1)
    assert clips(1) != clips(2)


def test_what_is_written_on_it(corpus: Corpus, paper: Assignment) -> None:
    figure = draw(corpus, paper)
    words = texts(figure)
    record = audit(corpus, paper)
    share = record.overlap("train", "validation").clips_share
    assert share is not None

    assert "Pairs of image and spectrogram" in words
    assert any(word.startswith("Pairing protocol “paper”") for word in words)
    assert f"● In training too: {100 * share:.3g} % of clips, 100 % of speakers" in words
    assert "In training too: 0 % of clips, 100 % of speakers" in words
    assert "1,150 pairs of 1,150 images and 799 clips, 5 speakers" in words
    for column in choose_pairs(corpus, paper, 4, 0).values():
        for pair in column:
            sound = pair.part("audio")
            assert {pair.label, sound.group} <= set(words)
            assert any(word.removeprefix("● ") == sound.name for word in words)
    assert any("EMBEDDED STAND-IN DATA" in word for word in words)


def test_only_leaks_are_marked(corpus: Corpus) -> None:
    selection = Selection(held_out_speaker="rms")
    for protocol, chosen in (("disjoint", Selection()), ("speaker", selection)):
        figure = draw(corpus, assign(corpus, "fused", protocol, 0, chosen))
        assert not any("●" in word for word in texts(figure))
    assert "In training too: 0 % of clips, 0 % of speakers" in texts(figure)


def test_axes_are_in_hertz_and_milliseconds(corpus: Corpus, paper: Assignment) -> None:
    figure = draw(corpus, paper, rows=2)
    spectrograms = [axes for axes in figure.axes if axes.get_images() and axes.get_yticks().size]

    assert len(spectrograms) == 6
    for axes in spectrograms:
        assert axes.get_images()[0].get_extent() == pytest.approx((0, 1000, 0, 4000))
        assert axes.get_yticks().tolist() == [0, 2000, 4000]
    assert [axes.get_xlabel() for axes in spectrograms].count("Time (ms)") == 3


def test_nothing_overlaps(corpus: Corpus, paper: Assignment) -> None:
    """No text runs into another or off the page."""
    figure = draw(corpus, paper, rows=10)
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in figure.texts]

    for i, box in enumerate(boxes):
        assert figure.bbox.contains(box.x0, box.y0), texts(figure)[i]
        assert figure.bbox.contains(box.x1, box.y1), texts(figure)[i]
        overlapping = [texts(figure)[j] for j in range(i) if box.overlaps(boxes[j])]
        assert overlapping == [], texts(figure)[i]


@pytest.mark.parametrize("rows", [1, 3])
def test_written_picture(tmp_path: Path, corpus: Corpus, paper: Assignment, rows: int) -> None:
    path = tmp_path / "new" / "pairs.png"
    write_pairs(path, corpus, paper, SETTINGS, rows=rows)
    first = path.read_bytes()
    write_pairs(path, corpus, paper, SETTINGS, rows=rows)

    assert path.read_bytes() == first
    height, width, _ = imread(path).shape
    assert width > 2000
    assert height > 600
    assert [file.name for file in path.parent.iterdir()] == ["pairs.png"]


@pytest.mark.parametrize("ending", ["svg", "pdf"])
def test_other_formats(tmp_path: Path, corpus: Corpus, paper: Assignment, ending: str) -> None:
    path = tmp_path / f"pairs.{ending}"
    write_pairs(path, corpus, paper, SETTINGS, rows=1)

    assert path.read_bytes()[:5] in (b"<?xml", b"%PDF-")


def test_refusals(tmp_path: Path, corpus: Corpus, paper: Assignment) -> None:
    with pytest.raises(InputError, match="one of png, svg, pdf, got 'gif'"):
        write_pairs(tmp_path / "pairs.gif", corpus, paper, SETTINGS)
    with pytest.raises(InputError, match="rows must be from 1 to 10, got 11"):
        write_pairs(tmp_path / "pairs.png", corpus, paper, SETTINGS, rows=11)
    alone = assign(corpus, "audio", "disjoint", 0)
    with pytest.raises(InputError, match="assignment must be of pairs"):
        write_pairs(tmp_path / "pairs.png", corpus, alone, SETTINGS)
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="pairs: "):
        write_pairs(tmp_path / "file" / "pairs.png", corpus, paper, SETTINGS, rows=1)
