"""The numbers of docs/findings.md and docs/energy.md, reckoned again from the committed rows.

Plain csv and scipy on purpose: a fault in `spikefuse.analysis` must not hide here.
"""

import csv
import json
import math
import re
from collections import Counter
from collections.abc import Collection, Iterable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from typer.testing import CliRunner

from spikefuse.analysis.census import census, choose
from spikefuse.analysis.claims import evaluate_claims
from spikefuse.analysis.headline import headline
from spikefuse.analysis.robustness import robustness
from spikefuse.analysis.row_index import Row
from spikefuse.analysis.table import Table
from spikefuse.cli import app
from spikefuse.results import read_tidy

DOCS = Path(__file__).parents[2] / "docs"
Seeds = dict[str, float]
BASE = {"pairing": "true", "held_out": "", "disturbance": "", "noise_std": "0.0"}
FULL: dict[str, str | tuple[str, ...]] = {
    **BASE,
    "size": "S",
    "protocol": "disjoint",
    "fusion": ("none", "early"),
}
SNN = {"network": "snn", "neuron": "lif", "reset": "soft", "time_steps": "4"}
DNN = {"network": "dnn"}


@cache
def page(name: str) -> str:
    """The text of a page without its line ends."""
    return " ".join((DOCS / name).read_text(encoding="utf-8").split())


@cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    with (DOCS / "results" / name).open(newline="", encoding="utf-8") as file:
        return tuple(csv.DictReader(file))


@cache
def numbers(name: str, split: str, metric: str) -> tuple[dict[str, str], ...]:
    return tuple(row for row in rows(name) if (row["split"], row["metric"]) == (split, metric))


def seeds(
    name: str, split: str = "test", metric: str = "accuracy", **levels: str | Collection[str]
) -> Seeds:
    """The number of each seed; what two rows say of one seed must agree."""
    found: dict[str, float] = {}
    for row in numbers(name, split, metric):
        if all(
            row.get(key, "") in ((level,) if isinstance(level, str) else level)
            for key, level in levels.items()
        ):
            value = float(row["value"])
            assert math.isclose(found.setdefault(row["seed"], value), value), (name, levels)
    assert found, (name, levels)
    return found


def minus(first: Seeds, second: Seeds, without: Collection[str] = ()) -> list[float]:
    return [first[s] - second[s] for s in first if s in second and s not in without]


def ends(values: Iterable[float]) -> tuple[float, float, float]:
    """Mean and 95 % t interval, in per cent."""
    numbers = 100 * np.array(list(values))
    half = stats.t.ppf(0.975, len(numbers) - 1) * numbers.std(ddof=1) / math.sqrt(len(numbers))
    return float(numbers.mean()), float(numbers.mean() - half), float(numbers.mean() + half)


def gain(values: Iterable[float], unit: str = " pp") -> str:
    mean, low, high = ends(values)
    return f"{mean:+.2f}{unit} ({low:+.2f} to {high:+.2f})"


def plain(values: Iterable[float], unit: str = "") -> str:
    mean, low, high = ends(values)
    return f"{mean:.2f}{unit} ({low:.2f} to {min(high, 100.0):.2f})"


def quick(network: dict[str, str], modality: str, **changes: str | Collection[str]) -> Seeds:
    changes = {**FULL, **network, "modality": modality, **changes}
    return seeds("quick/results.csv", **changes)


def over_mean(network: dict[str, str], **changes: str) -> Seeds:
    fused, image, audio = (quick(network, name, **changes) for name in ("fused", "image", "audio"))
    return {seed: fused[seed] - (image[seed] + audio[seed]) / 2 for seed in fused}


def _first_table() -> list[str]:
    told = []
    for network in (SNN, DNN):
        fused = quick(network, "fused")
        product = {"fusion": "product-of-experts"}
        noise = quick(network, "fused", pairing="shuffled")
        told += [
            gain(minus(quick(network, "fused", size=size), quick(network, "audio", size=size)))
            for size in ("S", "S/2", "S/3")
        ]
        told += [gain(minus(fused, quick(network, "fused", **product)))]
        told += [gain(minus(fused, quick(network, "fused", size="S/2", **product)))]
        told += [gain(minus(fused, noise)), gain(minus(noise, quick(network, "image")))]
        leaky, sound = (
            quick(network, "fused", split="validation", protocol=name)
            for name in ("paper", "disjoint")
        )
        told += [gain(minus(leaky, sound))]
    return told


def test_the_first_table() -> None:
    assert [each for each in _first_table() if each not in page("findings.md")] == []


@pytest.mark.parametrize(
    ("changes", "unit"),
    [
        ({}, " pp"),
        ({"split": "validation"}, " pp"),
        ({"size": "S/2"}, ""),
        ({"time_steps": "8"}, ""),
        ({"time_steps": "16"}, ""),
        ({"neuron": "if"}, ""),
        ({"reset": "hard"}, ""),
    ],
)
def test_the_claim_c8_elsewhere(changes: dict[str, str], unit: str) -> None:
    dense = {key: level for key, level in changes.items() if key in ("split", "size")}
    more = minus(over_mean(SNN, **changes), over_mean(DNN, **dense))
    told = gain(more, unit)
    assert told in page("findings.md") or told.replace(" pp ", " pp more ") in page("findings.md")


def _over_mean_at(network: dict[str, str], size: str, split: str, protocol: str) -> Seeds:
    """A single network stands for both pairings; the silent image SNN of S/3 is left out."""
    fused = quick(network, "fused", size=size, split=split, protocol=protocol)
    both = ("disjoint", "paper")
    image, audio = (
        quick(network, name, size=size, split=split, protocol=both) for name in ("image", "audio")
    )
    silent = {"2"} if (network, size) == (SNN, "S/3") else set()
    return {s: fused[s] - (image[s] + audio[s]) / 2 for s in fused if s not in silent}


def test_where_c8_is_shown_and_where_not() -> None:
    """Every size, split and pairing that has rows: what leaves zero out is on the page."""
    shown = {}
    for protocol in ("disjoint", "paper"):
        for split in ("test", "validation"):
            for size in ("S", "S/2", "S/3"):
                place = (size, split, protocol)
                snn, dnn = (_over_mean_at(network, *place) for network in (SNN, DNN))
                shown[place] = ends(minus(snn, dnn))
    above = {place for place, (_, low, _) in shown.items() if low > 0}
    assert above == {
        ("S", "test", "disjoint"),
        ("S/2", "validation", "disjoint"),
        ("S", "test", "paper"),
        ("S", "validation", "paper"),
    }
    for place in (*above, ("S/3", "test", "disjoint")):
        mean, low, high = shown[place]
        told = (f"{mean:+.2f}", f"{low:+.2f} to {high:+.2f}")
        assert all(each in page("findings.md") for each in told), (place, told)


@pytest.mark.parametrize("halves", [False, True])
def test_holm_over_the_first_table(halves: bool) -> None:
    found = {"c8": minus(over_mean(SNN), over_mean(DNN))}
    for network in (SNN, DNN):
        name, fused = network["network"], quick(network, "fused")
        apart, noise = {"fusion": "product-of-experts"}, quick(network, "fused", pairing="shuffled")
        found[f"{name} best"] = minus(fused, quick(network, "audio"))
        found[f"{name} product"] = minus(fused, quick(network, "fused", **apart))
        found |= {f"{name} sound": minus(fused, noise)}
        found |= {f"{name} noise": minus(noise, quick(network, "image"))}
        splits = (
            quick(network, "fused", split="validation", protocol=protocol)
            for protocol in ("paper", "disjoint")
        )
        found[f"{name} leak"] = minus(*splits)
        if halves:
            found[f"{name} half"] = minus(fused, quick(network, "fused", size="S/2", **apart))
    pairs = zip(found["snn best"], found["dnn best"], strict=True)
    found["c8 over best"] = [a - b for a, b in pairs]
    p_values = {name: float(stats.ttest_1samp(own, 0).pvalue) for name, own in found.items()}
    order = sorted(p_values, key=lambda name: p_values[name])
    steps = [min(1.0, p_values[name] * (len(order) - i)) for i, name in enumerate(order)]
    adjusted = dict(zip(order, np.maximum.accumulate(steps).tolist(), strict=True))
    assert [name for name in order if adjusted[name] < 0.05] == ["snn sound"]
    expected = {"snn product": "0.083", "dnn product": "0.085", "snn best": "0.085", "c8": "0.085"}
    expected |= {"snn sound": "0.0006", "dnn noise": "0.12", "dnn sound": "0.12"}
    if halves:
        expected = dict.fromkeys(("snn product", "dnn product", "dnn half", "c8"), "0.098")
        expected |= {"snn half": "0.113"}
    for name, told in expected.items():
        digits = len(told.partition(".")[2])
        assert f"{adjusted[name]:.{digits}f}" == told, name
        assert told in page("findings.md")


def test_an_unknown_voice_and_the_image_alone() -> None:
    names = sorted({row["held_out"] for row in rows("quick/results.csv")} - {""})
    over_seeds, over_speakers = [], []
    for network in (SNN, DNN):
        image = quick(network, "image")
        gains = [quick(network, "fused", held_out=name, protocol="speaker") for name in names]
        apart = [{seed: each[seed] - image[seed] for seed in image} for each in gains]
        over_speakers.append([float(np.mean(list(each.values()))) for each in apart])
        over_seeds.append([float(np.mean([each[s] for each in apart])) for s in image])
    for (first, second), over in ((over_speakers, "speakers"), (over_seeds, "seeds")):
        mean, low, high = ends(a - b for a, b in zip(first, second, strict=True))
        assert f"{mean:.2f} pp the larger" in page("findings.md")
        assert f"{low:.2f} to {high:.2f} over {over}" in page("findings.md")


def test_at_every_size_the_product_is_above() -> None:
    """And by as much as the page says; at S/3 without the seed of which an expert is silent."""
    expected = {"snn": ("-2.12", "-3.54", "-5.38"), "dnn": ("-3.52", "-4.12", "-4.12")}
    for network in (SNN, DNN):
        for size, told in zip(("S", "S/2", "S/3"), expected[network["network"]], strict=True):
            silent = {"2"} if (network, size) == (SNN, "S/3") else set()
            fused, product = (
                quick(network, "fused", size=size, fusion=kind)
                for kind in ("early", "product-of-experts")
            )
            mean, _, high = ends(minus(fused, product, silent))
            assert f"{mean:.2f}" == told
            assert high < 0
            assert told in page("findings.md")
    rate = seeds(
        "quick/results.csv", "validation", "rate.image.hidden", **{**FULL, **SNN, "size": "S/3"}
    )
    assert [seed for seed, share in rate.items() if share == 0] == ["2"]


def test_unknown_speakers() -> None:
    names = sorted({row["held_out"] for row in rows("quick/results.csv")} - {""})
    for network in (SNN, DNN):
        for modality in ("audio", "fused"):
            levels = {"protocol": "speaker"}
            means = [
                float(np.mean(list(quick(network, modality, held_out=name, **levels).values())))
                for name in names
            ]
            known = float(np.mean(list(quick(network, modality).values())))
            assert plain(means, " %") in page("findings.md")
            cost = [known - mean for mean in means]
            assert plain(cost, " pp").split(" (")[0] in page("findings.md")


def test_noise_of_five_thresholds() -> None:
    """The range over every network of `disjoint`, and over those of `paper`."""
    for protocol, told in (("disjoint", "9.0 to 15.7 %"), ("paper", "8.0 to 18.1 %")):
        found = [
            100 * float(row["value"])
            for row in rows("quick/results.csv")
            if row["noise_std"] == "5.0"
            and row["protocol"] == protocol
            and (row["metric"], row["split"]) == ("accuracy", "test")
        ]
        assert f"{min(found):.1f} to {max(found):.1f} %" == told
        assert told in page("findings.md")


ASKED = [
    ("fashion-fsdd", "disjoint", ("image", "audio"), "audio"),
    ("av-mnist", "disjoint", ("image", "audio"), "image"),
    ("n-mnist", "paired", ("image", "events"), ""),
    ("utd-mhad", "paired", ("inertial", "skeleton"), "skeleton"),
    ("utd-mhad-leaky", "paired", ("inertial", "skeleton"), "skeleton"),
]


@pytest.mark.parametrize(("data", "protocol", "modalities", "better"), ASKED)
def test_answers_of_ask(data: str, protocol: str, modalities: tuple[str, str], better: str) -> None:
    def of(network: dict[str, str], modality: str, split: str = "test", **changes: str) -> Seeds:
        levels = {**FULL, **network, "protocol": protocol, "modality": modality, **changes}
        return seeds(f"ask/{data}/results.csv", split, **levels)

    for network in (SNN, DNN):
        fused, product = of(network, "fused"), of(network, "fused", fusion="product-of-experts")
        means = {
            name: np.mean(list(of(network, name, "validation").values())) for name in modalities
        }
        best = max(means, key=lambda name: means[name])
        assert best == (better or best)
        told = [plain(of(network, name).values()) for name in (*modalities, "fused")]
        told += [plain(product.values()), gain(minus(fused, of(network, best)), "")]
        told += [gain(minus(fused, product), "").replace("+0.00 (", "0.00 (")]
        assert [each for each in told if each not in page("findings.md")] == []


def screen(data: str, protocol: str, modalities: tuple[str, str]) -> dict[str, float]:
    """P values of the ten answers of a report's first screen, Holm-adjusted."""
    gains: dict[str, list[float]] = {}
    for network in (SNN, DNN):
        name = network["network"]
        fused, first, second, product, noise = (
            seeds(
                f"ask/{data}/results.csv",
                **{**FULL, **network, "protocol": protocol, "modality": modality, **changes},
            )
            for modality, changes in (
                ("fused", {}),
                (modalities[0], {}),
                (modalities[1], {}),
                ("fused", {"fusion": "product-of-experts"}),
                ("fused", {"pairing": "shuffled"}),
            )
        )
        validated = [
            seeds(
                f"ask/{data}/results.csv",
                "validation",
                **{**FULL, **network, "protocol": protocol, "modality": modality},
            )
            for modality in modalities
        ]
        best = first if sum(validated[0].values()) >= sum(validated[1].values()) else second
        middle = {seed: (first[seed] + second[seed]) / 2 for seed in first}
        gains |= {f"{name} best": minus(fused, best), f"{name} mean": minus(fused, middle)}
        gains |= {f"{name} product": minus(fused, product), f"{name} control": minus(noise, first)}
    for stick in ("best", "mean"):
        pairs = zip(gains[f"snn {stick}"], gains[f"dnn {stick}"], strict=True)
        gains[f"more {stick}"] = [a - b for a, b in pairs]
    p_values = {name: float(stats.ttest_1samp(own, 0).pvalue) for name, own in gains.items()}
    order = sorted(p_values, key=lambda name: p_values[name])
    steps = [min(1.0, p_values[name] * (len(order) - i)) for i, name in enumerate(order)]
    return dict(zip(order, np.maximum.accumulate(steps).tolist(), strict=True))


@pytest.mark.parametrize(("data", "protocol", "modalities"), [each[:3] for each in ASKED])
def test_an_answer_stands_beside_the_others_of_its_screen(
    data: str, protocol: str, modalities: tuple[str, str]
) -> None:
    adjusted = screen(data, protocol, modalities)
    assert len(adjusted) == 10
    expected = {
        "fashion-fsdd": ("open (p = 0.20)", "open"),
        "av-mnist": ("open (p = 0.077)", "open (p = 0.10)"),
        "n-mnist": ("open", "open"),
        "utd-mhad": ("yes", "yes"),
        "utd-mhad-leaky": ("open", "open (p = 0.13)"),
    }
    for network, word in zip(("snn", "dnn"), expected[data], strict=True):
        p_value = adjusted[f"{network} best"]
        assert (p_value < 0.05) == (word == "yes")
        assert (
            "p =" not in word
            or f"open (p = {p_value:.2g})".replace("0.1)", "0.10)").replace("0.2)", "0.20)") == word
        )
        assert f"| {word} |" in page("findings.md")


def test_the_initial_weights_of_ask() -> None:
    gains = []
    for modality in ("image", "audio", "fused"):
        plainly, calibrated = (
            seeds(f"ask/{name}/results.csv", **{**FULL, **SNN, "modality": modality})
            for name in ("fashion-fsdd-plain", "fashion-fsdd")
        )
        assert plain(plainly.values()) in page("findings.md")
        gains.append(minus(calibrated, plainly))
        assert gain(gains[-1], "") in page("findings.md")
    more = [audio - fused for audio, fused in zip(gains[1], gains[2], strict=True)]
    mean, low, high = ends(more)
    assert f"{mean:+.2f} pp more, {low:+.2f} to {high:+.2f}" in page("findings.md")


def test_the_time_axis() -> None:
    for data, modalities in (("fsdd", ("audio",)), ("utd-mhad", ("inertial", "skeleton"))):
        for modality in modalities:
            for steps in ("4", "14"):
                whole, parts = (
                    seeds(
                        f"time-axis/{data}/results.csv",
                        modality=modality,
                        time_steps=steps,
                        reading=reading,
                    )
                    for reading in ("calibrated+whole-map", "calibrated+sequence")
                )
                told = [plain(whole.values()), plain(parts.values())]
                told += [gain(minus(parts, whole), "")]
                assert [each for each in told if each not in page("findings.md")] == []


def _medium(network: dict[str, str], modality: str, **changes: str | Collection[str]) -> Seeds:
    levels = {**FULL, **network, "modality": modality, **changes}
    found = seeds("medium-controls/results.csv", **levels)
    assert len(found) == 5
    return found


