"""The first screen of a run of one study answers that study's question."""

from itertools import product
from pathlib import Path
from typing import Any

import pytest

from spikefuse.analysis.groups import GroupNames
from spikefuse.analysis.headline import headline
from spikefuse.analysis.table import Table
from spikefuse.report import build_report
from spikefuse.report.headline import answer, verdict
from spikefuse.report.other_answers import study_answer
from spikefuse.results import write_tidy
from spikefuse.studies.design import Cell
from spikefuse.studies.disturbances import disturbance
from spikefuse.studies.readings import CENSUS_READINGS, MATCHED

Rows = list[dict[str, Any]]


def cell(values: tuple[float, ...], split: str = "test", **levels: Any) -> Rows:
    study = levels.pop("study")
    filled = Cell.create(**levels).model_dump()
    return [
        {"study": study, "trial": f"{sorted(filled.items())} {seed}", **filled, "seed": seed}
        | {"split": split, "metric": "accuracy", "value": value, "samples": 1000}
        for seed, value in enumerate(values)
    ]


def race(best: tuple[float, ...], other: tuple[float, ...]) -> Rows:
    shared = {"study": "fusion", "network": "snn", "modality": "fused", "size": "S/3"}
    return [
        row
        for split in ("validation", "test")
        for kind, values in (("hybrid", best), ("early", other))
        for row in cell(values, split, fusion=kind, reading="calibrated", **shared)
    ]


def heading(rows: Rows) -> str:
    found = study_answer(Table(rows))
    assert found is not None
    assert verdict(headline(rows), found.heading) == found.heading
    assert answer(headline(rows), found.text) == found.text
    assert found.text
    return found.heading


def test_a_run_of_fusion_alone_says_which_wins() -> None:
    assert (
        heading(race((0.95, 0.951, 0.949), (0.9, 0.902, 0.901))) == "hybrid wins for the SNN at S/3"
    )
    open_race = race((0.95, 0.91, 0.93), (0.94, 0.93, 0.9))
    assert heading(open_race) == (
        "hybrid is best by validation for the SNN at S/3, and no fusion is shown to win"
    )
    assert (
        heading(race((0.95,), (0.9,))) == "1 seed cannot say which fusion wins for the SNN at S/3"
    )


def network(study: str) -> Rows:
    rows: Rows = []
    for modality, values in (
        ("image", (0.9, 0.91, 0.92)),
        ("audio", (0.8, 0.81, 0.82)),
        ("fused", (0.95, 0.96, 0.97)),
    ):
        for split in ("validation", "test"):
            rows += cell(values, split, study=study, network="snn", modality=modality)
    return rows


@pytest.mark.parametrize("study", ["senses", "robustness"])
def test_networks_of_these_studies_answer_whether_it_helps(study: str) -> None:
    found = headline(network(study))
    assert verdict(found) == "Yes, it helps the SNN"
    assert "+5.00\u00a0pp" in answer(found)


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        ((0.5, 0.51, 0.52), "The fused SNN loses most without image"),
        (
            (0.96, 0.97, 0.98),
            "The fused SNN loses nothing without one sense, on average over seeds",
        ),
    ],
)
def test_a_run_of_senses_alone_says_what_is_missed(lost: tuple[float, ...], said: str) -> None:
    shared = {"study": "senses", "network": "snn", "modality": "fused"}
    rows = cell((0.95, 0.96, 0.97), **shared)
    for absent, values in (
        (("image",), lost),
        (("audio",), (0.96, 0.97, 0.99)),
        (("image", "audio"), (0.1, 0.1, 0.1)),
    ):
        noise = {"noise_std": 1.0, "noise_position": "input"}
        rows += cell(values, **shared, **noise, disturbance=disturbance("mean", absent))
    for modality in ("image", "audio"):
        rows += cell((0.9, 0.91, 0.92), **{**shared, "modality": modality})
    found = study_answer(Table(rows))
    assert found is not None
    assert found.heading == said


def curves() -> Rows:
    rows: Rows = []
    for noise, values in ((0.0, (0.9, 0.9, 0.9)), (1.0, (0.7, 0.7, 0.7)), (5.0, (0.5, 0.5, 0.5))):
        rows += cell(values, study="robustness", network="snn", modality="fused", noise_std=noise)
    return rows


def test_curves_without_single_networks_are_an_answer() -> None:
    assert heading(curves()) == "The fused SNN is right in 70.0\u00a0% on average over noise"


