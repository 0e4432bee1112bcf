"""The leak at equal clips: as many distinct clips in training, and both differences told."""

from typing import Any

import pytest

from spikefuse.analysis.headline import headline
from spikefuse.analysis.pairing_leak import pairing_leak
from spikefuse.data import SOURCES, DataSettings, assign, audit, load_corpus, locate
from spikefuse.report.headline import leak_sentence
from spikefuse.report.tables import headline_estimates
from spikefuse.studies.design import Cell
from spikefuse.studies.leak import matched_count
from spikefuse.studies.profiles import PROFILES
from spikefuse.studies.readings import MATCHED
from spikefuse.studies.registry import STUDIES

Rows = list[dict[str, Any]]


def cell(protocol: str, values: tuple[float, ...], reading: str = "base") -> Rows:
    made = Cell.create(modality="fused", protocol=protocol, reading=reading).model_dump()
    return [
        {"study": "leak", "trial": f"{protocol} {reading} {seed}", **made, "seed": seed}
        | {"split": "validation", "metric": "accuracy", "value": value, "samples": 500}
        for seed, value in enumerate(values)
    ]


BOTH = cell("paper", (0.999, 0.998, 0.997)) + cell("disjoint", (0.98, 0.981, 0.985))
FEWER = cell("paper", (0.99, 0.985, 0.989), MATCHED)


def test_training_holds_as_many_distinct_clips_as_with_disjoint_pairs() -> None:
    """Counted on the embedded data; the plain `paper` holds a tenth more."""
    data = DataSettings(source="builtin", image_size=8, spectrogram_size=8)
    corpus, profile = load_corpus(data, locate("builtin")), PROFILES["smoke"]
    counts: dict[tuple[str, str], list[int]] = {}
    for asked in STUDIES["leak"].cells(("disjoint",), SOURCES["builtin"]):
        for seed in range(4) if asked.network == "snn" else ():
            settings = profile.settings("fused", "S", "builtin")
            trial = asked.trial(seed, **settings)
            pairs = assign(corpus, "fused", asked.protocol, seed, trial.selection)
            clips = audit(corpus, pairs).content("train").clips
            assert clips is not None
            counts.setdefault((asked.protocol, asked.reading), []).append(clips)
    means = {key: sum(each) / len(each) for key, each in counts.items()}
    assert means["disjoint", "base"] == 98
    assert means["paper", "base"] > 107
    assert means["paper", MATCHED] == pytest.approx(98, abs=2)


@pytest.mark.parametrize("pairs", [200, 5_000, 15_000, 60_000])
def test_the_count_is_the_fewest_that_is_expected_to_do(pairs: int) -> None:
    found = matched_count(pairs, 0.2, 2_200 if pairs > 200 else 98, 2_700 if pairs > 200 else 120)

    def expected(count: int) -> float:
        """Every clip, unless all of its copies validate."""
        copies = [pairs // count + (place < pairs % count) for place in range(count)]
        return sum(1 - 0.2**times for times in copies)

    wanted = 2_200 if pairs > 200 else 98
    assert expected(found) >= wanted > expected(found - 1)


def test_paired_samples_have_no_such_study() -> None:
    assert STUDIES["leak"].cells(("paired",), SOURCES["n-mnist"]) == []


def test_both_differences_are_told_and_stand_among_the_answers() -> None:
    found = pairing_leak(BOTH + FEWER, "snn")
    assert found is not None
    assert found.difference is not None
    assert found.matched is not None
    assert found.difference.mean == pytest.approx(0.016)
    assert found.matched.mean == pytest.approx(0.006)
    alone = pairing_leak(BOTH, "snn")
    assert alone is not None
    assert (alone.difference, alone.matched) == (found.difference, None)

    screen = headline(BOTH + FEWER)
    assert {"SNN leak", "SNN leak, clips matched"} <= set(screen.adjusted)
    assert "SNN: leak, as many distinct in training" in dict(headline_estimates(screen))
    said = leak_sentence(screen, {}).replace("\u00a0", " ")
    assert "with as many distinct clips in training, +0.60 pp (95 % interval" in said
    said = leak_sentence(headline(BOTH), {}).replace("\u00a0", " ")
    assert said.endswith(
        "together with what the other number of distinct clips in training brings."
    )