@pytest.mark.parametrize(
    "name", sorted(path.parent.name for path in DOCS.glob("results/*/claims.json"))
)
def test_committed_verdicts_are_those_of_their_rows(name: str, tmp_path: Path) -> None:
    folder, again = DOCS / "results" / name, tmp_path / "claims.json"
    CliRunner().invoke(app, ["claims", str(folder), "--out", str(again)])
    told, now = (json.loads(path.read_text()) for path in (folder / "claims.json", again))
    words = ("id", "verdict", "reason", "rule", "n", "decided_by")
    assert [[each[word] for word in words] for each in told["claims"]] == [
        [each[word] for word in words] for each in now["claims"]
    ]


def test_the_controls_after_long_training() -> None:
    over_image, over_product = {}, {}
    for name, network in (("SNN", SNN), ("DNN", DNN)):
        fused, image, audio = (_medium(network, each) for each in ("fused", "image", "audio"))
        product = _medium(network, "fused", fusion="product-of-experts")
        shuffled = _medium(network, "fused", pairing="shuffled")
        columns = (image, audio, fused, product, shuffled)
        row = " | ".join(plain(each.values()) for each in columns)
        assert f"| {name} | {row} |" in page("findings.md")
        assert ends(image.values())[0] > ends(audio.values())[0]
        over_image[name], over_product[name] = minus(fused, image), minus(fused, product)
        for each in (over_image[name], over_product[name], minus(shuffled, image)):
            assert gain(each) in page("findings.md")
        assert ends(over_image[name])[1] > 0 > ends(over_product[name])[2]
    for gains in (over_image, over_product):
        more = [a - b for a, b in zip(gains["SNN"], gains["DNN"], strict=True)]
        assert gain(more) in page("findings.md")
        assert ends(more)[1] > 0


def test_the_first_screen_after_long_training() -> None:
    where = str(DOCS / "results" / "medium-controls")
    shown = CliRunner().invoke(app, ["show", where], env={"COLUMNS": "400"}).output
    words = " ".join(shown.replace("\N{MINUS SIGN}", "-").split())
    for told in (
        *("+1.40 (+1.05 to +1.74)", "+0.96 (+0.35 to +1.57)", "+0.44 (+0.10 to +0.78)"),
        *("-0.27 (-0.49 to -0.05)", "-0.64 (-1.16 to -0.11)"),
    ):
        mean, _, interval = told.partition(" (")
        assert told in page("findings.md")
        assert f"{mean} pp (95 % interval {interval[:-1]}, n = 5" in words
    assert "not provably more than the DNN" in words
    adjusted = headline(read_tidy(DOCS / "results" / "medium-controls" / "results.csv")).adjusted
    left = {name for name, p_value in adjusted.items() if p_value < 0.05}
    of_gains = ("best unimodal", "mean of unimodals")
    assert left == {f"{network} over {each}" for network in ("SNN", "DNN") for each in of_gains}
    assert len(adjusted) == 12
    assert "over the twelve answers of that screen leaves four of them" in page("findings.md")


AGAIN = "medium/results.csv"
FIVE = {"seed": ("0", "1", "2", "3", "4"), "reading": "lab"}
"""Of the ten seeds of the controls there, those of every other study but the fusions."""
LEARNING = {"reading": "calibrated"}
"""The study of fusions."""
BASE_AGAIN = "base-medium/results.csv"
READING = {AGAIN: {"reading": "lab"}, BASE_AGAIN: {"reading": "base"}}


def test_the_controls_on_another_processor() -> None:
    for name, network in (("SNN", SNN), ("DNN", DNN)):
        levels = {**FULL, **FIVE, **network}
        columns = tuple(
            seeds(AGAIN, **{**levels, **changes})
            for changes in (
                {"modality": "image"},
                {"modality": "audio"},
                {"modality": "fused"},
                {"modality": "fused", "fusion": "product-of-experts"},
                {"modality": "fused", "pairing": "shuffled"},
            )
        )
        image, _, fused, product, _ = columns
        row = " | ".join(plain(each.values()) for each in columns)
        assert f"| {name} | {row} |" in page("findings.md")
        assert gain(minus(fused, image)) in page("findings.md")
        assert gain(minus(fused, product)) in page("findings.md")
        assert image == _medium(network, "image")
        for modality, bound in (("audio", 0.67), ("fused", 0.69)):
            apart = minus(seeds(AGAIN, **levels, modality=modality), _medium(network, modality))
            assert max(map(abs, apart)) <= bound / 100 + 1e-3
            assert -0.165 < ends(apart)[0] < 0.075
    adjusted = headline(first_five()).adjusted
    left = {name for name, p_value in adjusted.items() if p_value < 0.05}
    assert left == {"SNN over best unimodal", "SNN over mean of unimodals"}


CONTROLS: tuple[dict[str, str], ...] = (
    {"modality": "image"},
    {"modality": "audio"},
    {"modality": "fused"},
    {"modality": "fused", "fusion": "product-of-experts", "study": "controls"},
    {"modality": "fused", "pairing": "shuffled"},
)


def _differences(
    network: dict[str, str], name: str = AGAIN, **levels: str | Collection[str]
) -> list[list[float]]:
    """Fused over image, over the mean and over the product, and shuffled over image, by seed."""
    image, audio, fused, product, shuffled = (
        seeds(name, **{**FULL, **network, **levels, **each}) for each in CONTROLS
    )
    mean = {seed: (image[seed] + audio[seed]) / 2 for seed in fused}
    return [minus(fused, image), minus(fused, mean), minus(fused, product), minus(shuffled, image)]


def test_ten_seeds_and_the_new_five() -> None:
    text, found = page("findings.md"), {}
    ten: dict[str, str | Collection[str]] = {"reading": "lab"}
    new: dict[str, str | Collection[str]] = {**ten, "seed": ("5", "6", "7", "8", "9")}
    names = (
        *("fused minus the better single network, image", "fused minus the mean of both"),
        *("fused minus the product of experts", "shuffled audio minus image"),
    )
    for label, network in (("SNN", SNN), ("DNN", DNN)):
        cells = (seeds(AGAIN, **{**FULL, **network, **ten, **each}) for each in CONTROLS)
        assert f"| {label} | {' | '.join(plain(each.values()) for each in cells)} |" in text
        found[label] = [_differences(network, **levels) for levels in (ten, new)]
        assert [len(each[0]) for each in found[label]] == [10, 5]
        for name, *values in zip(names, *found[label], strict=True):
            cells_of = " | ".join(gain(each, "") for each in values)
            assert f"| {label}: {name} | {cells_of} |" in text
    for place, name in enumerate(names[:3]):
        both = [
            [a - b for a, b in zip(snn[place], dnn[place], strict=True)]
            for snn, dnn in zip(found["SNN"], found["DNN"], strict=True)
        ]
        assert f"| SNN minus DNN, {name} | {' | '.join(gain(each, '') for each in both)} |" in text
        signs = [np.sign(ends(each)[1]) for each in both]
        assert signs == ([1, -1] if name == names[1] else [1, 1])
    for each in found.values():
        for values in each:
            assert [np.prod(ends(difference)[1:]) > 0 for difference in values] == [
                *(True, True, True, False)
            ]


LULL = "full/results.csv"
"""All images, until the rule of the plateau holds."""
DIFFERENCES = (
    *("fused minus the better single network, image", "fused minus the mean of both"),
    *("fused minus the product of experts", "shuffled audio minus image"),
)


def test_all_images_until_the_plateau() -> None:
    text, found = page("findings.md"), {}
    for label, network in (("SNN", SNN), ("DNN", DNN)):
        cells, epochs = [], []
        for each in CONTROLS:
            levels = {**FULL, **network, **each}
            values = seeds(LULL, **levels)
            assert len(values) == 3
            cells.append(plain(values.values()))
            if each.get("fusion") != PRODUCT:
                taken = seeds(LULL, split="", metric="epochs", **levels)
                epochs.append(", ".join(f"{taken[seed]:.0f}" for seed in "012"))
        assert f"| {label} | {' | '.join(cells)} |" in text
        assert f"| {label} | {' | '.join(epochs)} |" in text
        found[label] = _differences(network, LULL)
    for place, name in enumerate(DIFFERENCES):
        told = [gain(found[label][place], "") for label in ("SNN", "DNN")]
        more = [a - b for a, b in zip(*(found[label][place] for label in found), strict=True)]
        assert f"| {name} | {' | '.join(told)} | {gain(more, '')} |" in text
    for label, values in found.items():
        assert all(x > 0 for x in values[0]), label
        assert all(x < 0 for x in values[2]), label
    at_medium = {
        label: _differences(network, reading="lab")
        for label, network in (("SNN", SNN), ("DNN", DNN))
    }
    pairs = [
        (np.mean(now), np.mean(then))
        for label in found
        for now, then in zip(found[label], at_medium[label], strict=True)
    ]
    pairs += [
        tuple(np.mean(of["SNN"][place]) - np.mean(of["DNN"][place]) for of in (found, at_medium))
        for place in range(3)
    ]
    assert [np.sign(now) == np.sign(then) for now, then in pairs] == [True] * 9 + [False, True]
    # By network: over image, over the mean, over the product, and what shuffled audio costs.
    smaller = [abs(now) < abs(then) for now, then in pairs[:8]]
    assert [smaller[:3], smaller[4:7]] == [[True, False, True]] * 2
    # Seed by seed, of the three that both have.
    shown, by_chance = [], []
    for label, network in (("SNN", SNN), ("DNN", DNN)):
        first = _differences(network, reading="lab", seed=("0", "1", "2"))
        for place in (0, 2):
            changed = [
                now - then for now, then in zip(found[label][place], first[place], strict=True)
            ]
            assert gain(changed, "").replace(" (", ", ").rstrip(")") in text.replace(" pp", "")
            shown.append(np.prod(ends(changed)[1:]) > 0)
            by_chance.append(float(stats.ttest_1samp(changed, 0).pvalue))
    assert shown == [True, False, False, False]
    assert f"p = {holm(by_chance)[0]:.3f} after Holm over them" in text


def test_what_stops_early_and_what_stands_at_the_plateau() -> None:
    steps = {
        (row["modality"], row["network"], row["seed"]): int(row["steps"])
        for row in numbers(LULL, "test", "accuracy")
        if row["steps"]
    }
    audio = [count for (modality, *_), count in steps.items() if modality == "audio"]
    assert (min(audio), max(audio)) == (176, 704)
    at_medium = {"reading": "lab", "seed": ("0", "1", "2")}
    for name, levels in ((LULL, {}), (AGAIN, at_medium)):
        values = seeds(name, **{**FULL, **DNN, "modality": "audio", **levels})
        told = [f"{100 * values[seed]:.2f}" for seed in "012"]
        assert f"{told[0]}, {told[1]} and {told[2]} %" in page("findings.md")
    found = headline(read_tidy(DOCS / "results" / LULL))
    assert len(found.adjusted) == 12
    assert f"p = {min(found.adjusted.values()):.3f} and more" in page("findings.md")
    alone = {name: value for name, value in found.answers.items() if value.sign}
    assert set(alone) == {
        *("SNN over best unimodal", "SNN over mean of unimodals", "DNN control"),
    }
    for value in alone.values():
        assert value.low is not None
        assert value.high is not None
        assert f"{100 * value.low:+.2f} to {100 * value.high:+.2f}" in page("findings.md")
    claims = json.loads((DOCS / "results" / "full" / "claims.json").read_text())["claims"]
    assert {each["verdict"] for each in claims} == {"inconclusive"}
    whole = {each["id"] for each in claims if "no rows for" not in each["reason"]}
    assert whole == {"C7", "C8"}
    for each in claims:
        if each["id"] in whole:
            (told,) = re.findall(r"at S: (\S+ pp \(.*?)\)", each["reason"])
            assert told.replace(" pp", "") in page("findings.md").replace(" pp", "")


def test_audio_beyond_the_first_lull() -> None:
    name, text, gains = "audio-long/results.csv", page("findings.md"), []
    with (DOCS / "results" / "audio-long" / "epochs.csv").open(encoding="utf-8") as file:
        epochs = list(csv.DictReader(file))
    raised, late, near, before = [], [], [], []
    for label, network in (("SNN", SNN), ("DNN", DNN)):
        audio = {**FULL, **network, "modality": "audio"}
        long, stopped = seeds(name, **audio), seeds(LULL, **audio)
        best = {}
        for seed in "012":
            own = [
                each
                for each in epochs
                if (each["network"], each["seed"]) == (network["network"], seed)
            ]
            assert len(own) == 200
            chosen = max(
                own, key=lambda e: (float(e["validation_accuracy"]), -float(e["validation_loss"]))
            )
            best[seed] = chosen["epoch"]
            right = [round(500 * float(each["validation_accuracy"])) for each in own]
            close = next(n for n, each in enumerate(right, 1) if each >= max(right) - 2)
            near += [close] if label == "SNN" else []
            (told,) = {
                float(row["value"])
                for row in numbers(name, "validation", "accuracy")
                if (row["network"], row["seed"]) == (network["network"], seed)
            }
            assert told == float(chosen["validation_accuracy"])
        late += [int(each) for each in best.values() if label == "SNN"]
        values = ", ".join(f"{100 * long[seed]:.2f}" for seed in "012")
        line = [label, ", ".join(best[seed] for seed in "012"), values, plain(long.values())]
        line.append(gain(minus(long, stopped), ""))
        assert f"| {' | '.join(line)} |" in text
        raised += [100 * (long[seed] - stopped[seed]) for seed in "012"]
        image, fused = (
            seeds(LULL, **{**FULL, **network, "modality": each}) for each in ("image", "fused")
        )
        gains.append([fused[s] - (image[s] + long[s]) / 2 for s in "012"])
        before.append([fused[s] - (image[s] + stopped[s]) / 2 for s in "012"])
    assert [value > 0.001 for value in raised].count(True) == 5
    assert f"{min(v for v in raised if v > 0.001):.2f} to {max(raised):.2f} pp" in text
    differences = [a - b for a, b in zip(*gains, strict=True)]
    cells = " | ".join(gain(each, "") for each in (*gains, differences))
    assert f"| fused minus the mean of both | {cells} |" in text
    changes = [
        100 * (now - then[0] + then[1]) for now, *then in zip(differences, *before, strict=True)
    ]
    told = "{:+.2f}, {:+.2f} and {:+.2f} pp: seed 2 alone makes it".format(*changes)
    assert f"The change by seed is {told}" in text
    assert f"the {min(late)}nd to the {max(late)}th ({22 * max(late):,} steps" in text
    assert f"of their best by epoch {max(near)}." in text


def test_the_first_screen_of_ten_seeds() -> None:
    found = headline(read_tidy(DOCS / "results" / AGAIN))
    stand = {name: round(p, 4) for name, p in found.adjusted.items() if p < 0.05}
    assert len(found.adjusted) == 12
    assert stand == {
        "SNN over best unimodal": 0.0,
        "SNN over mean of unimodals": 0.0,
        "DNN over mean of unimodals": 0.0002,
    }
    for name, p_value in (
        ("DNN over best unimodal", "0.24"),
        ("SNN over product of experts", "0.24"),
        ("DNN over product of experts", "0.097"),
        ("SNN minus DNN over best unimodal", "0.097"),
    ):
        value = found.answers[name]
        assert value.low is not None
        assert value.high is not None
        told = ", ".join(
            [f"{100 * value.mean:+.2f}", f"{100 * value.low:+.2f} to {100 * value.high:+.2f}"]
        )
        assert told in page("findings.md")
        assert f"{found.adjusted[name]:.2g}" == p_value
        assert value.sign != 0
    shown = CliRunner().invoke(app, ["show", str(DOCS / "results" / "medium")]).output
    words = " ".join(shown.replace("\u2019", "'").split())
    assert "Holm's correction leaves 3 of them at 5 %: SNN over best unimodal" in words
    assert words.count("(above zero by itself, not after Holm's correction, p = ") == 2


def test_the_verdicts_that_ten_epochs_change() -> None:
    quickly, later = (
        {each["id"]: each for each in json.loads(path.read_text())["claims"]}
        for path in (DOCS / "results" / name / "claims.json" for name in ("quick", "medium"))
    )
    counts = Counter(each["verdict"] for each in later.values())
    assert dict(counts) == {
        "reproduced": 1,
        "contradicted": 6,
        "not tested: trained too little": 5,
        "inconclusive": 12,
    }
    changed: dict[tuple[str, str], list[str]] = {}
    for name, each in later.items():
        if each["verdict"] != quickly[name]["verdict"]:
            words = tuple(x["verdict"].split(":")[0] for x in (quickly[name], each))
            changed.setdefault((words[0], words[1]), []).append(name)
    assert changed == {
        ("reproduced", "inconclusive"): ["C8"],
        ("inconclusive", "reproduced"): ["C3"],
        ("inconclusive", "contradicted"): ["C5"],
        ("inconclusive", "not tested"): ["C6", "C7"],
        ("not tested", "inconclusive"): ["C1", "C4", "C20", "C24"],
    }
    low, high = next(
        part["interval"]
        for part in later["C22"]["parts"]
        if part["quantity"] == "image SNN at S minus audio SNN at S"
    )
    assert f"other clips in mind ({100 * low:+.2f} to {100 * high:+.2f})" in page("findings.md")
    for name in ("C3", "C8"):
        low, high = later[name]["interval"]
        measured = f"{100 * later[name]['measured_value']:+.2f} pp"
        assert f"{measured}, {100 * low:+.2f} to {100 * high:+.2f}" in page("findings.md")