def counted(reading: str, silent: int) -> Rows:
    rows = cell((0.9, 0.91, 0.92), study="census", network="snn", reading=reading)
    rows = [row | {"trial": f"{reading} {row['seed']}"} for row in rows]
    return rows + [
        row | {"split": "validation", "metric": "rate.image.hidden", "value": float(seed >= silent)}
        for seed, row in enumerate(rows)
    ]


def test_a_run_of_the_census_alone_says_what_is_silent_and_whether_it_decides() -> None:
    """Before the curves, which every run has of the plain networks that it trains."""
    plain, learns = "boxcar-0.5-plain-leak-0.9", "boxcar-0.5-calibrated-leak-0.9"
    rows = counted(plain, 2) + counted(learns, 0) + curves()
    assert heading(rows) == "The census does not decide yet"
    found = study_answer(Table(rows))
    assert found is not None
    assert "with initial weights as drawn 2 of 3, calibrated 0 of 3. The rule:" in found.text
    assert "It takes boxcar of width 0.5, calibrated" in found.text
    of_leak = [name for name in CENSUS_READINGS if name.endswith("leak-0.9")]
    silent = [row for name in of_leak for row in counted(name, 1)]
    every = "Under every setting of leak 0.9 a network has a silent layer"
    assert heading(silent + curves()) == every
    assert heading(counted(plain, 1) + curves()) == "The census does not decide yet"


def test_a_census_that_compares_nothing_does_not_say_that_everything_is_silent() -> None:
    """The rule reads leak 0.9 alone, and settings that were measured in every place."""
    learns = counted("triangle-1-calibrated-leak-0.9", 0)
    smaller = [row | {"size": "S/3"} for row in counted("atan-0.5-calibrated-leak-0.9", 0)]
    for rows in (counted("triangle-1-calibrated-leak-0.5", 0), learns + smaller):
        assert heading(rows) == "The census does not decide yet"
        found = study_answer(Table(rows))
        assert found is not None
        assert "No setting of leak 0.9 was measured in every place." in found.text
        assert "silent layer (" not in found.text


def test_a_census_of_every_place_that_decides_says_what_the_rule_takes() -> None:
    best, rows = "triangle-1-calibrated-leak-0.9", []
    places = [(size, each) for size in ("S", "S/2", "S/3") for each in ("image", "audio", "fused")]
    for (size, modality), reading in product(places, CENSUS_READINGS):
        levels = {"network": "snn", "size": size, "modality": modality, "reading": reading}
        accuracies = (0.9 if reading == best else 0.8,) * (40 if modality == "image" else 3)
        rows += cell(accuracies, study="census", **levels)
    fires = {"split": "validation", "metric": "rate.image.hidden", "value": 1.0}
    rows += [row | fires for row in rows]
    taken = "The rule takes triangle of width 1, calibrated initial weights, leak 0.9"
    assert heading(rows) == taken
    open_yet = "The census does not decide yet"
    assert heading([row for row in rows if row["seed"] < 39]) == open_yet
    assert heading([row for row in rows if row["reading"] == best]) == open_yet


def test_a_run_of_held_out_groups_alone_says_what_they_cost() -> None:
    rows = curves()
    for name, values in zip("abcd", ((0.5, 0.5), (0.6, 0.6), (0.7, 0.7), (0.8, 0.8)), strict=True):
        levels = {"study": "subjects", "network": "snn", "modality": "audio"}
        rows += cell(values, protocol="speaker", held_out=name, **levels)
    assert heading(rows) == "With unknown subjects the audio SNN is right in 65.00\u00a0%"
    found = study_answer(Table(rows), GroupNames("patient"))
    assert found is not None
    assert "SNN, audio: 65.00\u00a0% with unknown patients (95\u00a0% interval" in found.text
    assert "from 50.00\u00a0% (a) to 80.00\u00a0% (d)" in found.text
    for accuracy, said in (
        (0.9, "Unknown subjects cost the audio SNN 25.00\u00a0pp"),
        (0.4, "With unknown subjects the audio SNN is 25.00\u00a0pp better"),
        (0.6, "That unknown subjects cost the audio SNN accuracy is not shown"),
        (0.7, "That unknown subjects cost the audio SNN accuracy is not shown"),
    ):
        known = cell((accuracy, accuracy), study="controls", network="snn", modality="audio")
        assert heading(rows + known) == said
        found = study_answer(Table(rows + known))
        assert found is not None
        assert "unknown subjects cost " in found.text
        assert "with unknown subjects (95" not in found.text, "the cost says it"


