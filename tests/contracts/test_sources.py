"""Every data source keeps its contract; one of three modalities and four classes is trained."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from spikefuse.analysis.tabulate import tabulate
from spikefuse.core.errors import DataError, InputError
from spikefuse.data import (
    PROTOCOLS,
    SOURCES,
    SPLITS,
    Corpus,
    DataSettings,
    Location,
    Selection,
    Source,
    assign,
    audit,
    content_at,
    load_corpus,
    memory_source,
    register_source,
)
from spikefuse.planning import make_plan
from spikefuse.planning.run import jobs_of
from spikefuse.planning.work import run_population
from spikefuse.results import TrialStore
from spikefuse.studies import Grid, Profile, Study
from spikefuse.training import TrialDefinition

SHAPES = {"picture": (1, 28, 28), "sonar": (1, 20, 30), "touch": (6, 50)}
N, CLASSES, PEOPLE = 160, 4, 8


def three(name: str, **more: object) -> Source:
    """Three modalities of one event each: samples of equal position belong together."""
    generator = torch.Generator().manual_seed(3)
    labels = torch.arange(N) % CLASSES
    inputs = {
        key: torch.randn(N, *shape, generator=generator) + labels.view(-1, *[1] * len(shape))
        for key, shape in SHAPES.items()
    }
    inputs["picture"] = (inputs["picture"] * 20 + 100).clamp(0, 255).to(torch.uint8)
    settings: dict[str, object] = {"groups": [f"p{i // 4 % PEOPLE}" for i in range(N)]} | more
    return memory_source(name, inputs, labels, classes=tuple("abcd"), **settings)  # type: ignore[arg-type]


def apart(name: str) -> Source:
    """Two modalities with samples of their own, the second with speakers."""
    generator = torch.Generator().manual_seed(4)
    counts = {"picture": 90, "sound": 36}
    inputs = {key: torch.randn(n, 8, 8, generator=generator) for key, n in counts.items()}
    labels = {key: torch.arange(n) % 3 for key, n in counts.items()}
    speakers = {"sound": [("ada", "ben", "cy")[i // 3 % 3] for i in range(36)]}
    return memory_source(name, inputs, labels, groups=speakers, test=0.25)


@pytest.fixture(params=["builtin", "three", "without-groups", "apart"])
def source(request: pytest.FixtureRequest) -> Iterator[Source]:
    makers = {
        "three": three,
        "without-groups": lambda name: three(name, groups=None),
        "apart": apart,
    }
    if request.param in makers:
        register_source(makers[request.param](request.param))
    yield SOURCES[request.param]
    if request.param in makers:
        del SOURCES[request.param]


def load(source: Source) -> Corpus:
    return load_corpus(DataSettings(source=source.name), Location(source.name))


def held_out(source: Source, protocol: str) -> Selection:
    holds_out = PROTOCOLS[protocol].holds_out
    return Selection(held_out_speaker=source.groups[0] if holds_out else None)


def test_what_a_source_says_is_what_it_reads(source: Source) -> None:
    settings, corpus = DataSettings(source=source.name), load(source)
    assert tuple(corpus.pools) == tuple(each.name for each in source.modalities)
    for modality in source.modalities:
        pool = corpus.pools[modality.name]
        assert tuple(pool.inputs.shape[1:]) == modality.shape(settings)
        assert int((~pool.official_test).sum()) == modality.train
        assert int(pool.official_test.sum()) == modality.test
        assert pool.group_names == modality.groups
        assert pool.labels.dtype == torch.int64
        assert int(pool.labels.max()) == len(source.classes) - 1
    assert (content_at(Location(source.name)) is None) == source.is_pinned
    assert corpus.content == content_at(Location(source.name))


def test_every_protocol_that_fits_gives_aligned_samples(source: Source) -> None:
    corpus = load(source)
    for protocol, rule in PROTOCOLS.items():
        if not rule.fits(source) or (rule.holds_out and not source.groups):
            continue
        selection = held_out(source, protocol)
        for modality in source.choices:
            found = assign(corpus, modality, protocol, 1, selection)
            for split in SPLITS:
                for name, indices in found.samples[split].items():
                    labels = corpus.pools[name].labels[indices]
                    assert torch.equal(labels, found.labels[split])
            record = audit(corpus, found)
            for name, count in record.overlap("train", "test").distinct.items():
                assert count == 0, (protocol, name)


def test_a_protocol_for_other_sources_is_refused(source: Source) -> None:
    unfit = [name for name, rule in PROTOCOLS.items() if not rule.fits(source)]
    assert unfit
    for protocol in unfit:
        with pytest.raises(InputError, match=f"protocol must be one of .* got '{protocol}'"):
            assign(load(source), source.choices[-1], protocol, 0)


def test_whole_groups_stand_on_one_side_of_paired_samples() -> None:
    register_source(three("three"))
    try:
        record = audit(load(SOURCES["three"]), assign(load(SOURCES["three"]), "fused", "paired", 0))
        for first, second in (("train", "validation"), ("train", "test"), ("validation", "test")):
            assert record.overlap(first, second).groups == dict.fromkeys(SHAPES, 0)
    finally:
        del SOURCES["three"]


def test_some_modalities_have_one_name_in_any_order() -> None:
    register_source(three("three"))
    try:
        settings = DataSettings(source="three")
        one, other = (
            TrialDefinition.create(data=settings, modality=name)
            for name in ("picture+touch", "touch+picture")
        )
        assert one.name == other.name
        assert one.modalities == ("picture", "touch")
        assert one.network_spec().classes == CLASSES
        full = TrialDefinition.create(data=settings, modality="touch+sonar+picture")
        assert full.modality == "fused"
        with pytest.raises(InputError, match="Did you mean touch"):
            TrialDefinition.create(data=settings, modality="picture+tuch")
    finally:
        del SOURCES["three"]


def test_three_modalities_and_four_classes_from_arrays_to_rows(tmp_path: Path) -> None:
    register_source(three("three"))
    try:
        levels = {"modality": ("fused", "touch"), "fusion": ("gated",), "size": ("S/3",)}
        study = Study("mine", "Mine", "Does it run?", (Grid(levels | {"noise_std": (0.0, 0.1)}),))
        profile = Profile(name="tiny", summary="", epochs={"fused": 1}, seeds=1, draws=1)
        location = Location("three")
        store = TrialStore(tmp_path)
        plan = make_plan(
            [study], profile, "three", store, protocols=["paired"], fingerprint=content_at(location)
        )
        for job in jobs_of(plan, store, location):
            run_population(dict(job.payload), lambda event: None)
        rows = [row for row in tabulate(plan, store) if row["metric"] == "accuracy"]
        assert {(row["modality"], row["noise_std"], row["split"]) for row in rows} == {
            (modality, noise, split)
            for modality in ("fused", "touch")
            for noise in (0.0, 0.1)
            for split in ("validation", "test")
        }
        assert all(0 <= row["value"] <= 1 for row in rows)
        fused = next(t.definition for t in plan.trials if t.definition.modality == "fused")
        answers = store.folder(fused.name).predictions()
        assert answers["labels"].dtype == answers["predicted"].dtype == torch.int64
        assert answers["logits"].shape[1] == CLASSES
        assert set(SHAPES) <= set(answers)
    finally:
        del SOURCES["three"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": torch.tensor([0.5, 1.0])}, "labels must be 2 whole numbers"),
        ({"labels": torch.tensor([0, -1])}, "labels must be 0 or more, got -1"),
        ({"labels": torch.tensor([7, 7])}, "labels must be of two or more classes, got '7 alone'"),
        ({"classes": ("a",)}, "labels must be below 1"),
        ({"inputs": {"fused": torch.zeros(2, 3)}}, "name of a modality must be a plain word"),
        ({"inputs": {"x": torch.full((2, 3), torch.nan)}}, "inputs must be finite"),
        ({"inputs": {"x": torch.zeros(2, 3), "y": torch.zeros(3, 3)}}, "labels must be 3"),
        ({"test": 1.5}, "a share between 0 and 1"),
        ({"groups": ["a"]}, "groups must be 2 words"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(change: dict, message: str) -> None:
    good = {"inputs": {"x": torch.zeros(2, 3)}, "labels": torch.tensor([0, 1]), "test": 0.5}
    given = good | change
    with pytest.raises((InputError, DataError), match=message):
        memory_source("mine", given.pop("inputs"), given.pop("labels"), **given)


@pytest.mark.parametrize("numbers", [(0, 5), (3, 9), (7, 10_012), (1, 2)])
def test_only_labels_that_are_there_are_classes(numbers: tuple[int, int]) -> None:
    """0 and 5 alone were six classes, four of which nothing was of."""
    labels = torch.tensor(numbers).repeat(6)
    source = memory_source("sparse", {"x": torch.randn(12, 3), "y": torch.randn(12, 4)}, labels)
    pool = source.read(DataSettings(source="builtin"), None).pools["y"]
    assert source.classes == tuple(map(str, numbers))
    assert pool.labels.tolist() == [0, 1] * 6
    with_names = memory_source(
        "named", {"x": torch.randn(4, 3)}, [0, 2] * 2, classes=("a", "b", "c")
    )
    assert with_names.classes == ("a", "b", "c")
    assert (
        with_names.read(DataSettings(source="builtin"), None).pools["x"].labels.tolist()
        == [0, 2] * 2
    )


def test_a_class_that_one_modality_lacks_is_refused() -> None:
    inputs = {"x": torch.randn(12, 3), "y": torch.randn(12, 4)}
    labels = {"x": torch.tensor([0, 5, 9] * 4), "y": torch.tensor([0, 5] * 6)}
    with pytest.raises(InputError, match=r"labels of y must hold every class .* got none of '9'"):
        memory_source("lopsided", inputs, labels)
    labels["y"] = labels["x"]
    groups = {"x": ["p", "q"] * 6, "y": ["p"] * 3 + ["q"] * 9}
    mask = {name: torch.tensor([each == "p" for each in own]) for name, own in groups.items()}
    labels["y"] = torch.tensor([0, 5, 5, 9, 0, 5, 9, 0, 5, 9, 0, 5])
    with pytest.raises(InputError, match="in test, got none of '9'"):
        memory_source("lopsided", inputs, labels, groups=groups, test=mask)


def test_labels_beyond_a_byte_come_back(tmp_path: Path) -> None:
    """300 classes: labels were stored in one byte, and 256 was read as 0."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(1200) % 300
    register_source(
        memory_source("many", {"x": torch.randn(1200, 6, generator=generator)}, labels, test=0.25)
    )
    try:
        corpus = load(SOURCES["many"])
        settings = {"plan": "mlp", "budget": 40_000, "epochs": 1, "time_steps": 1}
        selection = Selection(validation={"x": 0.34})
        definition = TrialDefinition.create(
            data=DataSettings(source="many"), selection=selection, **settings
        ).on(corpus)
        payload = {"definition": definition.naming(), "conditions": []}
        run_population(
            {"store": str(tmp_path), "data_folder": None, "device": "cpu", "backend": "auto"}
            | {"trials": [payload]},
            lambda event: None,
        )
        stored = TrialStore(tmp_path).folder(definition.name).predictions()
        assert torch.equal(stored["labels"], labels[stored["x"].long()])
        assert int(stored["labels"].max()) > 255
    finally:
        del SOURCES["many"]


