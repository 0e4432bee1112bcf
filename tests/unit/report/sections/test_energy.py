"""The energy section: its sentence, tables and drawing, from rows."""

from pathlib import Path
from types import ModuleType

import matplotlib
import pytest
from energies import MODEL, energies, results

from spikefuse.analysis.energy import Energies, duels, firings, modality_costs, points
from spikefuse.report import build_report
from spikefuse.report.drawing import theme
from spikefuse.report.drawing.fronts import front_chart
from spikefuse.report.energy_tables import duel_table, firing_table, front_table, modality_table
from spikefuse.report.reading.sources import read_run
from spikefuse.report.sections.energy import energy_section, energy_sentence
from spikefuse.results import read_tidy, write_tidy


def found_of(seeds: int = 3, snn: float = 0.5) -> Energies:
    return Energies(results(seeds), energies(seeds, snn), "disjoint")


def test_the_sentence_says_who_wins_under_which_model_and_why() -> None:
    found = found_of()
    text = energy_sentence(duels(found), firings(found)).replace("\u00a0", " ")

    assert text == (
        "Energy of an inference, fused SNN over its dense twin: 0.505 times under horowitz-45nm "
        "(0.493 to 0.518, n = 3), so the SNN spends less (under horowitz-45nm 70 % of its energy "
        "is arithmetic, and 80 % the first layers, fed at every step). Its test accuracy minus the "
        "twin's is +1.90 pp (95 % interval +1.65 to +2.15, n = 3). It fires 8.10 % of its neurons "
        "at a step; a twin of 3 bits reads as many weight bits at 9.38 % with 8-bit weights and at "
        "25.00 % with 3-bit weights."
    )


def test_the_sentence_does_not_decide_what_is_open() -> None:
    found = found_of(2, 0.995)
    text = energy_sentence(duels(found), firings(found))

    assert "0.995 and 1.00, n" in text
    assert "which decides nothing" in text
    assert "wins" not in text
    assert energy_sentence([], []) == ""


def test_tables_have_the_numbers_of_the_rows() -> None:
    found = found_of()
    duel = duel_table(duels(found)).rows[-1]
    assert duel[:6] == ("fused", MODEL, "0.606", "0.242", "1.2", "0.505")
    assert duel[8:] == ("SNN", "arithmetic 70 %, reading weights 30 %", "80")

    costs = {row[:2]: row for row in modality_table(modality_costs(found)).rows}
    audio = costs["DNN", "audio"]
    assert audio[3:5] == ("0.36", "30.00")
    assert audio[6] == "+5.00"
    assert audio[9] == "+1.39e+04"  # 5 pp for 0.36 nJ

    rate = firing_table(firings(found)).rows[-1]
    assert rate[:3] == ("fused", "4", "8.10")
    assert rate[5:] == ("3", "9.38", "SNN", "25.00", "SNN")

    front = front_table(points(found, MODEL)).rows
    assert len(front) == 6
    assert ("fused SNN, S, T = 4, early", MODEL, "95.10") in [row[:3] for row in front]


def test_the_drawing_joins_what_is_not_beaten() -> None:
    shown = points(found_of(), MODEL)
    with matplotlib.rc_context(theme.rc(text_as_text=True, salt="x")):
        figure, tips = front_chart(shown, theme.roles(["image", "audio", "fused"]))

    dashed = [line for line in figure.axes[0].lines if line.get_linestyle() == "--"]
    assert len(dashed) == 1
    best = sorted(p.energy.mean * 1e-3 for p in shown if p.is_best)
    assert list(dashed[0].get_xdata()) == pytest.approx(best)
    assert len(tips.texts) == 6


def test_without_energies_there_is_no_section() -> None:
    assert energy_section(Energies(results(), [], "disjoint"), "") is None


def test_the_page_of_a_run_has_section_sentence_and_tables(
    tmp_path: Path, synthetic: ModuleType
) -> None:
    synthetic.write_run(tmp_path, seeds=3, epochs=1, studies=("model-size",))
    rows = [row for row in energies() if row["size"] == "S"]
    names = {
        (row["network"], row["modality"], row["seed"]): row["trial"]
        for row in read_tidy(tmp_path / "results.csv")
        if row["protocol"] == "disjoint" and row["size"] == "S" and row["noise_std"] == 0
    }
    rows = [row | {"trial": names[row["network"], row["modality"], row["seed"]]} for row in rows]
    write_tidy(rows, tmp_path / "energy.csv")
    html = build_report(tmp_path, tmp_path / "report.html").read_text(encoding="utf-8")

    assert 'id="energy-answer"' in html
    assert 'href="#energy"' in html
    assert '<section id="energy"' in html
    assert "0.505 times under horowitz-45nm" in html
    table = (tmp_path / "tables" / "energy-models.csv").read_text(encoding="utf-8")
    assert "fused,horowitz-45nm,0.606,0.242,1.2,0.505" in table


def test_a_table_that_cannot_be_read_is_a_notice(tmp_path: Path, synthetic: ModuleType) -> None:
    synthetic.write_run(tmp_path, seeds=1, epochs=1, studies=("model-size",))
    (tmp_path / "energy.csv").write_text("no,table\n")
    run = read_run(tmp_path)

    assert run.energy == ()
    assert any("energy.csv could not be read" in notice for notice in run.notices)


def test_two_seeds_that_agree_are_told_and_called_no_test() -> None:
    found = found_of(2)
    text = energy_sentence(duels(found), firings(found))
    assert "the SNN spends less in both seeds, which is no test" in text
    found = found_of(2, 2.0)
    text = energy_sentence(duels(found), firings(found))
    assert "the twin spends less in both seeds, which is no test" in text