def test_a_run_of_the_time_axis_alone_says_what_its_own_time_brings() -> None:
    """Before the curves of its usual networks."""
    rows = curves()
    for reading, values in (("whole-map", (0.8, 0.81, 0.8)), ("sequence", (0.7, 0.7, 0.69))):
        levels = {"network": "snn", "modality": "audio", "time_steps": 4, "reading": reading}
        rows += cell(values, study="time-axis", **levels)
    assert heading(rows) == "Meeting audio in its own time costs the SNN 10.67\u00a0pp at T = 4"


def test_a_run_of_remedies_alone_says_what_helps() -> None:
    """Before the curves of its usual networks."""
    rows = curves()
    levels = {"network": "snn", "modality": "fused", "study": "remedies"}
    rows += cell((0.8, 0.81, 0.8), **levels)
    rows += cell((0.9, 0.915, 0.901), **levels, reading="ogm-ge")
    assert heading(rows) == "ogm-ge helps the fused SNN by 10.20\u00a0pp"
    found = study_answer(Table(rows))
    assert found is not None
    assert "ogm-ge +10.20\u00a0pp" in found.text


def test_curves_of_the_own_deviation_alone_answer_too() -> None:
    rows = [
        row | {"study": "robustness-own-std", "reading": "own-std"} if row["noise_std"] else row
        for row in curves()
    ]
    rows += [row | {"reading": "own-std", "study": "robustness-own-std"} for row in curves()]
    found = study_answer(Table(rows))
    assert found is not None
    assert "times the currents\u2019 own" in found.text


def test_the_first_screen_has_the_curves_of_each_unit_once(tmp_path: Path) -> None:
    """Which network keeps more may turn round with the unit, so neither stands alone."""
    own = [row | {"reading": "own-std", "study": "robustness-own-std"} for row in curves()]
    answers = '"robustness-answer"', '"robustness-own-std-answer"'
    for further, told in (([], (True, False)), (network("model-size"), (True, True))):
        write_tidy([*curves(), *own, *further], tmp_path / "results.csv")
        html = build_report(tmp_path, tmp_path / "report.html").read_text(encoding="utf-8")
        assert tuple(f"id={each}" in html for each in answers) == told
        assert html.count("times the currents\u2019 own deviation on every") == 1
        assert html.count("Over noise of 0 to 5 on every hidden activation") == 1


def test_without_any_study_nothing_is_measured() -> None:
    assert study_answer(Table([])) is None
    assert verdict(headline([])) == "Not measured yet"


def leak(values: tuple[float, ...], network: str = "snn") -> Rows:
    shared = {"study": "leak", "modality": "fused", "network": network, "split": "validation"}
    rows = cell((0.98, 0.981, 0.985, 0.983, 0.984), protocol="disjoint", **shared)
    rows += cell((0.999, 0.998, 0.997, 0.999, 0.998), protocol="paper", **shared)
    return rows + cell(values, protocol="paper", reading=MATCHED, **shared)


def test_a_run_of_the_leak_alone_says_it_beside_the_other_answers() -> None:
    clear = (0.995, 0.9962, 0.9998, 0.998, 0.9992)
    alike = "with as many distinct samples in training"
    assert heading(leak(clear)) == f"Pairing before the split flatters the SNN {alike}"
    assert heading(leak(clear) + curves()) == f"Pairing before the split flatters the SNN {alike}"
    near = (0.985, 0.981, 0.99, 0.985, 0.99)
    rows = leak(near) + leak(near, "dnn")
    (matched,) = [
        a for name, a in headline(rows).answers.items() if name == "SNN leak, clips matched"
    ]
    assert matched.sign == 1  # by itself
    assert heading(rows) == f"Pairing before the split is not shown to flatter the SNN {alike}"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((), "What the pairing leaks is not known with as many distinct samples in training"),
        ((0.99,), "1 seed cannot say what the pairing leaks with as many distinct samples"),
        ((0.99, 0.98), "2 seeds cannot say what the pairing leaks with as many distinct samples"),
    ],
)
def test_what_is_not_known_of_the_leak_is_said(values: tuple[float, ...], said: str) -> None:
    assert heading(leak(values)).startswith(said)
