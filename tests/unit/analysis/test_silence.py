"""A silent network and a network with a silent layer: two things, two words, told apart."""

from typing import Any

import pytest

from spikefuse.analysis.series import Series
from spikefuse.analysis.silence import (
    NETWORK_WORDS,
    is_silent_network,
    silent_layers,
    silent_words,
)
from spikefuse.analysis.table import Table
from spikefuse.fusion import FUSIONS

BRANCH = {"image.conv1": 0.2, "image.conv2": 0.0, "audio.conv1": 0.1, "fused.hidden": 0.3}
"""A joint network one of whose branches is cut: the other still decides."""
MUTE = {"image.conv1": 0.2, "image.conv2": 0.1, "image.hidden": 0.0}


def test_a_cut_branch_is_a_silent_layer_and_no_silent_network() -> None:
    assert silent_layers(BRANCH) == ("image.conv2",)
    assert not is_silent_network(BRANCH, "early")
    assert is_silent_network(MUTE)


def test_a_late_network_is_silent_where_all_its_heads_are() -> None:
    one = {"image.hidden": 0.0, "audio.hidden": 0.1}
    assert not is_silent_network(one, "late")
    assert is_silent_network(dict.fromkeys(one, 0.0), "late")


@pytest.mark.parametrize("fusion", ["hybrid", "experts"])
def test_where_one_head_answers_the_others_do_not_speak_for_it(fusion: str) -> None:
    heads = {"fused.hidden": 0.0, "image.hidden": 0.2, "audio.hidden": 0.1}
    assert is_silent_network(heads, fusion)
    assert not is_silent_network(heads, "hybrid-product")
    assert not is_silent_network(heads | {"fused.hidden": 0.1}, fusion)


@pytest.mark.parametrize("fusion", list(FUSIONS))
def test_every_fusion_names_heads_that_it_has(fusion: str) -> None:
    heads = tuple(FUSIONS[fusion].heads({"image": 4, "audio": 3}))
    answering = FUSIONS[fusion].answering(heads)
    assert answering
    assert set(answering) <= set(heads)


@pytest.mark.parametrize(("fusion", "silent"), [("experts", (1,)), ("hybrid-product", ())])
def test_rows_are_read_by_the_same_rule(fusion: str, silent: tuple[int, ...]) -> None:
    rows: list[dict[str, Any]] = []
    for seed in (0, 1):
        own = {"trial": f"t{seed}", "seed": seed, "fusion": fusion, "modality": "fused"}
        rows.append(own | {"split": "test", "metric": "accuracy", "value": 0.9 - 0.8 * seed})
        for head in ("fused", "image", "audio"):
            rate = 0.0 if seed and head == "fused" else 0.2
            rows.append(own | {"split": "", "metric": f"rate.{head}.hidden", "value": rate})
    found: Series = Table(rows).series(fusion=fusion)
    assert (found.n, found.silent) == (2, silent)


def test_the_sentence_beside_an_accuracy_says_which_it_is() -> None:
    assert silent_words({"image.conv1": 0.1}, {}) is None
    word, told = silent_words(MUTE, {"init": "plain"}) or ("", "")
    assert word == "silent network"
    assert told.startswith("image.hidden never fires: nothing reaches the answer, which is the")
    assert told.endswith(
        "--init calibrated scales the initial weights layer by layer so that each fires."
    )
    word, told = silent_words(BRANCH, {"init": "calibrated", "fusion": "early"}) or ("", "")
    assert word == "silent layer"
    assert told.startswith("image.conv2 never fires: nothing passes there, and this accuracy is")
    assert told.endswith("Another surrogate or a higher --target-rate may help.")
    assert "same for every sample" not in told


def test_the_remedy_fits_the_network() -> None:
    """A dense network has neither a surrogate nor a rate to aim at."""
    _, told = silent_words(MUTE, {"init": "calibrated", "network": "dnn"}) or ("", "")
    assert "surrogate" not in told
    assert told.endswith("A lower --learning-rate may help.")
    _, many = silent_words(MUTE | {"image.conv2": 0.0}, {}) or ("", "")
    assert many.startswith("image.conv2, image.hidden never fire: ")


def test_what_a_table_says_of_silent_seeds_is_the_silent_network() -> None:
    assert NETWORK_WORDS.startswith("silent: seeds with a silent network")
    assert "layer never fires" not in NETWORK_WORDS