def test_time_steps_of_five_seeds() -> None:
    differences = {}
    for modality in ("image", "audio", "fused"):
        base = {**FULL, **SNN, **FIVE, "modality": modality}
        of = {each: seeds(AGAIN, **{**base, "time_steps": each}) for each in ("4", "8", "16")}
        assert [len(each) for each in of.values()] == [5, 5, 5]
        cells = " | ".join(plain(each.values()) for each in of.values())
        more = gain(minus(of["16"], of["4"]), "")
        assert f"| {modality} | {cells} | {more} |" in page("findings.md")
        for few, many in (("4", "8"), ("4", "16"), ("8", "16")):
            differences[modality, few, many] = minus(of[few], of[many])
        assert ends(minus(of["16"], of["4"]))[0] < 0.275
    without_zero = [key for key, each in differences.items() if np.prod(ends(each)[1:]) > 0]
    assert without_zero == [("image", "4", "16")]
    p_values = [stats.ttest_1samp(each, 0).pvalue for each in differences.values()]
    assert round(min(holm(p_values)), 2) == 0.17
    assert gain(differences["audio", "8", "16"]).replace(" (", ", ")[:-1] in page("findings.md")
    claims = json.loads((DOCS / "results" / "medium" / "claims.json").read_text())["claims"]
    (c23,) = (each for each in claims if each["id"] == "C23")
    assert Counter(each["outcome"] for each in c23["parts"]) == {"holds": 6, "undecided": 3}
    assert all("audio" in each["quantity"] for each in c23["parts"] if each["outcome"] != "holds")


def first_five() -> list[Row]:
    """The rows of seeds 0 to 4, as the analysis reads them."""
    return [row for row in read_tidy(DOCS / "results" / AGAIN) if str(row["seed"]) in FIVE["seed"]]


def holm(p_values: list[float]) -> list[float]:
    """Adjusted, in ascending order."""
    found = sorted(p_values)
    raised = [min(1.0, value * (len(found) - i)) for i, value in enumerate(found)]
    return list(np.maximum.accumulate(raised))


def test_a_failing_sense_after_long_training() -> None:
    told = {"shuffle": "of another sample", "conflict": "of another class", "static": "noise"}
    told |= {"mean": "missing (mean of training)", "zeros": "missing (zeros)"}
    p_values = {}
    for kind, words in told.items():
        for sense in ("image", "audio"):
            costs = []
            for network in (SNN, DNN):
                whole = seeds(AGAIN, **{**FULL, **FIVE, **network, "modality": "fused"})
                lost = seeds(AGAIN, **network, modality="fused", disturbance=f"{kind}:{sense}")
                costs.append({seed: whole[seed] - lost[seed] for seed in whole})
            cells = [*(plain(each.values()) for each in costs), gain(minus(*costs))]
            assert f"| {sense} {words} | {' | '.join(cells)} |" in page("findings.md")
            p_values[f"{kind}:{sense}"] = float(stats.ttest_1samp(minus(*costs), 0).pvalue)
    adjusted = holm(list(p_values.values()))
    assert set(sorted(p_values, key=p_values.__getitem__)[:2]) == {
        "shuffle:audio",
        "conflict:audio",
    }
    assert [round(value, 3) for value in adjusted[:3]] == [0.004, 0.004, 0.106]
    for sense in ("image", "audio"):
        late = {"disturbance": f"zeros:{sense}:0.75", "modality": "fused"}
        whole = seeds(AGAIN, **{**FULL, **FIVE, **SNN, "modality": "fused"})
        row = f"| {sense} zero in the last 75 % of the steps | "
        assert row + plain(minus(whole, seeds(AGAIN, **SNN, **late))) in page("findings.md")
        follows = [
            seeds(
                AGAIN, metric="follows", **each, modality="fused", disturbance=f"conflict:{sense}"
            )
            for each in (SNN, DNN)
        ]
        mean, *interval = ends(minus(*follows))
        low, high = sorted(map(abs, interval))
        assert f"{abs(mean):.2f} pp, {low:.2f} to {high:.2f}" in page("findings.md")


def test_noise_after_long_training() -> None:
    for name, network in (("SNN", SNN), ("DNN", DNN)):
        for modality in ("image", "audio", "fused"):
            levels = {**FULL, **FIVE, **network, "modality": modality, "noise_position": "before"}
            found = {
                std: list(seeds(AGAIN, **{**levels, "noise_std": std}).values())
                for std in ("0.0", "0.05", "0.1", "0.2", "0.5", "1.0", "2.0", "5.0")
            }
            cells = []
            for std in ("0.0", "0.2", "0.5", "1.0", "2.0"):
                mean, low, high = ends(found[std])
                cells.append(f"{mean:.2f} ± {(high - low) / 2:.2f}")
            above = list(found.values())
            area = plain(
                (math.fsum(each) - (each[0] + each[-1]) / 2) / (len(each) - 1)
                for each in zip(*above, strict=True)
            )
            row = f"| {name} {modality} | {' | '.join(cells)} | {area} |"
            assert row in page("findings.md"), row
    against = robustness(Table(first_five())).against
    p_values = []
    for each in against:
        assert each.effective is not None
        told = gain(each.effective.values.values())
        twins = each.first[1] == each.second[1] != "fused"
        assert twins or told in page("findings.md"), told
        assert each.effective.p_value is not None
        p_values.append(each.effective.p_value)
    assert [round(value, 3) for value in holm(p_values)[:3]] == [0.041, 0.041, 0.098]


def _setting(network: dict[str, str], modality: str, name: str = AGAIN, **changes: str) -> Seeds:
    """Accuracy after ten epochs of the five seeds under one setting, without silent networks."""
    levels = {**FULL, **FIVE, **network, "modality": modality, **READING[name], **changes}
    found = seeds(name, **levels)
    if network["network"] == "dnn":
        return found
    rates = seeds(name, split="validation", metric=f"rate.{modality}.hidden", **levels)
    return {seed: value for seed, value in found.items() if rates[seed] > 0}


SETTINGS = ({"size": "S/2"}, {"size": "S/3"}, {"reset": "hard"}, {"neuron": "if"})


def test_the_experiments_after_ten_epochs() -> None:
    differences = {}
    for name, network in (("SNN", SNN), ("DNN", DNN)):
        for modality in ("image", "audio", "fused"):
            base = _setting(network, modality)
            cells = [plain(base.values())]
            for changes in SETTINGS[: 4 if name == "SNN" else 2]:
                found = _setting(network, modality, **changes)
                few = "" if len(found) == 5 else f", n = {len(found)}"
                cells.append(plain(found.values()) + few)
                differences[name, modality, *changes.values()] = minus(base, found)
            cells += [""] * (5 - len(cells))
            row = f"| {name} {modality} | {' | '.join(cells)} |"
            assert " ".join(row.split()) in page("findings.md")
    means = {each: ends(values)[0] for each, values in differences.items()}
    assert (round(min(means.values()), 2), round(max(means.values()), 2)) == (-0.27, 0.53)
    assert max(means, key=means.__getitem__) == ("DNN", "audio", "S/2")
    apart = {each for each, values in differences.items() if np.prod(ends(values)[1:]) > 0}
    assert apart == {*(("SNN", "image", "S/2"), ("SNN", "image", "hard"), ("SNN", "fused", "S/2"))}
    for each in apart:
        assert gain(differences[each]).replace(" (", ", ")[:-1] in page("findings.md")
    p_values = [float(stats.ttest_1samp(each, 0).pvalue) for each in differences.values()]
    assert round(min(holm(p_values)), 3) == 0.155
    largest = gain(differences["DNN", "audio", "S/2"]).split(" (")[1]
    assert f"that of the audio DNN at S/2 ({largest[:-1]};" in page("findings.md")


def test_what_quick_leaned_to_after_ten_epochs() -> None:
    told = {
        gain(minus(quick(SNN, "fused"), quick(SNN, "fused", size="S/3"))).replace("+", "", 1),
        gain(minus(_setting(SNN, "fused"), _setting(SNN, "fused", size="S/3"))),
        gain(minus(_setting(SNN, "image", neuron="if"), _setting(SNN, "image"))),
        gain(minus(_setting(SNN, "image"), _setting(SNN, "audio"))),
    }
    few = minus(_setting(SNN, "image"), _setting(SNN, "image", size="S/3"))
    told.add(f"{gain(few)[:-1]}, n = 4)")
    assert {each for each in told if each not in page("findings.md")} == set()


def test_the_product_of_halves_after_ten_epochs() -> None:
    for network, few in ((SNN, ", n = 4"), (DNN, "")):
        halves = {**FULL, **FIVE, **network, "size": "S/2", "fusion": "product-of-experts"}
        product = seeds(AGAIN, **halves, modality="fused")
        fires = _setting(network, "image", size="S/2")
        lost = minus(_setting(network, "fused"), {s: product[s] for s in fires})
        assert f"{gain(lost)[:-1]}{few})" in page("findings.md")


def test_calibrated_and_plain_at_a_third_after_ten_epochs() -> None:
    levels = {**FULL, **SNN, **LEARNING, "modality": "fused", "size": "S/3", "fusion": "early"}
    calibrated = seeds(AGAIN, **levels)
    plainly = _setting(SNN, "fused", size="S/3")
    told = f"calibrated minus plain at S/3 is {gain(minus(calibrated, plainly))[:-1]}, n = 3)"
    assert told in page("findings.md")
    means = (f"{ends(_setting(SNN, 'fused', size=size).values())[0]:.2f}" for size in ("S", "S/3"))
    assert "{} % at S and {} % at S/3".format(*means) in page("findings.md")


def test_who_is_silent_after_ten_epochs() -> None:
    levels = {**FULL, **FIVE, "network": "snn", "modality": "image"}
    for changes in ({"size": "S/2"}, {"size": "S/3"}, {"reset": "hard"}):
        cell = {"neuron": "lif", "reset": "soft", "time_steps": "4"} | changes
        rates = seeds(AGAIN, split="validation", metric="rate.image.hidden", **{**levels, **cell})
        assert [seed for seed, rate in rates.items() if rate == 0] == ["2"]
        assert seeds(AGAIN, **{**levels, **cell})["2"] == 0.1135
    third = {**levels, "neuron": "lif", "reset": "soft", "time_steps": "4", "size": "S"}
    del third["seed"]
    rates = seeds("robustness/results.csv", split="validation", metric="rate.image.hidden", **third)
    assert rates["2"] == 0
    assert seeds("robustness/results.csv", **third)["2"] == 0.114
    before = quick(SNN, "image", size="S/2")["2"], quick(SNN, "image", reset="hard")["2"]
    assert before == (0.864, 0.85)
    learned = _setting(SNN, "image")["2"], _setting(SNN, "image", neuron="if")["2"]
    told = " and ".join(f"{100 * each:.2f}" for each in learned)
    assert f"the same seed learns ({told} %)" in page("findings.md")


def test_noise_of_the_experiments_after_ten_epochs() -> None:
    before, five, p_values = {}, [], {}
    for name, network in (("SNN", SNN), ("DNN", DNN)):
        for modality in ("image", "audio", "fused"):
            for size in ("S", "S/2", "S/3"):
                whole = _setting(network, modality, size=size)
                noisy = _noisy(
                    network, modality, size=size, noise_std="0.1", noise_position="before"
                )
                before[name, modality, size] = ends(minus(whole, noisy))[0]
            first, after, most = (
                _noisy(network, modality, noise_std=std, noise_position=position)
                for std, position in (("0.1", "before"), ("0.1", "after"), ("5.0", "before"))
            )
            unit = " pp" if (name, modality) == ("SNN", "audio") else ""
            assert gain(minus(first, after), unit) in page("findings.md")
            test = stats.ttest_1samp(minus(first, after), 0)
            p_values[name, modality] = float(test.pvalue)
            cost = minus(_setting(network, modality), after)
            if unit:
                assert gain(cost).replace("+", "", 1) in page("findings.md")
            else:
                assert 0.53 <= round(ends(cost)[0], 2) <= 1.73
            five.append(ends(most.values())[0])
    assert sorted(p_values, key=p_values.__getitem__)[:2] == [("SNN", "audio"), ("DNN", "image")]
    adjusted = [round(value, 3) for value in holm(list(p_values.values()))]
    assert adjusted[:2] == [0.016, 0.044]
    assert adjusted[2] > 0.05
    assert max(before, key=before.__getitem__) == ("SNN", "audio", "S/3")
    assert round(max(before.values()), 2) == 0.47
    assert (round(min(five), 1), round(max(five), 1)) == (9.8, 14.8)


def _noisy(network: dict[str, str], modality: str, name: str = AGAIN, **levels: str) -> Seeds:
    of_network = {**FULL, **FIVE, **network, "modality": modality, **READING[name]}
    return seeds(name, **{**of_network, **levels})


def test_the_leak_at_equal_clips() -> None:
    p_values = []
    for name, network in (("SNN", SNN), ("DNN", DNN)):
        levels = {**FULL, **network, "modality": "fused"}
        apart, leaky, matched = (
            seeds("leak/results.csv", split="validation", **{**levels, **changes})
            for changes in (
                {"reading": "lab"},
                {"reading": "lab", "protocol": "paper"},
                {"reading": "lab+matched-clips", "protocol": "paper"},
            )
        )
        cells = [plain(each.values()) for each in (apart, leaky, matched)]
        both = minus(leaky, apart), minus(matched, apart)
        assert f"| {name} | {' | '.join([*cells, *map(gain, both)])} |" in page("findings.md")
        p_values += [float(stats.ttest_1samp(each, 0).pvalue) for each in both]
    assert round(holm(p_values)[0], 3) == 0.059


def test_every_fusion_on_fashion_lies_below_the_product() -> None:
    name = "fusion-fashion/results.csv"
    kinds = {row["fusion"] for row in rows(name)}
    kinds -= {"none", "product-of-experts", "product-of-experts-tempered"}
    below = {}
    for label, network in (("SNN", SNN), ("DNN", DNN)):
        of = {
            kind: seeds(name, **network, modality="fused", fusion=kind, size="S/3")
            for kind in (*kinds, "product-of-experts")
        }
        product = of.pop("product-of-experts")
        assert all(ends(minus(series, product))[0] < 0 for series in of.values())
        below[label] = sum(ends(minus(series, product))[2] < 0 for series in of.values())
        for series in (*of.values(), product):
            assert plain(series.values()) in page("findings.md")
        assert gain(minus(of["late-product"], product)) in page("findings.md")
        least = holm([float(stats.ttest_1samp(minus(s, product), 0).pvalue) for s in of.values()])
        assert sum(value < 0.05 for value in least) == (label == "SNN")
    assert below == {"SNN": 8, "DNN": 5}


PRODUCT = "product-of-experts"
Kinds = dict[str, Seeds]
STEPS = ("4", "8", "16")


def fusions(
    name: str, size: str, count: int, learning: dict[str, str] = LEARNING
) -> dict[str, Kinds]:
    """Of each network the accuracies of each kind; the table of the page is held against them."""
    kinds = {row["fusion"] for row in rows(name) if row["modality"] == "fused"}
    kinds -= {"none", "product-of-experts-tempered"}
    of = {
        label: {
            kind: seeds(name, **network, **learning, modality="fused", fusion=kind, size=size)
            for kind in kinds
        }
        for label, network in (("SNN", SNN), ("DNN", DNN))
    }
    for kind in kinds - {PRODUCT}:
        cells = [f"`{kind}`"]
        for found in of.values():
            assert len(found[kind]) == count
            cells += [plain(found[kind].values()), gain(minus(found[kind], found[PRODUCT]))]
        assert f"| {' | '.join(cells)} |" in page("findings.md")
    products = [plain(found[PRODUCT].values()) for found in of.values()]
    assert f"(no fusion) | {products[0]} | | {products[1]} | |" in page("findings.md")
    return of


def best_by_validation(
    name: str,
    network: dict[str, str],
    size: str,
    kinds: Kinds,
    learning: dict[str, str] = LEARNING,
) -> str:
    levels = {**network, **learning, "modality": "fused", "size": size}
    means = {
        kind: sum(seeds(name, "validation", **levels, fusion=kind).values())
        for kind in kinds
        if kind != PRODUCT
    }
    return max(means, key=means.__getitem__)


def above(best: str, kinds: Kinds) -> dict[str, float]:
    """Holm's p-value of each other kind, and of the product, against the best."""
    return adjusted({kind: minus(kinds[best], kinds[kind]) for kind in kinds if kind != best})


def from_product(kinds: Kinds) -> dict[str, float]:
    """Holm's p-value of each kind against the product."""
    return adjusted({k: minus(kinds[k], kinds[PRODUCT]) for k in kinds if k != PRODUCT})


def adjusted(differences: dict[str, list[float]]) -> dict[str, float]:
    p_values = {k: float(stats.ttest_1samp(values, 0).pvalue) for k, values in differences.items()}
    order = sorted(p_values, key=p_values.__getitem__)
    return dict(zip(order, holm(list(p_values.values())), strict=True))


def test_fusions_after_ten_epochs() -> None:
    name, text = AGAIN, page("findings.md")
    of = fusions(name, "S/3", 3)
    for label, network, won, lost, furthest in (
        (
            "SNN",
            SNN,
            {"gated": "0.002", "input": "0.038"},
            {"input": "0.014", "early": "0.037"},
            22,
        ),
        ("DNN", DNN, {}, {}, 65),
    ):
        kinds = of[label]
        assert best_by_validation(name, network, "S/3", kinds) == "late-product"
        raised = above("late-product", kinds)
        assert {k: f"{v:.3f}" for k, v in raised.items() if v < 0.05} == won
        raised = from_product(kinds)
        assert {k: f"{v:.3f}" for k, v in raised.items() if v < 0.05} == lost
        assert f"{raised['gated']:.3f}" == ("0.055" if label == "SNN" else "0.065")
        means = {k: ends(minus(kinds[k], kinds[PRODUCT]))[0] for k in kinds if k != PRODUCT}
        assert round(100 * min(v for k, v in means.items() if k != "input")) == -furthest
        assert f"{-means['experts']:.2f}" == ("0.19" if label == "SNN" else "0.35")
        before = {
            kind: seeds("fusion/results.csv", **network, modality="fused", fusion=kind)
            for kind in set(kinds) - {"late-weighted", "hybrid"}
        }
        gaps = [ends(minus(before[k], before[PRODUCT]))[0] for k in before if k != PRODUCT]
        assert [round(-max(gaps)), round(-min(gaps))] == [1, 18 if label == "SNN" else 41]
    assert f"{min(above('late-product', of['DNN']).values()):.2f}" == "0.12"
    assert "(0.00 pp, -0.09 to +0.09)" in text
    assert "(+0.02 pp, -0.26 to +0.30)" in text
    smaller, larger = of["SNN"]["early"], _medium(SNN, "fused")
    assert [f"{ends(each.values())[0]:.1f}" for each in (smaller, larger)] == ["99.8", "99.6"]


