"""Cells by name: usual levels, what is refused, and the number of each seed."""

from pathlib import Path

import pytest

from spikefuse.analysis.compare.cells import operand_of, parse_cell, select, shared_cells
from spikefuse.core.errors import InputError, StudyError

HERE = Path()


def test_parse_cell() -> None:
    assert parse_cell("network=snn, size=S/2") == {"network": "snn", "size": "S/2"}
    for text in ("network", "network=", "=snn", "a=1,,b=2"):
        with pytest.raises(InputError, match="factor=level"):
            parse_cell(text)
    with pytest.raises(InputError, match="stand once"):
        parse_cell("size=S,size=S/2")


def test_factors_that_are_not_named_have_the_usual_level(cell) -> None:
    rows = [
        *cell([0.9, 0.91], modality="fused"),
        *cell([0.1, 0.1], modality="fused", size="S/2"),
        *cell([0.2, 0.2], modality="fused", noise_std=0.1),
        *cell([0.3, 0.3], modality="fused", protocol="paper"),
        *cell([0.4, 0.4], modality="fused", network="dnn", neuron="relu", reset="none"),
        *cell([0.5, 0.5], modality="image"),
    ]
    found = operand_of(select(rows, "modality=fused", "test"), "x", HERE)
    assert found.values == {0: 0.9, 1: 0.91}
    assert found.samples == 1000
    found = operand_of(select(rows, "modality=fused,noise_std=0.10", "test"), "x", HERE)
    assert (found.values, found.noise_std) == ({0: 0.2, 1: 0.2}, 0.1)
    # The only neuron and reset a dense network has are its own: no need to name them.
    found = operand_of(select(rows, "network=dnn,modality=fused", "test"), "x", HERE)
    assert found.values == {0: 0.4, 1: 0.4}


def test_further_factors_default_to_the_papers_experiments(cell) -> None:
    rows = [*cell([0.9], leak=0.9), *cell([0.8], leak=0.5, study="sensitivity")]
    assert operand_of(select(rows, "network=snn", "test"), "x", HERE).values == {0: 0.9}
    assert operand_of(select(rows, "leak=0.5", "test"), "x", HERE).values == {0: 0.8}
    rows = [*cell([0.9], leak=0.9, study="other"), *cell([0.8], leak=0.5, study="sensitivity")]
    with pytest.raises(InputError, match=r"must say which leak, there are 0\.9, 0\.5"):
        select(rows, "network=snn", "test")


def test_the_reading_that_is_not_named_is_that_of_the_first_screen(cell) -> None:
    lab = [*cell([0.9], reading="lab", study="controls")]
    lab += cell([0.5], reading="calibrated", study="fusion")
    assert operand_of(select(lab, "modality=image", "test"), "x", HERE).values == {0: 0.9}
    both = [*lab, *cell([0.8], reading="base", study="senses")]
    assert operand_of(select(both, "modality=image", "test"), "x", HERE).values == {0: 0.8}
    assert operand_of(select(both, "reading=lab", "test"), "x", HERE).values == {0: 0.9}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("netwrok=snn", "Did you mean network"),
        ("modality=fusd", "Did you mean fused?"),
        ("time_steps=5", "time_steps must be one of 4, got '5'"),
        ("seed=0", "factor must be one of"),
        ("modality=fused,protocol=paper", "no network was run with"),
    ],
)
def test_unknown_names_are_answered_with_the_nearest(cell, text: str, message: str) -> None:
    rows = [*cell([0.9], modality="fused"), *cell([0.9], protocol="paper")]
    with pytest.raises(InputError) as caught:
        select(rows, text, "test")
    assert message in str(caught.value)


def test_a_trial_in_two_studies_counts_once_and_two_numbers_are_refused(cell) -> None:
    twice = [*cell([0.9, 0.8]), *cell([0.9, 0.8], study="reset")]
    assert operand_of(twice, "x", HERE).values == {0: 0.9, 1: 0.8}
    with pytest.raises(StudyError, match=r"must have one number, got two for seed 0"):
        operand_of([*cell([0.9]), *cell([0.91], study="reset")], "x", HERE)


def test_a_diverged_seed_is_never_left_out(cell) -> None:
    rows = [*cell([0.9, 0.9]), *cell([1.0], first_seed=2, metric="diverged", split="")]
    with pytest.raises(
        StudyError, match=r"every seed of x must .* diverged for seed 2 of image SNN"
    ):
        operand_of(select(rows, "network=snn", "test"), "x", HERE)


def test_shared_cells_name_what_differs_and_count_a_trial_once(cell) -> None:
    first = [*cell([0.9], size="S"), *cell([0.8], size="S/2"), *cell([0.7], size="S/3")]
    second = [*cell([0.9], size="S"), *cell([0.8], size="S/2")]
    found = shared_cells(first, second, "test")
    assert [label for label, _, _ in found] == ["size=S", "size=S/2"]
    assert [[row["value"] for row in rows] for _, *both in found for rows in both] == [
        [0.9],
        [0.9],
        [0.8],
        [0.8],
    ]
    # One trial, two protocols: the split of a single modality does not depend on them.
    again = [row | {"protocol": "paper"} for row in first]
    found = shared_cells([*first, *again], [*first, *again], "test")
    assert [label for label, _, _ in found] == ["size=S", "size=S/2", "size=S/3"]
    noisy = [row | {"noise_std": 0.1} for row in first]
    assert len(shared_cells([*first, *noisy], [*first, *noisy], "test")) == 6
