"""What `spikefuse run` prints of controls, speakers, the choice of the epoch and readings."""

from pathlib import Path
from typing import Any

from rich.console import Console

from spikefuse.cli.summaries import show_readings, show_summaries
from spikefuse.results import write_tidy
from spikefuse.studies import Cell

Rows = list[dict[str, Any]]


def cell(study: str, values: tuple[float, ...], fusion: str = "", **levels: Any) -> Rows:
    made = Cell.create(**levels).model_dump()
    made |= {"fusion": fusion} if fusion else {}
    return [
        {"study": study, "trial": f"{sorted(made.items())} {seed}", **made, "seed": seed}
        | {"split": split, "metric": metric, "value": value, "samples": 500}
        for seed, value in enumerate(values)
        for split in ("validation", "test")
        for metric in ("accuracy", "accuracy_last")
    ]


ROWS = (
    cell("model-size", (0.90, 0.91), modality="image")
    + cell("model-size", (0.80, 0.81), modality="audio")
    + cell("model-size", (0.95, 0.96), modality="fused")
    + cell("controls", (0.97, 0.98), "product-of-experts", modality="fused")
    + cell("controls", (0.90, 0.91), modality="fused", pairing="shuffled")
    + cell("speakers", (0.70, 0.71), modality="audio", protocol="speaker", held_out="theo")
    + cell("speakers", (0.60, 0.61), modality="audio", protocol="speaker", held_out="[b]lucas[/b]")
)


def shown(rows: Rows, *studies: str) -> str:
    console = Console(width=160, record=True, force_terminal=False)
    show_summaries(rows, studies, console)
    return console.export_text()


def line(text: str, start: str) -> str:
    return next(row for row in text.splitlines() if row.strip().startswith(start))


def test_controls_name_every_yardstick_with_its_gain() -> None:
    text = shown(ROWS, "controls")
    assert "90.50 %" in line(text, "best unimodal")
    assert "+5.00 pp" in line(text, "best unimodal")
    assert "+10.00 pp" in line(text, "mean of unimodals")
    assert "-2.00 pp" in line(text, "product of experts")
    assert "no rows of best unimodal" in line(text, "best unimodal"), "the dnn is not there"
    control = line(text, "SNN  ").split()
    assert control[1:3] == ["+0.00", "pp"]
    assert control[-2:] == ["undecided", "\u2013"], "two seeds have no interval"
    assert "+5.00 and +5.00, n = 2" in text
    assert "margin 0.6 pp" in text


def test_speakers_have_their_numbers_and_their_names_are_text() -> None:
    text = shown(ROWS, "speakers")
    assert "70.50 %" in next(row for row in text.splitlines() if "theo" in row)
    assert "2 speakers held out, an interval needs at least 4" in text
    assert "[b]lucas[/b]" in text
    assert "65.50 %" in text


def test_the_time_axis_has_the_table_of_the_report() -> None:
    rows = []
    for reading, values in (("whole-map", (0.8, 0.81, 0.8)), ("sequence", (0.7, 0.7, 0.69))):
        levels = {"modality": "audio", "time_steps": 4, "reading": reading}
        rows += cell("time-axis", values, **levels)
    curves = cell("robustness", (0.9, 0.9, 0.9), modality="audio")
    noisy = cell("robustness", (0.5, 0.5, 0.5), modality="audio", noise_std=5.0)
    text = shown(rows + curves + noisy, "time-axis", "robustness")
    assert "\u221210.67" in text.partition("SNN audio ")[2], "below the curves"
    assert shown(rows, "robustness") == ""


def test_remedies_have_the_tables_of_the_report() -> None:
    rows = []
    for network in ("snn", "dnn"):
        levels = {"network": network, "modality": "fused", "fusion": "early"}
        rows += cell("remedies", (0.8, 0.81, 0.8), **levels, reading="base")
        rows += cell("remedies", (0.7, 0.7, 0.69), **levels, reading="ogm-ge")
    text = shown(rows, "remedies")
    assert text.count("\u221210.67") == 2
    assert "Gain of the SNN minus gain of the DNN" in text


def test_the_pairing_s_leak_has_its_sentence() -> None:
    levels = {"network": "snn", "modality": "fused"}
    rows = cell("leak", (0.9, 0.91, 0.92), **levels, protocol="disjoint")
    rows += cell("leak", (0.95, 0.96, 0.98), **levels, protocol="paper")
    text = shown(rows + cell("controls", (0.9, 0.9), modality="image"), "controls", "leak")
    assert "+5.33\u00a0pp" in text.partition("choosing the epoch")[2], "below all else"
    assert "so the leak cannot be computed" in shown([], "leak")


def test_only_what_was_run_is_shown() -> None:
    assert shown(ROWS, "reset") == ""
    assert "choosing the epoch" in shown(ROWS, "model-size")
    assert shown([], "controls", "speakers").count("no rows of") > 0


def test_readings_are_marked_counted_and_named(tmp_path: Path) -> None:
    steps = [
        row
        for reading in ("base", "byte")
        for time_steps in (4, 8, 16)
        for modality in ("image", "audio", "fused")
        for row in cell(
            "time-steps",
            (0.95, 0.9501, 0.95 + 1e-5 * time_steps)
            if reading == "base"
            else (0.95, 0.9501, 0.95 - time_steps / 100),
            modality=modality,
            time_steps=time_steps,
            reading=reading,
        )
    ]
    write_tidy(steps, tmp_path / "readings.csv")
    console = Console(width=120, record=True, force_terminal=False)
    show_readings(tmp_path, ["byte", "atan"], console)
    text = console.export_text()
    assert line(text, "C23").split() == ["C23", "+", "?", "?"]
    assert "The reading that explains the paper best is base" in text
    assert "1 of 24 claims reproduced" in " ".join(text.split())
    assert line(text, "c ").split()[-3:] == ["0", "0", "24"]