def test_fusions_after_ten_epochs_at_size_s() -> None:
    name, text = AGAIN, page("findings.md")
    of = fusions(name, "S", 3)
    for label, network, won, below in (("SNN", SNN, {"hybrid": "0.041"}, 5), ("DNN", DNN, {}, 8)):
        kinds = of[label]
        assert best_by_validation(name, network, "S", kinds) == "late-product"
        raised = above("late-product", kinds)
        assert {k: f"{v:.3f}" for k, v in raised.items() if v < 0.05} == won
        if not won:
            assert f"for the DNN above none ({min(raised.values()):.2f} and more)" in text
        lost = min(from_product(kinds).values())
        assert f"{label} {'p = ' * (label == 'SNN')}{lost:.3f} and more" in text
        gaps = {k: ends(minus(kinds[k], kinds[PRODUCT])) for k in kinds if k != PRODUCT}
        assert sum(high < 0 for _, _, high in gaps.values()) == below
        means = {k: -mean for k, (mean, *_) in gaps.items()}
        assert f"{min(means.values()):.2f} to {max(means.values()):.2f} pp ({label})" in text
        assert max(means, key=lambda k: means[k]) == "input"
        assert gain(minus(kinds["late-product"], kinds[PRODUCT])) in text


def test_fusions_of_base_networks() -> None:
    text, learning = page("findings.md"), {"study": "fusion", "reading": "base"}
    of = fusions(BASE_AGAIN, "S", 3, learning)
    before = fusions(AGAIN, "S", 3)
    assert of["DNN"] == before["DNN"], "a dense network has no surrogate"
    below, lost = {}, {}
    for label, network in (("SNN", SNN), ("DNN", DNN)):
        kinds = of[label]
        assert best_by_validation(BASE_AGAIN, network, "S", kinds, learning) == "late-product"
        won = {k: f"{v:.3f}" for k, v in above("late-product", kinds).items() if v < 0.05}
        assert won == ({"late-weighted": "0.033"} if label == "SNN" else {})
        assert gain(minus(kinds["late-product"], kinds[PRODUCT])) in text
        gaps = {k: ends(minus(kinds[k], kinds[PRODUCT])) for k in kinds if k != PRODUCT}
        assert all(low < 0 for _, low, _ in gaps.values()), "none beats it"
        below[label] = sum(high < 0 for _, _, high in gaps.values())
        lost[label] = min(from_product(kinds).values())
    assert f"(SNN p = {lost['SNN']:.3f} and more, DNN {lost['DNN']:.3f} and more)" in text
    number = {5: "five", 6: "six", 7: "seven"}[below["SNN"]]
    assert f"the intervals of {number} SNNs lie below it" in text
    changed = [ends(minus(of["SNN"][kind], before["SNN"][kind])) for kind in of["SNN"]]
    assert len(changed) == 11
    assert all(low < 0 < high for _, low, high in changed)
    means = [mean for mean, *_ in changed]
    assert f"differ by {min(means):+.2f} to {max(means):+.2f} pp in the mean" in text


def test_fusions_on_fashion_at_size_s() -> None:
    name, text = "fusion-fashion/results.csv", page("findings.md")
    of, smaller = fusions(name, "S", 3), {}
    for label, network in (("SNN", SNN), ("DNN", DNN)):
        kinds = of[label]
        assert best_by_validation(name, network, "S", kinds) == "late-product"
        levels = {**network, **LEARNING, "modality": "fused", "size": "S/3"}
        third = {kind: seeds(name, **levels, fusion=kind) for kind in kinds}
        orders = [
            sorted(each.keys() - {PRODUCT}, key=lambda kind: -sum(each[kind].values()))
            for each in (kinds, third)
        ]
        places = [a == b for a, b in zip(*orders, strict=True)]
        if label == "SNN":
            assert [place for place, is_same in enumerate(places) if is_same] == [0, 3, 7]
            assert (orders[0].index("input"), orders[1].index("input")) == (6, 4)
            assert orders[0][1:3] == orders[1][2:0:-1] == ["hybrid-product", "late"]
        else:
            assert all(places)
        smaller[label] = {
            kind
            for kind in kinds.keys() - {PRODUCT}
            if ends(minus(kinds[kind], kinds[PRODUCT]))[0]
            < ends(minus(third[kind], third[PRODUCT]))[0]
        }
        lost = from_product(kinds)
        stand = {kind: f"{value:.3f}" for kind, value in lost.items() if value < 0.05}
        if label == "SNN":
            assert (len(stand), len(lost)) == (8, 8)
            assert f"(p = {min(stand.values())} to {max(stand.values())})" in text
        else:
            assert stand == {"experts": "0.005", "attention": "0.008"}
        raised = above("late-product", kinds)
        stand = {kind: f"{value:.3f}" for kind, value in raised.items() if value < 0.05}
        assert stand == (
            {"gated": "0.020", "late": "0.048", "experts": "0.048"}
            if label == "SNN"
            else {"experts": "0.003", "attention": "0.021"}
        )
        told = {"SNN": "gives p = 0.069", "DNN": "and 0.20."}[label]
        assert f"{told} " in text
        assert f"{raised[PRODUCT]:.{3 if label == 'SNN' else 2}f}" in told
    assert smaller == {"SNN": set(), "DNN": {"attention"}}


def test_fusions_of_movements() -> None:
    name, text = "fusion-utd/results.csv", page("findings.md")
    of = fusions(name, "S", 5)
    for label, network, best, told, early, below in (
        (
            *("SNN", SNN, "late-weighted", "0.017 to 0.038", "0.26"),
            {"experts": "0.031", "hybrid": "0.033", "gated": "0.034"},
        ),
        (
            *("DNN", DNN, "hybrid-product", "0.002 to 0.026", "0.064"),
            {"attention": "0.003", "experts": "0.041", "hybrid": "0.041"},
        ),
    ):
        assert best_by_validation(name, network, "S", of[label]) == best
        least = {kind: value for kind, value in above(best, of[label]).items() if value < 0.05}
        assert set(least) == {"experts", "hybrid", "attention", "gated", "early"}
        assert f"{min(least.values()):.3f} to {max(least.values()):.3f}" == told
        assert told in text
        raised = from_product(of[label])
        assert {k: f"{v:.3f}" for k, v in raised.items() if v < 0.05} == below
        assert f"{raised['early']:.2g}" == early
    assert gain(minus(of["SNN"]["late"], of["DNN"]["late"])) in text
    before = "ask/utd-mhad/results.csv"
    for network, counts in ((SNN, [4, 9, 6, -2]), (DNN, [-1, -1, -2, 0])):
        plain_early = {**BASE, **network, "modality": "fused", "fusion": "early", "size": "S"}
        then, now = (seeds(each, **plain_early) for each in (before, name))
        assert [round(430 * value) for value in minus(then, now)] == counts


def test_fusions_of_movements_at_a_third() -> None:
    name, text = "fusion-utd/results.csv", page("findings.md")
    of = fusions(name, "S/3", 5)
    for label, network, best, below, least in (
        (
            *("SNN", SNN, "late-weighted", {"experts", "hybrid", "attention", "early", "gated"}),
            {"experts", "hybrid", "attention"},
        ),
        (
            "DNN",
            DNN,
            "hybrid-product",
            set(of["DNN"]) - {PRODUCT, "late-product"},
            {"experts", "hybrid"},
        ),
    ):
        assert best_by_validation(name, network, "S/3", of[label]) == best
        of_size = {**BASE, **network, "modality": "fused", "size": "S/3", "fusion": "early"}
        (counted,) = set(seeds(name, split="", metric="parameters", **of_size).values())
        assert f"{counted / 1e6:.2f} M at S/3" in text
        under = from_product(of[label])
        stand = {kind: p for kind, p in under.items() if p < 0.05}
        assert set(stand) == below
        assert f"({'p = ' * (label == 'SNN')}{min(stand.values()):.3f} to" in text
        assert f"to {max(stand.values()):.3f})" in text
        assert all(np.mean(minus(of[label][kind], of[label][PRODUCT])) < 0 for kind in stand)
        worse = {kind: p for kind, p in above(best, of[label]).items() if p < 0.05}
        assert set(worse) == least
        for p_value in (min(worse.values()), max(worse.values())):
            assert f"{p_value:.3f}" in text
    assert f"{from_product(of['SNN'])['late-product']:.2f}" == "0.12"
    assert gain(minus(of["SNN"]["late"], of["DNN"]["late"])) in text


def test_the_census_where_silence_is_likeliest() -> None:
    found = census(read_tidy(DOCS / "results" / "census-smallest" / "results.csv"))
    cells = {cell.reading: cell for cell in found}
    for name, told in _census_words().items():
        for init in ("plain", "calibrated"):
            line = [f"{told}, {init}"]
            for leak in ("0.9", "0.5"):
                cell = cells[f"{name}-{init}-leak-{leak}"]
                silent, count = len(cell.silent_layer), cell.seeds
                assert count == 40
                low = stats.beta.ppf(0.025, silent, count - silent + 1) if silent else 0.0
                high = stats.beta.ppf(0.975, silent + 1, count - silent) if silent < count else 1.0
                values = None if cell.accuracy is None else cell.accuracy.values.values()
                line.append("none without" if values is None else plain(values))
                line.append(f"{silent} of {count} ({100 * low:.1f} to {100 * high:.1f})")
            assert f"| {' | '.join(line)} |" in page("findings.md")
    assert sum(len(c.silent_layer) for name, c in cells.items() if "calibrated" in name) == 0
    assert cells["boxcar-0.5-plain-leak-0.9"].silent_layer == (2, 18, 30, 38)
    best = cells["atan-0.5-calibrated-leak-0.9"].accuracy
    assert best is not None
    for name, told in (
        ("boxcar-0.5", "0.56 pp below it (0.35 to 0.77)"),
        ("boxcar-1", "boxcar 1 0.22 pp (0.05 to 0.40)"),
        ("triangle-1", "the triangle 0.16 pp (-0.00 to +0.32)"),
    ):
        other = cells[f"{name}-calibrated-leak-0.9"].accuracy
        assert other is not None
        mean, low, high = ends(best.values[seed] - other.values[seed] for seed in best.values)
        assert told in page("findings.md")
        assert f"{mean:.2f} pp" in told
        assert f"{low:.2f} to {high:.2f}" in told.replace("+", "")
    for name, unit in (
        ("boxcar-0.5", " pp"),
        ("boxcar-1", ""),
        ("triangle-1", ""),
        ("atan-0.5", ""),
    ):
        slow, fast = (cells[f"{name}-calibrated-leak-{leak}"].accuracy for leak in ("0.5", "0.9"))
        assert slow is not None
        assert fast is not None
        leaky = [slow.values[seed] - fast.values[seed] for seed in slow.values]
        assert gain(leaky, unit) in page("findings.md")
    assert choose(found).reading == "triangle-1-calibrated-leak-0.9"


OTHERS = 17
"""Seeds of the audio and fused networks of the census."""


def _census_words() -> dict[str, str]:
    names = {"boxcar-0.5": "boxcar 0.5", "boxcar-1": "boxcar 1", "triangle-1": "triangle 1"}
    return names | {"atan-0.5": "arc tangent 0.5"}


def test_the_census_of_forty_seeds() -> None:
    text = page("findings.md")
    cells = {
        (cell.size, cell.reading): cell
        for cell in census(read_tidy(DOCS / "results" / "census-everywhere" / "results.csv"))
        if cell.modality == "image"
    }

    def accuracy(size: str, name: str) -> Seeds:
        found = cells[size, f"{name}-leak-0.9"].accuracy
        assert found is not None
        return {str(seed): value for seed, value in found.values.items()}

    silent: dict[str, list[tuple[int, ...]]] = {}
    for name, told in _census_words().items():
        for init in ("plain", "calibrated"):
            line = [f"{told}, {init}"]
            for size in ("S", "S/2", "S/3"):
                cell = cells[size, f"{name}-{init}-leak-0.9"]
                assert cell.seeds == 40
                silent.setdefault(f"{name}-{init}", []).append(cell.silent_layer)
                line.append(plain(accuracy(size, f"{name}-{init}").values()))
                line.append(str(len(cell.silent_layer)))
            assert f"| {' | '.join(line)} |" in text
    assert silent.pop("boxcar-0.5-plain") == [(2, 18, 30, 38), (18, 30, 38), (2, 18, 30, 38)]
    assert not any(seeds for each in silent.values() for seeds in each)
    for count, share in ((3, stats.beta.ppf(0.025, 3, 38)), (4, stats.beta.ppf(0.975, 5, 36))):
        assert f"{100 * share:.1f}" == {3: "1.6", 4: "23.7"}[count]
    assert f"{100 * stats.beta.ppf(0.975, 1, 40):.1f}" == "8.8"
    name = "census-everywhere/results.csv"
    lost = {
        row["trial"]
        for row in rows(name)
        if row["metric"].startswith("rate.") and float(row["value"]) == 0
    }
    reached = [
        row
        for row in numbers(name, "test", "accuracy")
        if (row["trial"] in lost, row["study"]) == (True, "census-leading")
        and row["reading"].endswith("leak-0.9")
    ]
    values = [100 * float(row["value"]) for row in reached]
    told = f"({min(values):.1f} to {max(values):.1f} %)"
    assert f"{len(values)} of its 120 networks learn nothing** {told}" in text
    for size in ("S", "S/2", "S/3"):
        best = accuracy(size, "atan-0.5-calibrated")
        mean, low, high = ends(minus(best, accuracy(size, "boxcar-0.5-plain")))
        assert f"{mean:.2f}{' pp' * (size == 'S')} at {size} ({low:.2f} to {high:.2f})" in text
    raised = {
        (name, size): ends(
            minus(accuracy(size, f"{name}-calibrated"), accuracy(size, f"{name}-plain"))
        )
        for name in _census_words()
        for size in ("S", "S/3")
    }
    small = [mean for (_, size), (mean, *_) in raised.items() if size == "S/3"]
    assert f"(S/3 {min(small):+.2f} to {max(small):+.2f} pp)" in text
    assert all(low > 0 for (_, size), (_, low, _) in raised.items() if size == "S/3")
    for name in ("boxcar-0.5", "triangle-1"):
        mean, low, high = raised[name, "S"]
        assert f"({mean:+.2f}, {low:.2f} to {high:.2f})" in text
        assert low > 0
    told_none = [raised[name, "S"] for name in ("boxcar-1", "atan-0.5")]
    assert f"({told_none[0][0]:+.2f} and {told_none[1][0]:+.2f})" in text
    assert all(low < 0 < high for _, low, high in told_none)


def test_the_census_of_the_other_leak() -> None:
    text = page("findings.md")
    cells = {
        (cell.size, cell.reading): cell
        for cell in census(read_tidy(DOCS / "results" / "census-everywhere" / "results.csv"))
        if cell.modality == "image"
    }
    more: dict[str, list[list[float]]] = {"plain": [], "calibrated": []}
    helped = []
    for name, told in _census_words().items():
        for init in ("plain", "calibrated"):
            line = [f"{told}, {init}"]
            for size in ("S", "S/2", "S/3"):
                cell = cells[size, f"{name}-{init}-leak-0.5"]
                assert cell.seeds == 40
                if (name, init) == ("boxcar-0.5", "plain"):
                    line += ["none without", "40"]
                    assert (len(cell.silent_layer), cell.accuracy) == (40, None)
                    continue
                assert (cell.silent_layer, cell.accuracy is None) == ((), False)
                assert cell.accuracy is not None
                line += [plain(cell.accuracy.values.values()), "0"]
                slow, fast = cell.accuracy.values, cells[size, f"{name}-{init}-leak-0.9"].accuracy
                assert fast is not None
                more[init].append([slow[seed] - fast.values[seed] for seed in slow])
                if init == "calibrated" and name != "boxcar-0.5":
                    drawn = cells[size, f"{name}-plain-leak-0.5"].accuracy
                    assert drawn is not None
                    helped.append(ends(slow[seed] - drawn.values[seed] for seed in slow))
            assert f"| {' | '.join(line)} |" in text
    found = {init: [ends(each) for each in values] for init, values in more.items()}
    means = {init: [mean for mean, *_ in each] for init, each in found.items()}
    assert (len(found["calibrated"]), len(found["plain"])) == (12, 9)
    assert f"{min(means['calibrated']):+.2f} to {max(means['calibrated']):+.2f} pp in" in text
    p_values = [float(stats.ttest_1samp(each, 0).pvalue) for each in more["calibrated"]]
    assert f"after Holm too (p = {max(holm(p_values)):.5f} at most)" in text
    assert all(low > 0 for _, low, _ in found["calibrated"])
    assert f"{min(means['plain']):+.2f} to {max(means['plain']):+.2f} pp, two of nine" in text
    assert sum(high < 0 for *_, high in found["plain"]) == 2
    assert sum(low > 0 for _, low, _ in found["plain"]) == 1
    worst, best = min(mean for mean, *_ in helped), max(mean for mean, *_ in helped)
    assert f"every size ({worst:+.2f} to {best:+.2f} pp)" in " ".join(text.split())
    assert all(low > 0 for _, low, _ in helped)