@pytest.mark.parametrize("argument", ["labels", "groups", "test", "kinds"])
def test_what_is_said_of_no_modality_is_refused(argument: str) -> None:
    labels = torch.arange(40) % 2
    inputs = {name: torch.zeros(40, 3, 4) for name in ("sight", "sound")}
    said: dict[str, Any] = {
        "labels": dict.fromkeys(("sight", "sound", "sond"), labels),
        "groups": {"sond": ["a", "b"] * 20},
        "test": {"sight": 0.25, "sound": 0.25, "sond": 0.25},
        "kinds": {"sond": "array"},
    }
    with pytest.raises(InputError, match=rf"{argument} must be one of.*Did you mean sound\?"):
        memory_source("said", inputs, **({"labels": labels} | {argument: said[argument]}))


def test_samples_that_belong_together_are_on_one_side() -> None:
    labels, groups = torch.arange(80) % 2, [f"s{number % 8 // 2}" for number in range(80)]
    inputs = {name: torch.zeros(80, 3, 4) for name in ("sight", "sound")}
    with pytest.raises(InputError, match="sight and sound, which belong together, got"):
        memory_source("halves", inputs, labels, groups={"sound": groups}, test=0.25)
    both = memory_source("halves", inputs, labels, groups=dict.fromkeys(inputs, groups), test=0.25)
    assert [each.groups for each in both.modalities] == [("s0", "s1", "s2", "s3")] * 2