def test_the_census_of_audio_and_fused_at_the_other_leak() -> None:
    text = page("findings.md")
    cells = {
        (cell.place, cell.reading): cell
        for cell in census(read_tidy(DOCS / "results" / "census-everywhere" / "results.csv"))
        if cell.modality != "image"
    }
    silent = dict.fromkeys(("audio", "fused"), 0)
    more: dict[str, list[list[float]]] = {"audio": [], "fused": []}
    others = 0
    for name, told in _census_words().items():
        for init in ("plain", "calibrated"):
            line = [f"{told}, {init}"]
            for modality in silent:
                for size in ("S", "S/2", "S/3"):
                    cell = cells[(modality, size), f"{name}-{init}-leak-0.5"]
                    assert cell.seeds == 3
                    count = len(cell.silent_layer)
                    of_all = f" ({count} silent)" if count else ""
                    silent[modality] += count
                    is_base = (name, init) == ("boxcar-0.5", "plain")
                    assert is_base or count == 0
                    others += 0 if is_base else cell.seeds
                    if cell.accuracy is None:
                        line.append("none without")
                        continue
                    line.append(f"{100 * cell.accuracy.mean:.2f}{of_all}")
                    slow = cells[(modality, size), f"{name}-{init}-leak-0.9"].accuracy
                    if init == "calibrated":
                        assert slow is not None
                        fast = cell.accuracy.values
                        more[modality].append([fast[seed] - slow.values[seed] for seed in fast])
            assert f"| {' | '.join(line)} |" in text
    assert silent == {"audio": 5, "fused": 8}
    assert f"No other setting has one in {others} networks." in text
    found = {modality: [ends(each) for each in values] for modality, values in more.items()}
    means = {modality: [mean for mean, *_ in each] for modality, each in found.items()}
    assert [len(each) for each in means.values()] == [12, 12]
    assert f"{min(means['fused']):+.2f} to {max(means['fused']):+.2f} pp in all twelve" in text
    assert min(means["fused"]) > 0
    assert sum(low > 0 for _, low, _ in found["fused"]) == 6
    stand = holm([float(stats.ttest_1samp(each, 0).pvalue) for each in more["fused"]])
    assert [f"{value:.3f}" for value in stand if value < 0.05] == ["0.047"]
    assert f"boxcar 0.5 at S, {means['fused'][0]:+.2f} pp, p = 0.047" in text
    low, high = min(means["audio"]), max(means["audio"])
    assert f"none stands after Holm ({low:+.2f} to {high:+.2f} pp, n = 3)" in text
    assert sum(low > 0 or high < 0 for _, low, high in found["audio"]) == 1
    stand = holm([float(stats.ttest_1samp(each, 0).pvalue) for each in more["audio"]])
    assert min(stand) > 0.05


def test_the_census_of_every_place_decides() -> None:
    found = [
        cell
        for cell in census(read_tidy(DOCS / "results" / "census-everywhere" / "results.csv"))
        if cell.reading.endswith("leak-0.9")
    ]
    text = page("findings.md")
    means: dict[tuple[str, str], dict[str, float]] = {}
    for cell in found:
        assert cell.accuracy is not None
        if cell.modality != "image":
            assert (cell.seeds, cell.silent_layer) == (OTHERS, ())
        means.setdefault(cell.place, {})[cell.reading] = 100 * cell.accuracy.mean
    assert len(means) == 9
    assert f"leak 0.9, {OTHERS} seeds" in text
    assert f"None of the {6 * 8 * OTHERS} has a silent layer" in text
    below = {
        (reading, of): max(
            max(own.values()) - own[reading] for place, own in means.items() if place[0] == of
        )
        for of in ("audio", "fused", "image")
        for reading in means["image", "S"]
    }
    for name, told in _census_words().items():
        for init in ("plain", "calibrated"):
            reading = f"{name}-{init}-leak-0.9"
            of_both = [own[reading] for place, own in means.items() if place[0] != "image"]
            short = [below[reading, of] for of in ("audio", "fused", "image")]
            cells = " | ".join(f"{value:.2f}" for value in (*of_both, *short))
            assert f"| {told}, {init} | {cells} |" in text
    choice = choose(found)
    assert (choice.reading, choice.is_final) == ("triangle-1-calibrated-leak-0.9", True)
    most = {
        reading: max(below[reading, of] for of in ("audio", "fused", "image"))
        for reading in means["image", "S"]
    }
    taken, next_one = most.pop(choice.reading), most.pop("atan-0.5-calibrated-leak-0.9")
    assert f"at most {taken:.2f} pp below the best of a place in all nine" in text
    assert f"lies {next_one:.2f} pp below the best of some place" in text
    assert taken <= 0.3 < next_one < min(most.values())
    assert f"every other one {min(most.values()):.2f} pp and more" in text
    of_images = choose([cell for cell in found if cell.modality == "image"])
    assert of_images.reading == choice.reading
    name = "census-everywhere/results.csv"
    base, by_chance, costs, furthest = "boxcar-0.5-plain-leak-0.9", [], [], []
    assert all(own[base] == min(own.values()) for own in means.values())
    for size in ("S", "S/2", "S/3"):
        for modality in ("audio", "fused"):
            levels = {"study": "census", "split": "test", "size": size, "modality": modality}
            own = {
                reading: seeds(name, **levels, reading=reading) for reading in means["image", "S"]
            }
            best = max(own, key=lambda reading: sum(own[reading].values()))
            if best != choice.reading:
                furthest.append(ends(minus(own[best], own[choice.reading])))
            theirs = own.pop(base)
            for values in own.values():
                costs.append(ends(minus(values, theirs))[0])
                by_chance.append(float(stats.ttest_1samp(minus(values, theirs), 0).pvalue))
    mean, low, high = max(furthest, key=lambda found: found[2])
    assert f"is {mean:.2f} pp ({low:.2f} to {high:.2f}) where its interval reaches" in text
    assert f"{min(costs):.2f} to {max(costs):.2f} pp below the other settings in the six" in text
    assert len(by_chance) == 42
    assert max(holm(by_chance)) < 0.05
    assert "all 42 of these differences stand after Holm" in text


def test_every_fusion_lies_below_the_product_and_none_wins() -> None:
    kinds = {row["fusion"] for row in rows("fusion/results.csv")}
    kinds -= {"none", "product-of-experts", "product-of-experts-tempered"}
    for network in (SNN, DNN):
        of = {
            kind: seeds("fusion/results.csv", **network, modality="fused", fusion=kind)
            for kind in (*kinds, "product-of-experts")
        }
        product, best = of.pop("product-of-experts"), of["late-product"]
        assert all(ends(minus(series, product))[0] < 0 for series in of.values())
        others = [series for kind, series in of.items() if kind != "late-product"] + [product]
        found = sorted(stats.ttest_1samp(minus(best, series), 0).pvalue for series in others)
        adjusted = [min(1.0, value * (len(found) - i)) for i, value in enumerate(found)]
        assert sum(np.maximum.accumulate(adjusted) < 0.05) == (network is DNN)


def test_a_failing_sense() -> None:
    for network in (SNN, DNN):
        whole = seeds("senses/results.csv", **{**FULL, **network, "modality": "fused"})
        for kind in ("mean:image", "mean:audio", "shuffle:image", "shuffle:audio"):
            lost = seeds("senses/results.csv", **network, modality="fused", disturbance=kind)
            assert plain(minus(whole, lost)) in page("findings.md")
    for kind in ("conflict:image", "conflict:audio"):
        snn, dnn = (
            seeds(
                "senses/results.csv",
                metric="follows",
                **network,
                modality="fused",
                disturbance=kind,
            )
            for network in (SNN, DNN)
        )
        mean, low, high = ends(minus(snn, dnn))
        low, high = sorted((abs(low), abs(high)))
        assert f"by {abs(mean):.2f} pp, {low:.2f} to {high:.2f}" in page("findings.md")


def test_noise_by_level() -> None:
    """Two seeds have their values, three their interval; the greatest means and seeds."""
    best: dict[str, list[tuple[float, float]]] = {"1.0": [], "2.0": []}
    for network in (SNN, DNN):
        for modality in ("image", "audio", "fused"):
            levels = {**FULL, **FIVE, **network, "modality": modality, "noise_position": "before"}
            for std in ("0.0", "0.2", "0.5", "1.0", "2.0"):
                found = seeds("robustness/results.csv", **{**levels, "noise_std": std})
                values = [100 * value for value in found.values()]
                if std in best:
                    best[std].append((float(np.mean(values)), max(values)))
                if (network, modality) == (SNN, "image"):
                    told = f"{values[0]:.2f} and {values[1]:.2f}"
                else:
                    mean, low, high = ends(found.values())
                    told = f"{mean:.2f} ± {(high - low) / 2:.2f}"
                assert std == "2.0" or told in page("findings.md")
    assert [round(max(means)[0], 2) for means in best.values()] == [24.0, 14.23]
    assert [round(max(s for _, s in found), 1) for found in best.values()] == [28.7, 21.7]


@cache
def silent_in_the_energy_run() -> frozenset[str]:
    """Trials no hidden layer of which ever fires."""
    rates: dict[str, float] = {}
    for row in rows("energy/results.csv"):
        if row["metric"].startswith("rate.") and row["metric"].endswith("hidden"):
            rates[row["trial"]] = max(rates.get(row["trial"], 0.0), float(row["value"]))
    return frozenset(trial for trial, rate in rates.items() if rate == 0)


def of_energy(file: str, metric: str, network: str, modality: str, **levels: str) -> list[float]:
    """The numbers of the seeds of one cell that are not silent."""
    fusion = "early" if modality == "fused" else "none"
    time_steps = "4" if network == "snn" else "1"
    usual = {"size": "S", "fusion": fusion, "time_steps": time_steps, "noise_std": "0.0"}
    cell = {"network": network, "modality": modality, **usual, **levels}
    found = {
        row["seed"]: float(row["value"])
        for row in numbers(f"energy/{file}.csv", "test", metric)
        if all(row[key] == level for key, level in cell.items())
        and row["trial"] not in silent_in_the_energy_run()
    }
    return [found[seed] for seed in sorted(found)]


def nano(metric: str, network: str, modality: str, model: str, **levels: str) -> list[float]:
    levels = {"layer": "", "branch": "", **levels}
    found = of_energy("energy", metric, network, modality, model=model, **levels)
    return [each / 1000 for each in found]


def spread(values: list[float], write: str, by: float = 1.0) -> str:
    """Mean with its interval; of two seeds their values."""
    if len(values) == 2:
        both = " and ".join(f"{by * value:{write}}" for value in values)
        return f"{by * np.mean(values):{write}} ({both})"
    mean, low, high = (each / 100 for each in ends(by * value for value in values))
    return f"{mean:{write}} ({low:{write}} to {min(high, 100.0) if by > 1 else high:{write}})"


def ratio(values: list[float]) -> str:
    """The same over logarithms."""
    logarithms = [math.log(value) for value in values]
    if len(values) == 2:
        both = " and ".join(f"{value:#.3g}" for value in values)
        return f"{math.exp(np.mean(logarithms)):#.3g} ({both})"
    mean, low, high = (math.exp(each / 100) for each in ends(logarithms))
    return f"{mean:#.3g} ({low:#.3g} to {high:#.3g})"


@pytest.mark.parametrize("modality", ["image", "audio", "fused"])
def test_the_energy_of_a_real_run(modality: str) -> None:
    told = page("energy.md")
    snn, dnn = (of_energy("results", "accuracy", each, modality) for each in ("snn", "dnn"))
    said = [spread(each, ".2f", 100.0).replace("to 100.00", "to 100") for each in (snn, dnn)]
    assert f"| {'; '.join(said)} |" in told
    for model in ("horowitz-45nm", "horowitz-45nm-int8", "horowitz-memory", "lemaire-2022"):
        snn, once, dnn = (
            nano(metric, network, modality, model)
            for network, metric in (
                ("snn", "energy.pj"),
                ("snn", "energy.once_pj"),
                ("dnn", "energy.pj"),
            )
        )
        own, first, twin = (f"{np.mean(each):,.0f}" for each in (snn, once, dnn))
        between = ratio([each / dnn[0] for each in snn])
        assert f"| `{model}` | {own} ({first}) | {twin} | {between} |" in told
    twins = [
        of_energy("energy", "quantised.accuracy", "dnn", modality, model=bits)
        for bits in ("w8a8", "w8a3", "w3a3", "w8a4", "w4a4")
    ]
    assert f"| {' | '.join(f'{100 * np.mean(each):.2f} %' for each in twins)} |" in told


@pytest.mark.parametrize(
    ("network", "size", "time_steps", "fusion"),
    [
        *(("snn", "S", steps, "early") for steps in ("4", "8")),
        *(("snn", size, "4", "early") for size in ("S/2", "S/3")),
        *(("snn", "S", "4", fusion) for fusion in ("late", "gated")),
        *(("dnn", size, "1", "early") for size in ("S", "S/2", "S/3")),
        *(("dnn", "S", "1", fusion) for fusion in ("late", "gated")),
    ],
)
def test_the_energy_of_other_joint_networks(
    network: str, size: str, time_steps: str, fusion: str
) -> None:
    levels = {"size": size, "time_steps": time_steps, "fusion": fusion}
    reached = spread(of_energy("results", "accuracy", network, "fused", **levels), ".2f", 100.0)
    spent = [
        f"{np.mean(nano('energy.pj', network, 'fused', model, **levels)):,.0f}"
        for model in ("horowitz-45nm", "horowitz-memory", "lemaire-2022")
    ]
    cells = [network.upper(), size, time_steps, f"`{fusion}`", reached, *spent]
    line = f"| {' | '.join(cells)} |".replace("to 100.00", "to 100")
    assert line in page("energy.md")


def test_joint_networks_of_few_steps_are_silent() -> None:
    for steps in ("1", "2"):
        assert of_energy("results", "accuracy", "snn", "fused", time_steps=steps) == []


def test_the_answers_about_energy() -> None:
    told = page("findings.md")
    for model in ("horowitz-45nm", "horowitz-memory", "lemaire-2022"):
        snn, dnn = (nano("energy.pj", each, "fused", model) for each in ("snn", "dnn"))
        mean, _, interval = ratio([each / dnn[0] for each in snn]).partition(" ")
        assert mean in told
        assert interval in told
    for network in ("snn", "dnn"):
        right = spread(nano("energy.right_pj", network, "fused", "horowitz-45nm"), ",.0f")
        assert right.replace(" (", " nJ (") in told
    joint, image, audio = (
        of_energy("results", "accuracy", "snn", each) for each in ("fused", "image", "audio")
    )
    brought = [f"{100 * (a - b):.2f}" for a, b in zip(joint, image, strict=False)]
    assert f"{' and '.join(brought)} pp over the image alone" in told
    over = gain([a - b for a, b in zip(joint, audio, strict=True)])
    assert f"{over} over audio alone" in told
    whole = nano("energy.pj", "snn", "fused", "horowitz-45nm")
    part = nano("energy.pj", "snn", "fused", "horowitz-45nm", branch="audio")
    share, low, high = ends(a / b for a, b in zip(part, whole, strict=True))
    assert f"{share:.0f} % ({low:.0f} to {high:.0f}) of {np.mean(whole):,.0f} nJ" in told


ON_BASE = "base-quick/results.csv"
PLACES: tuple[tuple[str, dict[str, str], dict[str, str]], ...] = tuple(
    (f"{label} {name}", network, levels)
    for label, network in (("SNN", SNN), ("DNN", DNN))
    for name, levels in (
        ("image", {"modality": "image"}),
        ("audio", {"modality": "audio"}),
        ("fused", {"modality": "fused"}),
        ("fused, audio shuffled", {"modality": "fused", "pairing": "shuffled"}),
    )
)


def beside_lab(base: str, lab: str, **further: Collection[str]) -> dict[str, tuple[Seeds, Seeds]]:
    """By network of the first screen its accuracies as base network and as `lab`."""
    return {
        name: (
            seeds(base, **{**FULL, **network, **levels, "reading": "base"}),
            seeds(lab, **{**FULL, **network, **levels, **further, "reading": "lab"}),
        )
        for name, network, levels in PLACES
    }


def differences_beside(
    base: str, lab: str, **further: Collection[str]
) -> dict[str, tuple[Seeds, Seeds]]:
    """By difference of the first screen the same, over the better single network by mean."""
    found: dict[str, tuple[Seeds, Seeds]] = {}
    sides = ((base, {"reading": "base"}), (lab, {**further, "reading": "lab"}))
    for label, network in (("SNN", SNN), ("DNN", DNN)):
        both: list[dict[str, Seeds]] = []
        for name, levels in sides:
            image, audio, fused, product, shuffled = (
                seeds(name, **{**FULL, **network, **levels, **each}) for each in CONTROLS
            )
            better = max(image, audio, key=lambda each: float(np.mean(list(each.values()))))
            both.append(
                {
                    "over the better one": {s: fused[s] - better[s] for s in fused},
                    "over the mean of both": {
                        s: fused[s] - (image[s] + audio[s]) / 2 for s in fused
                    },
                    "minus the product of experts": {
                        s: fused[s] - product[s] for s in fused if s in product
                    },
                    "shuffled audio minus image": {s: shuffled[s] - image[s] for s in fused},
                }
            )
        found |= {f"{label} {name}": (both[0][name], both[1][name]) for name in both[0]}
    for name in ("over the better one", "over the mean of both"):
        snn, dnn = found[f"SNN {name}"], found[f"DNN {name}"]
        found[f"SNN minus DNN, {name}"] = tuple(  # type: ignore[assignment]
            {s: a[s] - b[s] for s in a} for a, b in zip(snn, dnn, strict=True)
        )
    return found


def lines_beside(found: dict[str, tuple[Seeds, Seeds]], *, signed: bool) -> list[str]:
    write = gain if signed else plain
    return [
        f"| {name} | {write(base.values(), '')} | {write(lab.values(), '')} "
        f"| {gain(minus(base, lab), '')} |"
        for name, (base, lab) in found.items()
    ]


def told_beside(base: str, lab: str, **further: Collection[str]) -> list[str]:
    """The lines of both tables."""
    return [
        *lines_beside(beside_lab(base, lab, **further), signed=False),
        *lines_beside(differences_beside(base, lab, **further), signed=True),
    ]


def _p(changed: list[float]) -> float:
    return float(stats.ttest_1samp(changed, 0).pvalue)


def test_what_the_base_changes_after_short_training() -> None:
    lab, text = "quick/results.csv", page("findings.md")
    assert [line for line in told_beside(ON_BASE, lab) if line not in text] == []
    accuracies = beside_lab(ON_BASE, lab)
    stand = holm([_p(minus(*each)) for each in accuracies.values()])
    assert f"shuffled audio (p = {stand[0]:.5f})" in text
    assert stand[1] > 0.05
    changed = {name: minus(*each) for name, each in differences_beside(ON_BASE, lab).items()}
    assert len(changed) == 10
    p_values = {name: _p(each) for name, each in changed.items()}
    assert min(p_values, key=lambda name: p_values[name]) == "SNN over the mean of both"
    assert f"after Holm p = {holm(list(p_values.values()))[0]:.3f})" in text
    behind = [
        gain(minus(*(seeds(name, **{**FULL, **each, "modality": "image"}) for each in (SNN, DNN))))
        for name in (ON_BASE, lab)
    ]
    assert "({};".format(behind[0].replace(" (", ", ").rstrip(")")) in text
    assert behind[1].replace(" pp (", ", ").rstrip(")") in text
    told = []
    for size in ("S", "S/2", "S/3"):
        for modality in ("image", "audio", "fused"):
            levels = {**FULL, **SNN, "modality": modality, "size": size}
            without = ("2",) if (modality, size) == ("image", "S/3") else ()
            told.append(ends(minus(seeds(ON_BASE, **levels), seeds(lab, **levels), without)))
    assert [low > 0 for _, low, _ in told] == [True] * 7 + [False, True]
    shown = [mean for mean, low, _ in told if low > 0]
    assert f"({min(shown):+.2f} to {max(shown):+.2f} pp; the silent seed left out)" in text


def test_what_the_base_changes_of_verdicts_and_answers() -> None:
    base, lab = (
        Table(read_tidy(DOCS / "results" / name)) for name in (ON_BASE, "quick/results.csv")
    )
    assert (base.reading, lab.reading) == ("base", "lab")
    assert len(base.silent) == 0
    assert len({row["trial"] for row in base if "+" not in str(row["trial"])}) == 210
    ours = Table([row for row in lab if row["protocol"] != "speaker"])
    expected: tuple[tuple[dict[str, Collection[str]], dict[str, tuple[str, str]]], ...] = (
        ({}, {"C3": ("reproduced", "inconclusive"), "C8": ("inconclusive", "reproduced")}),
        ({"seed": ("0", "1")}, {"C13": ("inconclusive", "contradicted")}),
    )
    for levels, others in expected:
        found = [
            {each.id: each.verdict for each in evaluate_claims(table.select(**levels))}
            for table in (base, ours)
        ]
        both = {name: (found[0][name], found[1][name]) for name in found[0]}
        assert {name: each for name, each in both.items() if len(set(each)) > 1} == others
    of_base, of_lab = headline(base), headline(lab)
    assert (len(of_base.adjusted), len(of_lab.adjusted)) == (14, 12)
    assert min(of_base.adjusted.values()) > 0.05
    stand = [name for name, p in of_lab.adjusted.items() if p < 0.05]
    assert stand == ["SNN over mean of unimodals"]
    ours, theirs = of_base.answers, of_lab.answers
    turned = [name for name in theirs if np.sign(ours[name].mean) != np.sign(theirs[name].mean)]
    assert turned == ["SNN control"]
    told = [of_base.adjusted[f"{label} over product of experts"] for label in ("SNN", "DNN")]
    assert f"(p = {told[0]:.3f} and {told[1]:.2f}) nothing stands there" in page("findings.md")


def test_what_the_base_changes_after_ten_epochs() -> None:
    text = page("findings.md")
    assert [line for line in told_beside(BASE_AGAIN, AGAIN) if line not in text] == []
    accuracies = {name: minus(*each) for name, each in beside_lab(BASE_AGAIN, AGAIN).items()}
    assert {len(each) for each in accuracies.values()} == {10}
    p_values = {name: _p(each) for name, each in accuracies.items()}
    order = sorted(p_values, key=p_values.__getitem__)
    assert order[:3] == ["SNN image", "SNN fused", "SNN fused, audio shuffled"]
    first, second, third, other, *_ = holm(list(p_values.values()))
    told = f"image (p = {first:.4f}), fused ({second:.3f}) and shuffled audio ({third:.3f})"
    assert told in text
    assert other > 0.05
    means = [ends(accuracies[name])[0] for name in order[:3]]
    assert f"by {min(means):+.2f} to {max(means):+.2f} pp" in text
    changed = {name: minus(*each) for name, each in differences_beside(BASE_AGAIN, AGAIN).items()}
    p_values = {name: _p(each) for name, each in changed.items()}
    order = sorted(p_values, key=p_values.__getitem__)
    assert order[:2] == ["SNN minus the product of experts", "SNN over the better one"]
    first, second, other, *_ = holm(list(p_values.values()))
    product, better = (ends(changed[name]) for name in order[:2])
    assert f"0.18 pp less over its better one (0.10 to 0.26; p = {second:.3f})" in text
    assert [round(-each, 2) for each in better] == [0.18, 0.26, 0.10]
    assert f"0.07 pp less to the product (0.04 to 0.10; p = {first:.3f})" in text
    assert [round(each, 2) for each in product] == [0.07, 0.04, 0.10]
    assert other > 0.05


def test_the_first_screen_of_base_networks_after_ten_epochs() -> None:
    text = page("findings.md")
    table = Table(read_tidy(DOCS / "results" / BASE_AGAIN))
    assert (table.reading, len(table.silent)) == ("base", 0)
    ours = headline(table)
    theirs = headline(Table(read_tidy(DOCS / "results" / AGAIN)))
    assert (len(ours.adjusted), len(theirs.adjusted)) == (12, 12)
    standing = [
        "SNN over best unimodal",
        "SNN over mean of unimodals",
        "DNN over mean of unimodals",
    ]
    for each in (ours, theirs):
        assert sorted(name for name, p in each.adjusted.items() if p < 0.05) == sorted(standing)
    few = headline(table.select(seed=FIVE["seed"]))
    assert sum(p < 0.05 for p in few.adjusted.values()) == 4
    tempered = "SNN over product of experts at temperatures from validation"
    first, other = (few.adjusted[name] for name in ("DNN over best unimodal", tempered))
    assert f"four do ({first:.3f} for the one, {other:.3f} for the other)" in text
    new = headline(table.select(seed=("5", "6", "7", "8", "9")))
    assert sum(p < 0.05 for p in new.adjusted.values()) == 7
    losses = [new.adjusted[f"{each} over product of experts"] for each in ("SNN", "DNN")]
    assert "losses to the products (SNN {:.3f}, DNN {:.3f})".format(*losses) in text
    alone = new.answers["DNN over best unimodal"]
    assert alone.low is not None
    assert alone.high is not None
    numbers = [100 * each for each in (alone.mean, alone.low, alone.high)]
    assert "({:+.2f} pp, {:+.2f} to {:+.2f})".format(*numbers) in text
    assert new.adjusted["DNN over best unimodal"] > 0.05
    assert min(ours.adjusted[name] for name in ("DNN over best unimodal", tempered)) > 0.05
    told = {
        "SNN over best unimodal": "+1.17 pp (+0.89 to +1.45; p = 1.5e-08)",
        "SNN over mean of unimodals": "+1.74 (+1.11 to +2.36)",
        "DNN over best unimodal": "+0.78 pp (+0.10 to +1.46; p = 0.12)",
        "DNN over mean of unimodals": "(+1.19, +0.69 to +1.68)",
        "SNN minus DNN over best unimodal": "+0.39 pp (-0.09 to +0.86; p = 0.25)",
        "SNN minus DNN over mean of unimodals": "+0.55 (+0.02 to +1.08; p = 0.17)",
        "SNN over product of experts": "0.22 pp (0.06 to 0.39; p = 0.072)",
        "DNN over product of experts": "0.68 pp (0.13 to 1.22; p = 0.10)",
    }
    for name, said in told.items():
        assert said in text, name
        each = ours.answers[name]
        assert each.low is not None
        assert each.high is not None
        numbers = [float(each) for each in re.findall(r"[-+]?\d+\.\d\d(?!\d)", said)][:3]
        found = [100 * each.mean, 100 * each.low, 100 * each.high]
        if not said.startswith(("+", "(")):  # a loss
            found = [-found[0], -found[2], -found[1]]
        assert [round(value, 2) for value in found] == numbers, name
        if "p = " in said:
            p = float(said.split("p = ")[1].rstrip(")"))
            assert math.isclose(ours.adjusted[name], p, rel_tol=0.05), name
    for name, each in theirs.answers.items():
        assert np.sign(each.mean) == np.sign(ours.answers[name].mean), name


def test_the_experiments_with_base_networks() -> None:
    text, differences, beside = page("findings.md"), {}, {}
    for label, network in (("SNN", SNN), ("DNN", DNN)):
        for modality in ("image", "audio", "fused"):
            cells = []
            for changes in ({}, *SETTINGS[: 4 if label == "SNN" else 2]):
                found, before = (
                    _setting(network, modality, name, **changes) for name in (BASE_AGAIN, AGAIN)
                )
                assert len(found) == 5
                cells.append(plain(found.values()))
                place = (label, modality, *changes.values())
                beside[place] = minus(found, before)
                if changes:
                    differences[place] = minus(_setting(network, modality, BASE_AGAIN), found)
            cells += [""] * (5 - len(cells))
            assert " ".join(f"| {label} {modality} | {' | '.join(cells)} |".split()) in text
    means = [ends(each)[0] for each in differences.values()]
    assert len(means) == 18
    assert f"differences of {min(means):+.2f} to {max(means):+.2f} pp" in text
    apart = {place for place, each in differences.items() if np.prod(ends(each)[1:]) > 0}
    assert apart == {("SNN", "image", "hard"), ("DNN", "audio", "S/2")}
    for place in apart:
        assert gain(differences[place]).replace(" (", ", ")[:-1] in text, place
    lowest = min(holm([_p(each) for each in differences.values()]))
    assert f"after Holm over the 18 none ({lowest:.2f} and more)" in text
    told = {place: gain(each) for place, each in beside.items() if np.prod(ends(each)[1:]) > 0}
    assert told.keys() == {
        *(("SNN", "image"), ("SNN", "image", "S/2"), ("SNN", "image", "S/3"), ("SNN", "fused"))
    }
    assert [each for each in told.values() if each.split(" pp")[0] not in text] == []
    assert len(beside) == 24
    pairs = [each for place in beside if place[:2] == ("SNN", "image") for each in beside[place]]
    assert f"{sum(each > 0 for each in pairs)} of {len(pairs)} pairs of networks" in text
    lowest = min(holm([_p(each) for each in beside.values()]))
    assert f"after Holm over the 24 none ({lowest:.2f} and more)" in text


def test_the_verdicts_with_base_networks() -> None:
    both = []
    for name in (BASE_AGAIN, AGAIN):
        table = Table(read_tidy(DOCS / "results" / name)).select(seed=FIVE["seed"])
        both.append({each.id: each for each in evaluate_claims(table)})
    ours, theirs = both
    changed = {
        name: (ours[name].verdict, theirs[name].verdict)
        for name in ours
        if ours[name].verdict != theirs[name].verdict
    }
    little = "not tested: trained too little"
    assert changed == {
        "C1": ("reproduced", "inconclusive"),
        "C2": ("inconclusive", little),
        "C10": (little, "inconclusive"),
        "C11": ("inconclusive", little),
        "C18": ("reproduced", "inconclusive"),
        "C24": ("reproduced", "inconclusive"),
    }
    assert Counter(each.verdict for each in ours.values()) == {
        "reproduced": 4,
        "contradicted": 6,
        little: 4,
        "inconclusive": 10,
    }
    assert not any(each.reason.startswith("no rows") for each in ours.values())
    noisy_fused = [
        _noisy(SNN, "fused", name, noise_std="0.1", noise_position="after")
        for name in (BASE_AGAIN, AGAIN)
    ]
    assert f"kept C24 open {gain(minus(*noisy_fused))}" in page("findings.md")
    for each in (ours, theirs):
        against = [name for name in each if each[name].verdict == "contradicted"]
        assert against == ["C5", "C12", "C13", "C14", "C15", "C19"]
    whole = [_setting(DNN, "fused", name) for name in (BASE_AGAIN, AGAIN)]
    assert gain(minus(*whole)) in page("findings.md")
    costs = []
    for name in (BASE_AGAIN, AGAIN):
        first, last = (
            _noisy(SNN, "fused", name, noise_std="0.1", noise_position=each)
            for each in ("before", "after")
        )
        costs.append({seed: first[seed] - last[seed] for seed in first})
    assert f"C18 open {gain(minus(*costs))}" in page("findings.md")
    for name in ("C1", "C3"):
        found = ours[name]
        assert found.verdict == "reproduced"
        assert found.measured_value is not None
        assert found.low is not None
        assert found.high is not None
        numbers = [100 * each for each in (found.measured_value, found.low, found.high)]
        form = "{:.2f} %, {:.2f} to {:.2f}" if name == "C1" else "{:+.2f} pp, {:+.2f} to {:+.2f}"
        assert form.format(*numbers) in page("findings.md"), name
    trials = {
        str(row["trial"])
        for row in read_tidy(DOCS / "results" / BASE_AGAIN)
        if str(row["seed"]) in FIVE["seed"] and "+" not in str(row["trial"])
        if row["study"] not in ("fusion", "time-steps") and row["time_steps"] in (1, 4)
    }
    assert len(trials) == 130


def test_more_steps_of_base_networks() -> None:
    text = page("findings.md").split("#### More steps of base networks")[1].split("\n##")[0]
    text, differences, more = " ".join(text.split()), {}, {}
    for modality in SENSES:
        levels = {**FULL, **SNN, **READING[BASE_AGAIN], "modality": modality, "study": "time-steps"}
        of = {each: seeds(BASE_AGAIN, **{**levels, "time_steps": each}) for each in STEPS}
        assert {tuple(sorted(each)) for each in of.values()} == {("0", "1", "2", "3")}
        cells = " | ".join(plain(each.values()) for each in of.values())
        assert f"| {modality} | {cells} | {gain(minus(of['16'], of['4']), '')} |" in text
        for few, many in (("4", "8"), ("4", "16"), ("8", "16")):
            differences[f"{modality} {few} {many}"] = minus(of[few], of[many])
        more[modality] = of
    p_values = family(differences)
    assert len(p_values) == 9
    assert f"(p = {min(p_values.values()):.2f} and more)" in text
    by_themselves = {k for k, each in differences.items() if np.prod(ends(each)[1:]) > 0}
    assert by_themselves == {"image 8 16"}
    assert gain(differences["image 8 16"]).replace(" (", ", ") in text
    means = [abs(ends(each)[0]) for each in differences.values()]
    assert f"{max(means):.2f} points at most, in the mean" in text
    helped = [minus(more["fused"][each], more["image"][each]) for each in STEPS]
    assert all(low > 0 for _, low, _ in map(ends, helped))
    assert all(f"{gain(each, '')}" in text for each in helped)
    table = Table(read_tidy(DOCS / "results" / BASE_AGAIN))
    assert table.silent == frozenset()
    found = {each.id: each for each in evaluate_claims(table.select(seed=FIVE["seed"]))}
    parts = Counter(each.outcome for each in found["C23"].parts)
    assert (found["C23"].verdict, parts) == ("inconclusive", {"holds": 6, "undecided": 3})
    c24 = found["C24"]
    assert c24.verdict == "reproduced"
    assert c24.measured_value is not None
    assert c24.low is not None
    assert c24.high is not None
    told = [100 * each for each in (c24.measured_value, c24.low, c24.high)]
    assert "{:.2f} %, {:.2f} to {:.2f}".format(*told) in text


def test_noise_of_base_networks_after_ten_epochs() -> None:
    text, of = page("findings.md"), {}
    for label, network in (("SNN", SNN), ("DNN", DNN)):
        for modality in ("image", "audio", "fused"):
            costs = []
            for name in (BASE_AGAIN, AGAIN):
                first, after = (
                    _noisy(network, modality, name, noise_std="0.1", noise_position=each)
                    for each in ("before", "after")
                )
                costs.append({seed: first[seed] - after[seed] for seed in first})
            of[label, modality] = costs
            ours = costs[0].values()
            if label == "SNN":
                assert ends(ours)[1] > 0
            else:
                assert gain(ours, "").replace(" (", ", ")[:-1] in text, modality
                assert (ends(ours)[1] > 0) == (modality == "audio")
    changes = {place: minus(*each) for place, each in of.items()}
    p_values = {place: _p(each) for place, each in changes.items()}
    least = min(p_values, key=p_values.__getitem__)
    assert least == ("DNN", "image")
    lowest = min(holm(list(p_values.values())))
    told = gain(changes[least]).replace(" (", ", ")[:-1]
    assert f"({told}; after Holm over six p = {lowest:.2f})" in text
    loud = {
        (label, modality): _noisy(
            network, modality, BASE_AGAIN, noise_std="5.0", noise_position="before"
        )
        for label, network in (("SNN", SNN), ("DNN", DNN))
        for modality in ("image", "audio", "fused")
    }
    spiking = [ends(each.values())[0] for (label, _), each in loud.items() if label == "SNN"]
    assert f"spiking networks at {min(spiking):.1f} to {max(spiking):.1f} %" in text
    image, audio, fused = (loud["DNN", each].values() for each in ("image", "audio", "fused"))
    dense = f"image DNN at {plain(image)}, the audio DNN at {plain(audio)} and the fused DNN at"
    assert dense in text
    assert f"{plain(fused, ' %')}, above chance" in text
    assert ends(fused)[1] > 10
    other = _noisy(DNN, "fused", noise_std="5.0", noise_position="before")
    assert gain(minus(loud["DNN", "fused"], other)) in text


def test_of_noise_after_the_maximum_no_further_cost_is_shown() -> None:
    text, adjusted = page("findings.md"), {}
    for name in (BASE_AGAIN, AGAIN):
        found: dict[tuple[str, str], tuple[list[float], ...]] = {}
        for label, network in (("SNN", SNN), ("DNN", DNN)):
            for modality in ("image", "audio", "fused"):
                levels = {**FULL, **network, **READING[name], "modality": modality}
                before, after, pooled = (
                    seeds(name, **{**levels, "noise_std": "0.1", "noise_position": each})
                    for each in ("before", "after", "pooled")
                )
                assert len(pooled) == (10 if name == BASE_AGAIN else 5)
                pairs = minus(before, after), minus(before, pooled), minus(pooled, after)
                found[label, modality] = pairs
                if name == BASE_AGAIN:
                    cells = " | ".join(gain(each, "") for each in pairs)
                    assert f"| {label} {modality} | {cells} |" in text
                elif (label, modality) == ("SNN", "audio"):
                    assert gain(pairs[2], "").replace(" (", ", ") in text
                assert ends(pairs[1])[1] < 0, "no interval above zero"
        for column in range(3):
            p_values = {place: _p(each[column]) for place, each in found.items()}
            order = sorted(p_values, key=p_values.__getitem__)
            values = holm(list(p_values.values()))
            adjusted[name, column] = dict(zip(order, values, strict=True))
            if (name, column) == (BASE_AGAIN, 0):
                means = {place: ends(each[0])[0] for place, each in found.items()}
    spiking, dense = (
        [each for place, each in adjusted[BASE_AGAIN, 0].items() if place[0] == label]
        for label in ("SNN", "DNN")
    )
    assert max(spiking) < 0.00015
    assert f"DNNs {min(dense):.3f} to {max(dense):.3f})" in text
    for label in ("SNN", "DNN"):
        of_label = [each for place, each in means.items() if place[0] == label]
        assert f"{label}s {min(of_label):.2f} to {max(of_label):.2f}" in text
    assert f"does not for any ({min(adjusted[BASE_AGAIN, 1].values()):.2f} and more)" in text
    added = adjusted[BASE_AGAIN, 2]
    assert max(each for place, each in added.items() if place[0] == "SNN") < 0.00015
    fused, audio, image = (added["DNN", each] for each in ("fused", "audio", "image"))
    assert f"{fused:.3f}" == f"{audio:.3f}"
    assert f"DNNs fused and audio {fused:.3f}, image {image:.3f})" in text
    (first, one), (_, two), *_ = adjusted[AGAIN, 2].items()
    assert first == ("SNN", "audio")
    assert f"({one:.3f}; +3.47" in text
    assert two > 0.05


def test_the_main_claim_in_other_settings_of_base_networks() -> None:
    text, found = page("findings.md"), {}
    for name in (BASE_AGAIN, AGAIN):
        for place in ({}, *SETTINGS):
            gains = []
            for network in (SNN, DNN):
                changes = place if network is SNN or "size" in place else {}
                levels = {**FULL, **FIVE, **READING[name], **network, **changes}
                image, audio, fused = (
                    seeds(name, **levels, modality=each) for each in ("image", "audio", "fused")
                )
                gains.append({s: fused[s] - (image[s] + audio[s]) / 2 for s in fused})
            found[name, tuple(place.values())] = minus(*gains)
    ours = {place: each for (name, place), each in found.items() if name == BASE_AGAIN}
    for each in ours.values():
        assert gain(each, "") in text or gain(each) in text
    order = sorted(ours, key=lambda place: _p(ours[place]))
    assert set(order[:2]) == {("hard",), ("if",)}
    first, second, third, *_ = holm([_p(each) for each in ours.values()])
    assert f"{first:.3f}" == f"{second:.3f}" == "0.016"
    assert "stand (both p = 0.016)" in text
    assert third > 0.05
    theirs = [_p(each) for (name, _), each in found.items() if name == AGAIN]
    assert min(holm(theirs)) > 0.05


def test_the_product_of_halves_with_base_networks() -> None:
    for network in (SNN, DNN):
        levels = {**FULL, **FIVE, **READING[BASE_AGAIN], **network, "modality": "fused"}
        product = seeds(BASE_AGAIN, **{**levels, "size": "S/2", "fusion": "product-of-experts"})
        lost = minus(_setting(network, "fused", BASE_AGAIN), product)
        assert ends(lost)[2] < 0
        assert gain(lost) in page("findings.md")


FAILING = {
    "mean": "missing (mean of training)",
    "zeros": "missing (zeros)",
    "static": "noise",
    "shuffle": "of another sample",
    "conflict": "of another class",
}


def _cost(name: str, network: dict[str, str], disturbance: str) -> Seeds:
    """What it costs the fused network, by seed."""
    levels = {**FULL, **network, **READING[name], "modality": "fused"}
    whole = seeds(name, **levels)
    lost = seeds(name, **network, modality="fused", disturbance=disturbance)
    return {seed: whole[seed] - lost[seed] for seed in lost}


def test_a_failing_sense_of_base_networks() -> None:
    text, p_values, changes, told = page("findings.md"), {}, {}, {}
    for kind, words in FAILING.items():
        for sense in ("image", "audio"):
            costs = [_cost(BASE_AGAIN, each, f"{kind}:{sense}") for each in (SNN, DNN)]
            assert {len(each) for each in costs} == {10}
            cells = [*(plain(each.values()) for each in costs), gain(minus(*costs))]
            assert f"| {sense} {words} | {' | '.join(cells)} |" in text
            p_values[kind, sense], told[kind, sense] = _p(minus(*costs)), minus(*costs)
            for label, network, cost in (("SNN", SNN, costs[0]), ("DNN", DNN, costs[1])):
                change = minus(cost, _cost(AGAIN, network, f"{kind}:{sense}"))
                assert len(change) == 5
                changes[label, kind, sense] = change
    apart = {place for place, each in told.items() if np.prod(ends(each)[1:]) > 0}
    assert apart == {
        *(("zeros", "image"), ("zeros", "audio"), ("static", "audio")),
        *(("shuffle", "audio"), ("conflict", "audio")),
    }
    assert {place for place in apart if ends(told[place])[2] < 0} == apart
    adjusted = holm(list(p_values.values()))
    assert f"stand after Holm ({adjusted[0]:.3f} to {adjusted[4]:.3f})" in text
    assert f"the others do not ({adjusted[5]:.2f} and more)" in text
    for place in (("zeros", "image"), ("zeros", "audio")):
        mean, low, high = (abs(each) for each in ends(told[place]))
        assert f"{mean:.2f}" in text
        assert f"({high:.2f} to {low:.2f})" in text
    order = sorted(changes, key=lambda place: _p(changes[place]))
    assert order[0] == ("SNN", "shuffle", "audio")
    first, second, *_ = holm([_p(each) for each in changes.values()])
    assert second > 0.05
    mean, low, high = (abs(each) for each in ends(changes[order[0]]))
    assert f"costs the SNN {mean:.2f} pp less ({high:.2f} to {low:.2f}; p = {first:.3f})" in text


def test_conflicts_and_late_losses_of_base_networks() -> None:
    text = page("findings.md")
    for sense in ("image", "audio"):
        late = _cost(BASE_AGAIN, SNN, f"zeros:{sense}:0.75")
        mean, _, interval = plain(late.values()).partition(" (")
        assert f"{mean} pp ({interval[:-1]}; {sense})" in text
        follows = [
            seeds(
                BASE_AGAIN,
                metric="follows",
                **each,
                modality="fused",
                disturbance=f"conflict:{sense}",
            )
            for each in (SNN, DNN)
        ]
        for each in follows:
            assert f"{ends(each.values())[0]:.2f}" in text
        mean, low, high = ends(minus(*follows))
        signed = f"({mean:+.2f} pp, {low:+.2f} to {high:+.2f})"
        assert signed in text or f"by {mean:.2f} pp, {low:.2f} to {high:.2f}" in text


def test_noise_levels_of_base_networks() -> None:
    text, changes = page("findings.md"), {}
    for label, network in (("SNN", SNN), ("DNN", DNN)):
        for modality in ("image", "audio", "fused"):
            areas = []
            for name in (BASE_AGAIN, AGAIN):
                levels = {**FULL, **network, **READING[name], "modality": modality}
                found = {
                    std: seeds(name, **{**levels, "noise_position": "before", "noise_std": std})
                    for std in ("0.0", "0.05", "0.1", "0.2", "0.5", "1.0", "2.0", "5.0")
                }
                whole = list(found["5.0"])
                cells = []
                for std in ("0.0", "0.2", "0.5", "1.0", "2.0"):
                    mean, low, high = ends([found[std][seed] for seed in whole])
                    cells.append(f"{mean:.2f} ± {(high - low) / 2:.2f}")
                above = [[found[std][seed] for std in found] for seed in whole]
                area = [(math.fsum(each) - (each[0] + each[-1]) / 2) / 7 for each in above]
                areas.append(dict(zip(whole, area, strict=True)))
                if name == BASE_AGAIN:
                    assert len(whole) == 10
                    row = f"| {label} {modality} | {' | '.join(cells)} | {plain(area)} |"
                    assert row in text, row
            changes[label, modality] = minus(*areas)
    order = sorted(changes, key=lambda place: _p(changes[place]))
    assert order[:2] == [("DNN", "image"), ("DNN", "fused")]
    for modality in ("image", "fused", "audio"):
        unit = " pp" if modality == "image" else ""
        assert gain(changes["DNN", modality], unit) in text, modality
    first, second, third, fourth, *_ = holm([_p(each) for each in changes.values()])
    assert (
        f"stand (p = {first:.5f} and {second:.3f}), of the SNNs none ({fourth:.2f} and more)"
        in text
    )
    assert third > 0.05


def test_effective_robustness_of_base_networks() -> None:
    text = page("findings.md")
    against = robustness(Table(read_tidy(DOCS / "results" / BASE_AGAIN))).against
    assert len(against) == 7
    p_values = {}
    for each in against:
        assert each.effective is not None
        assert each.effective.p_value is not None
        p_values[each.first, each.second] = each.effective.p_value
        values = each.effective.values.values()
        pair = each.first, each.second
        if each.first[1] == each.second[1] or pair == (("dnn", "fused"), ("dnn", "audio")):
            spans = gain(values), gain(values, ""), gain(values).replace(" (", ", ")[:-1]
            assert any(span in text for span in spans), each
    both = {each.first[1]: each for each in against if each.first[1] == each.second[1]}
    for modality, few in (("fused", 10), ("image", 8)):
        crossing = both[modality].crossing
        assert crossing is not None
        assert (both[modality].crossed, both[modality].compared) == (few, 10)
        assert f"{crossing.mean:.2f}" in text
        assert f"{crossing.low:.2f} to {crossing.high:.2f}" in text
    assert both["audio"].crossing is None
    for std in ("0.0", "0.05", "0.1", "0.2"):
        levels = {**FULL, **READING[BASE_AGAIN], "modality": "fused", "noise_std": std}
        pair = [
            seeds(BASE_AGAIN, **{**levels, **each, "noise_position": "before"})
            for each in (SNN, DNN)
        ]
        assert min(minus(*pair)) > 0
    order = sorted(p_values, key=p_values.__getitem__)
    adjusted = dict(zip(order, holm(list(p_values.values())), strict=True))
    twins = [adjusted[("snn", each), ("dnn", each)] for each in ("image", "audio", "fused")]
    assert "(p = {:.4f}, {:.3f} and {:.6f})".format(*twins) in text
    assert f"p = {adjusted[('dnn', 'fused'), ('dnn', 'audio')]:.3f})" in text
    assert f"not after Holm ({adjusted[('dnn', 'fused'), ('dnn', 'image')]:.3f})" in text


LEVELS_OF_NOISE = ("0.0", "0.05", "0.1", "0.2", "0.5", "1.0", "2.0", "5.0")
SENSES = ("image", "audio", "fused")
Curves = dict[str, list[float]]


def noisy(network: dict[str, str], modality: str, reading: str = "own-std") -> Curves:
    """Accuracies of base networks of seeds 0 to 4 by the level of the noise before activation."""
    found = {}
    for std in LEVELS_OF_NOISE:
        how = {"noise_position": "before", "noise_std": std, "reading": reading}
        levels = {**FULL, **network, **READING[BASE_AGAIN], "modality": modality, **how}
        told = seeds(BASE_AGAIN, **levels)
        found[std] = [told[seed] for seed in sorted(told, key=int)[:5]]
        assert set(sorted(told, key=int)[:5]) == set("01234")
    return found


def area_under(curves: Curves) -> list[float]:
    whole = zip(*curves.values(), strict=True)
    return [(math.fsum(each) - (each[0] + each[-1]) / 2) / 7 for each in whole]


def beyond(first: Curves, second: Curves) -> list[float]:
    """What the first keeps beyond the second, by seed, once both begin at the same accuracy."""
    kept = []
    for curves in (first, second):
        each_seed = zip(*curves.values(), strict=True)
        kept.append([math.fsum(value - each[0] for value in each) / 8 for each in each_seed])
    mine, theirs = kept
    return [a - b for a, b in zip(mine, theirs, strict=True)]


def test_noise_in_units_of_what_it_disturbs() -> None:
    text = page("findings.md").split("#### Noise in units of what it disturbs")[1].split("####")[0]
    text = " ".join(text.split())
    changes = {}
    for label, network in (("SNN", SNN), ("DNN", DNN)):
        for modality in SENSES:
            found, cells = noisy(network, modality), []
            for std in ("0.0", "0.2", "0.5", "1.0", "2.0"):
                mean, low, high = ends(found[std])
                cells.append(f"{mean:.2f} ± {(high - low) / 2:.2f}")
            row = f"| {label} {modality} | {' | '.join(cells)} | {plain(area_under(found))} |"
            assert row in text, row
            absolute = noisy(network, modality, "base")
            assert absolute["0.0"] == found["0.0"], "the same networks"
            both = zip(area_under(found), area_under(absolute), strict=True)
            changes[label, modality] = ends([a - b for a, b in both])
            assert 9 < ends(found["5.0"])[0] < 11
    by_network = {
        label: [round(changes[label, each][0], 2) for each in SENSES] for label in ("SNN", "DNN")
    }
    assert f"by {min(by_network['SNN'])} to {max(by_network['SNN'])} pp of" in text
    less = sorted(-each for each in by_network["DNN"])
    assert f"less, by {less[0]:.2f} to {less[-1]:.2f}:" in text
    assert all(mean * low > 0 and mean * high > 0 for mean, low, high in changes.values())


def test_who_keeps_more_in_units_of_what_is_disturbed() -> None:
    text = page("findings.md").split("#### Noise in units of what it disturbs")[1].split("####")[0]
    text = " ".join(text.split())
    pairs = {
        **{("twins", each): ((SNN, each), (DNN, each)) for each in SENSES},
        **{("SNN", each): ((SNN, "fused"), (SNN, each)) for each in SENSES[:2]},
        **{("DNN", each): ((DNN, "fused"), (DNN, each)) for each in SENSES[:2]},
    }
    own = {name: beyond(noisy(*a), noisy(*b)) for name, (a, b) in pairs.items()}
    p_values = family(own)
    assert len(p_values) == 7
    for name, values in own.items():
        mean, low, high = ends(values)
        span = re.escape(f"{low:+.2f} to {high:+.2f}")
        told = re.search(rf"{re.escape(f'{mean:+.2f}')}( pp)?(,| \() ?{span}(.*)", text)
        assert told, name
        said = f"{p_values[name]:.3f}" if p_values[name] < 0.05 else f"{p_values[name]:.2f}"
        assert said in told[3][:120], name
    shown = {name for name, value in p_values.items() if value < 0.05}
    assert shown == {("twins", "audio"), ("twins", "fused"), ("DNN", "audio")}
    for modality in SENSES:
        absolute = beyond(noisy(SNN, modality, "base"), noisy(DNN, modality, "base"))
        assert gain(absolute, " pp" if modality == "audio" else "") in text, modality
    assert min(own["twins", "audio"]) > 0
    both = noisy(SNN, "fused"), noisy(DNN, "fused")
    for std in ("0.5", "1.0"):
        ahead = [a - b for a, b in zip(both[0][std], both[1][std], strict=True)]
        assert min(ahead) > 0
        mean, low, high = ends(ahead)
        assert f"{mean:.2f} pp ({low:.2f} to {high:.2f})" in text
    against = robustness(
        Table(read_tidy(DOCS / "results" / BASE_AGAIN)), "robustness-own-std"
    ).against
    (crossing,) = (
        each.crossing
        for each in against
        if (each.first, each.second) == (("snn", "fused"), ("dnn", "fused"))
    )
    assert crossing is not None
    assert f"at {crossing.mean:.2f} ({crossing.low:.2f} and beyond)" in text
    assert crossing.high == math.inf


WAYS = ("fresh-pairs", "ogm-ge", "modality-dropout-0.2", "modality-dropout-0.5")
RUNS = ("quick", "medium", "fashion")
TRAINED_APART = "usual", *WAYS


def remedied(run: str, network: dict[str, str], way: str = "usual", lost: str = "") -> Seeds:
    """Test accuracy of a fused network by its training, with a sense lost where one is named."""
    reading = "base" if way == "usual" else way
    levels = {"study": "remedies", "modality": "fused", "fusion": "early", **network}
    how = {"disturbance": lost, "noise_std": "1.0" if lost else "0.0"}
    return seeds(f"remedies-{run}/results.csv", reading=reading, **levels, **how)


def apart(run: str, network: dict[str, str]) -> Seeds:
    """Of the product of two networks that were trained apart, each of half the parameters."""
    levels = {"study": "remedies", "modality": "fused", "fusion": PRODUCT, **network}
    return seeds(f"remedies-{run}/results.csv", **levels)


def left(run: str, network: dict[str, str], modality: str) -> Seeds:
    """Of the network of one sense, on the pairs of the fused one."""
    levels = {"study": "remedies", "modality": modality, **network}
    return seeds(f"remedies-{run}/results.csv", metric="accuracy_on_pairs", **levels)


def family(gaps: dict[str, list[float]]) -> dict[str, float]:
    """Holm's p values of differences that are paired by seed."""
    p_values = {key: float(stats.ttest_1samp(each, 0.0).pvalue) for key, each in gaps.items()}
    order = sorted(p_values, key=lambda key: p_values[key])
    return dict(zip(order, holm(list(p_values.values())), strict=True))


def raised(run: str, network: dict[str, str]) -> dict[str, list[float]]:
    usual = remedied(run, network)
    return {way: minus(remedied(run, network, way), usual) for way in WAYS}


def over_apart(run: str, network: dict[str, str]) -> dict[str, list[float]]:
    product = apart(run, network)
    return {way: minus(remedied(run, network, way), product) for way in TRAINED_APART}


def protected(run: str, network: dict[str, str], *levels: str) -> dict[str, list[float]]:
    return {
        f"{level} {way}": minus(
            remedied(run, network, way, level), remedied(run, network, lost=level)
        )
        for level in levels
        for way in WAYS
    }


def unseen(run: str, network: dict[str, str]) -> dict[str, list[float]]:
    kinds = ("mean:{}", "static:{}", *(("zeros:{}:0.75",) if network == SNN else ()))
    levels = [kind.format(name) for kind in kinds for name in ("image", "audio")]
    return protected(run, network, *levels)


def over_left(run: str, network: dict[str, str]) -> dict[str, list[float]]:
    return {
        f"{lost} {way}": minus(
            remedied(run, network, way, f"zeros:{lost}"), left(run, network, other)
        )
        for lost, other in (("image", "audio"), ("audio", "image"))
        for way in TRAINED_APART
    }


def at_shares(run: str, network: dict[str, str]) -> dict[str, list[float]]:
    """What dropout gains where a part of the test samples lose one sense."""
    found = {}
    for way in WAYS[2:]:
        whole = raised(run, network)[way]
        lost = protected(run, network, "zeros:image", "zeros:audio")
        halves = zip(lost[f"zeros:image {way}"], lost[f"zeros:audio {way}"], strict=True)
        both = [(image + audio) / 2 for image, audio in halves]
        for part in (0.2, 0.5, 1.0):
            found[f"{way} {part:g}"] = [
                (1 - part) * a + part * b for a, b in zip(whole, both, strict=True)
            ]
    return found


def test_other_ways_of_joint_training() -> None:
    """Each cell of the two tables, in the order of the page."""
    text, networks = page("findings.md"), [(run, net) for run in RUNS for net in (SNN, DNN)]

    def line(head: str, cells: list[str]) -> None:
        assert f"| {head} | {' | '.join(cells)} |" in text, head

    line("usual, %", [plain(remedied(*place).values()) for place in networks])
    product = [gain(over_apart(*place)["usual"], "") for place in networks]
    line("usual minus the product", product)
    for way in WAYS:
        line(f"`{way}`", [gain(raised(*place)[way], "") for place in networks])
        over = [gain(over_apart(*place)[way], "") for place in networks]
        line(f"`{way}` minus the product", over)
    for lost, other in (("image", "audio"), ("audio", "image")):
        usual = [plain(remedied(*place, lost=f"zeros:{lost}").values()) for place in networks]
        line(f"{lost} lost, usual, %", usual)
        for way in WAYS:
            gaps = [protected(*place, f"zeros:{lost}")[f"zeros:{lost} {way}"] for place in networks]
            line(f"{lost} lost, `{way}`", [gain(each, "") for each in gaps])
        alone = [plain(left(*place, other).values()) for place in networks]
        line(f"{other} alone at S/2, %", alone)


def shown(gaps: dict[str, list[float]]) -> dict[str, str]:
    """What stands after Holm, with its p value as the page has it."""
    return {key: f"{p:.2g}" for key, p in family(gaps).items() if p < 0.05}


def test_what_helps_and_what_is_left_to_networks_apart() -> None:
    text = page("findings.md")
    stands = {f"{r} {n['network']}": shown(raised(r, n)) for r in RUNS for n in (SNN, DNN)}
    assert {key: found for key, found in stands.items() if found} == {
        "quick snn": {"ogm-ge": "0.028"},
        "medium dnn": {"modality-dropout-0.5": "0.035"},
    }
    for run in RUNS:
        for network in (SNN, DNN):
            below = {way: p for way, p in family(over_apart(run, network)).items() if p < 0.05}
            assert all(ends(over_apart(run, network)[way])[0] < 0 for way in below)
            expected = set(TRAINED_APART) - ({"modality-dropout-0.5"} if run == "medium" else set())
            assert set(below) == expected, (run, network)
    spiking, dense = (family(over_apart("medium", n)) for n in (SNN, DNN))
    assert f"(p = {spiking['usual']:.4f} and {dense['usual']:.3f})" in text
    nearest = [family(over_apart("medium", n))["modality-dropout-0.5"] for n in (SNN, DNN)]
    assert f"(p = {nearest[0]:.2f} and {nearest[1]:.2f})" in text
    more = {}
    for run in RUNS:
        ours, theirs = raised(run, SNN), raised(run, DNN)
        gaps = {w: [a - b for a, b in zip(ours[w], theirs[w], strict=True)] for w in WAYS}
        more |= {f"{run} {w}": (gain(gaps[w]), p) for w, p in shown(gaps).items()}
    assert more == {"medium modality-dropout-0.5": ("-0.29 pp (-0.46 to -0.12)", "0.034")}
    assert "0.29 pp less (0.12 to 0.46, p = 0.034)" in text
    wrong = [
        100 - ends(remedied("medium", network, way).values())[0]
        for network in (SNN, DNN)
        for way in ("usual", "modality-dropout-0.5")
    ]
    told = (
        "{:.2f} % were wrong to begin with and {:.2f} % still are, of the DNN's {:.2f} and {:.2f}"
    )
    assert told.format(*wrong) in text


def test_steps_of_fused_networks_and_of_the_parts_beside_them() -> None:
    steps = {}
    for run in ("quick", "medium"):
        for modality in ("audio", "fused"):
            with (DOCS / "results" / f"remedies-{run}" / "results.csv").open() as file:
                found = {
                    row["steps"]
                    for row in csv.DictReader(file)
                    if (row["study"], row["modality"]) == ("remedies", modality) and row["steps"]
                }
            (steps[run, modality],) = found
    assert (
        f"for {steps['quick', 'audio']} steps where fused networks have {steps['quick', 'fused']} "
        f"(`quick`) and for {steps['medium', 'audio']} where these have "
        f"{int(steps['medium', 'fused']):,} (`medium`)"
    ) in page("findings.md")


def test_what_protects_where_a_sense_is_lost() -> None:
    text = page("findings.md")
    stands = {
        (run, network["network"]): shown(protected(run, network, "zeros:image", "zeros:audio"))
        for run in RUNS
        for network in (SNN, DNN)
    }
    dropped = {place: {key for key in found if "dropout" in key} for place, found in stands.items()}
    both = {f"zeros:{s} {way}" for s in ("image", "audio") for way in WAYS[2:]}
    assert dropped == {
        ("quick", "snn"): both,
        ("quick", "dnn"): both,
        ("medium", "snn"): both,
        ("medium", "dnn"): both - {"zeros:audio modality-dropout-0.2"},
        ("fashion", "snn"): {f"zeros:image {way}" for way in WAYS[2:]},
        ("fashion", "dnn"): set(),
    }
    rest = family(protected("medium", DNN, "zeros:image", "zeros:audio"))
    assert f"p = {rest['zeros:audio modality-dropout-0.2']:.3f}" in text
    cost = {place: {k for k in found if "ogm" in k} for place, found in stands.items()}
    full = {"zeros:image ogm-ge", "zeros:audio ogm-ge"}
    assert {place for place, found in cost.items() if found == full} == {
        *(("quick", "snn"), ("quick", "dnn"), ("medium", "snn"))
    }
    assert {place for place, found in cost.items() if not found} == {
        *(("medium", "dnn"), ("fashion", "snn"), ("fashion", "dnn"))
    }
    paired = {(*place, k, p) for place, found in stands.items() for k, p in found.items()}
    assert {each for each in paired if "fresh" in each[2]} == {
        ("medium", "snn", "zeros:image fresh-pairs", "0.041")
    }


def test_dropout_protects_beyond_its_share() -> None:
    text = page("findings.md")
    for run in RUNS:
        for network, label in ((SNN, "SNN"), (DNN, "DNN")):
            gaps, p_values = at_shares(run, network), family(at_shares(run, network))
            weak = {key for key, p in p_values.items() if p >= 0.05}
            lost = {f"modality-dropout-0.2 {part}" for part in ("0.2", "0.5", "1")}
            assert weak == (lost if (run, label) == ("fashion", "DNN") else set())
            half, whole = (gaps[f"modality-dropout-0.2 {part}"] for part in ("0.5", "1"))
            every = gaps["modality-dropout-0.5 1"]
            cells = [gain(each, "") for each in (half, whole, every)]
            assert f"| {run}, {label} | {' | '.join(cells)} |" in text
    weak = family(at_shares("fashion", DNN))
    told = [weak[f"modality-dropout-0.2 {part}"] for part in ("0.5", "1")]
    assert f"p = {told[0]:.3f} and {told[1]:.3f}, of which" in text
    own = at_shares("fashion", DNN)["modality-dropout-0.2 0.2"]
    assert gain(own).replace(" (", ", ") in text


def test_a_fused_network_that_lost_a_sense_and_the_network_of_the_other() -> None:
    text = page("findings.md")
    stands = {(run, n["network"]): shown(over_left(run, n)) for run in RUNS for n in (SNN, DNN)}
    for place, found in stands.items():
        network = SNN if place[1] == "snn" else DNN
        assert all(ends(over_left(place[0], network)[key])[1] < 0 for key in found)
    for run in ("quick", "fashion"):
        assert all(
            f"image {way}" in stands[run, n] for n in ("snn", "dnn") for way in TRAINED_APART
        )
    for network in (SNN, DNN):
        kept = {
            k for k in over_left("medium", network) if k not in stands["medium", network["network"]]
        }
        assert {"image modality-dropout-0.2", "image modality-dropout-0.5"} <= kept
        gaps, p_values = over_left("medium", network), family(over_left("medium", network))
        assert gain(gaps["image modality-dropout-0.5"]) in text
        for name, digits in (("image usual", 3), ("audio modality-dropout-0.5", 3)):
            p_value = p_values[name]
            said = f"{p_value:.4f}" if abs(p_value - 0.05) < 0.0005 else f"{p_value:.{digits}f}"
            assert f"{gain(gaps[name])[:-1]}; p = {said})" in text
    spiking = {k for k, p in family(over_left("medium", SNN)).items() if p < 0.05}
    dense = {k for k, p in family(over_left("medium", DNN)).items() if p < 0.05}
    assert ("image usual" in spiking, "image usual" in dense) == (False, True)
    assert "audio modality-dropout-0.5" in dense - spiking
    short = [over_left("quick", n)["audio modality-dropout-0.5"] for n in (SNN, DNN)]
    told = " and ".join(f"{ends(each)[0]:.2f}" for each in short)
    assert f"without audio {told} pp at `quick`" in text
    assert all("audio modality-dropout-0.5" in stands["quick", n] for n in ("snn", "dnn"))
    fashion = over_left("fashion", DNN)["audio modality-dropout-0.5"]
    p_value = family(over_left("fashion", DNN))["audio modality-dropout-0.5"]
    assert f"{ends(fashion)[0]:.2f} pp for the DNN (p = {p_value:.3f})" in text
    assert "audio modality-dropout-0.5" not in stands["fashion", "snn"]
    fashion = over_left("fashion", SNN)["audio modality-dropout-0.5"]
    assert gain(fashion).replace(" (", ", ") in text
    lost = [
        over_left(run, n)["image modality-dropout-0.5"]
        for run in ("quick", "fashion")
        for n in (SNN, DNN)
    ]
    means = [-ends(each)[0] for each in lost]
    assert f"{min(means):.2f} to {max(means):.2f} pp" in text


def test_losses_that_nothing_was_trained_with() -> None:
    found = {(run, n["network"]): shown(unseen(run, n)) for run in RUNS for n in (SNN, DNN)}
    dropped = {
        (*place, key): p
        for place, stands in found.items()
        for key, p in stands.items()
        if "dropout" in key
    }
    assert dropped == {
        ("quick", "snn", "mean:image modality-dropout-0.5"): "0.011",
        ("quick", "snn", "static:image modality-dropout-0.2"): "0.00016",
        ("quick", "snn", "static:image modality-dropout-0.5"): "1.9e-05",
        ("quick", "dnn", "mean:image modality-dropout-0.2"): "0.00089",
        ("quick", "dnn", "mean:image modality-dropout-0.5"): "0.003",
        ("medium", "snn", "mean:image modality-dropout-0.2"): "0.0027",
        ("medium", "snn", "static:image modality-dropout-0.2"): "0.012",
        ("medium", "snn", "static:image modality-dropout-0.5"): "0.0009",
        ("medium", "dnn", "mean:audio modality-dropout-0.2"): "0.014",
        ("medium", "dnn", "static:image modality-dropout-0.2"): "0.0035",
        ("medium", "dnn", "static:image modality-dropout-0.5"): "0.0023",
        ("fashion", "dnn", "mean:image modality-dropout-0.5"): "0.035",
    }
    text = page("findings.md")
    for network in (SNN, DNN):
        gaps = unseen("medium", network)
        for way in WAYS[2:]:
            assert gain(gaps[f"static:image {way}"]) in text
    for run in RUNS:
        for network in (SNN, DNN):
            noise = {k: p for k, p in family(unseen(run, network)).items() if "static:audio" in k}
            assert len(noise) == 4
            assert min(noise.values()) > 0.05


def test_noise_for_a_sense_after_dropout() -> None:
    text, further, left_right = page("findings.md"), [], []
    for label, network in (("SNN", SNN), ("DNN", DNN)):
        for way in WAYS[2:]:
            found = protected("medium", network, "static:image", "zeros:image")
            both = zip(found[f"static:image {way}"], found[f"zeros:image {way}"], strict=True)
            further.append(ends([a - b for a, b in both]))
        kept = [ends(remedied("medium", network, way, "static:audio").values()) for way in WAYS[2:]]
        left_right.append(f"{kept[0][0]:.2f} and {kept[1][0]:.2f} % of the {label}'s")
    told = f"dropout leaves {left_right[0]} answers right and {left_right[1]}."
    assert told in text
    assert all(low > 0 for _, low, _ in further)
    means = [mean for mean, _, _ in further]
    assert f"by {min(means):.2f} to {max(means):.2f} pp in the mean" in text


def test_what_gradient_modulation_costs_in_other_ways() -> None:
    text, said, p_values = page("findings.md"), {}, []
    for run in RUNS:
        for network in (SNN, DNN):
            gaps, adjusted = unseen(run, network), family(unseen(run, network))
            for key, p_value in adjusted.items():
                if p_value < 0.05 and "dropout" not in key:
                    mean = ends(gaps[key])[0]
                    said[run, network["network"], key] = f"{mean:.2f}"
                    p_values.append(p_value)
    order = (
        ("quick", "snn", "mean:audio ogm-ge"),
        ("quick", "snn", "zeros:image:0.75 ogm-ge"),
        ("quick", "snn", "zeros:audio:0.75 ogm-ge"),
        ("quick", "dnn", "mean:audio ogm-ge"),
        ("medium", "snn", "zeros:image:0.75 ogm-ge"),
        ("fashion", "snn", "zeros:audio:0.75 ogm-ge"),
    )
    assert set(said) == set(order)
    mean, image, audio, dense, later, fashion = (said[key] for key in order)
    assert f"at `quick` (image {image}, audio {audio} pp)" in text
    assert f"at `medium` (image {later} pp) and on `fashion-fsdd` (audio {fashion} pp)" in text
    assert f"the SNN {mean} and the DNN {dense} pp" in text
    assert f"(p = {min(p_values):.2g} to {max(p_values):.2g})" in text
