"""A trial's name holds its data: training and evaluation refuse every other corpus."""

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from spikefuse.core.errors import DataError
from spikefuse.data import (
    SOURCES,
    Corpus,
    DataSettings,
    Location,
    Selection,
    load_corpus,
    locate,
    memory_source,
    register_source,
)
from spikefuse.results import TrialStore
from spikefuse.training import TrialDefinition, train_population
from spikefuse.training.feed import Feed

Make = Callable[..., TrialDefinition]


@pytest.fixture
def memory() -> Iterator[Callable[[int], Corpus]]:
    """Makes the corpus of a source called "mine", whose content a seed decides."""

    def make(seed: int) -> Corpus:
        SOURCES.pop("mine", None)
        generator = torch.Generator().manual_seed(seed)
        sound = torch.randn(40, 5, 6, generator=generator)
        register_source(memory_source("mine", {"sound": sound}, torch.arange(40) % 2))
        return load_corpus(DataSettings(source="mine"), Location("mine"))

    yield make
    SOURCES.pop("mine", None)


def refused(definition: TrialDefinition, corpus: Corpus, tmp_path: Path, message: str) -> None:
    store = TrialStore(tmp_path)
    with pytest.raises(DataError, match=message):
        train_population([definition], corpus, store)
    assert store.state(definition.name) != "done"


def test_own_tensors_under_the_name_of_a_pinned_source(
    corpus: Corpus, trial: Make, tmp_path: Path
) -> None:
    own = dataclasses.replace(corpus.image, inputs=torch.zeros_like(corpus.image.inputs))
    changed = dataclasses.replace(corpus, pools={**corpus.pools, "image": own})
    refused(trial(), changed, tmp_path, "pools that were changed since, or made by hand")


@pytest.mark.parametrize("part", ["labels", "official_test", "groups"])
def test_every_part_of_a_pool_counts(
    corpus: Corpus, trial: Make, tmp_path: Path, part: str
) -> None:
    pool = corpus.audio
    rolled = dataclasses.replace(pool, **{part: getattr(pool, part).roll(1)})
    changed = dataclasses.replace(corpus, pools={**corpus.pools, "audio": rolled})
    refused(trial(), changed, tmp_path, "changed since")


def test_a_corpus_made_by_hand(corpus: Corpus, trial: Make, tmp_path: Path) -> None:
    by_hand = Corpus("builtin", corpus.pools, corpus.fingerprint, "Mine.")
    refused(trial(), by_hand, tmp_path, "made by hand")
    other = dataclasses.replace(corpus, fingerprint="0" * 16)
    refused(trial(), other, tmp_path, "fingerprint 0000000000000000")


def test_another_preprocessing(corpus: Corpus, trial: Make, tmp_path: Path) -> None:
    settings = DataSettings(source="builtin", image_size=8, spectrogram_size=8, hop=64)
    refused(trial(data=settings), corpus, tmp_path, "must be the data of the definition")


def test_another_source(trial: Make, memory: Callable[[int], Corpus], tmp_path: Path) -> None:
    refused(trial(), memory(0), tmp_path, "got source 'mine'")


def test_a_content_has_a_name_of_its_own(memory: Callable[[int], Corpus], tmp_path: Path) -> None:
    corpora = [memory(seed) for seed in (0, 0, 1)]
    plain = TrialDefinition.create(data=DataSettings(source="mine"), plan="mlp", budget=1000)
    definitions = [plain.on(corpus) for corpus in corpora]
    assert definitions[0].name == definitions[1].name != definitions[2].name
    assert plain.name not in {definition.name for definition in definitions}
    refused(plain, corpora[2], tmp_path, r"TrialDefinition\.on\(corpus\)")
    refused(definitions[0], corpora[2], tmp_path, "must be the data of the definition")


def test_evaluation_refuses_it_too(corpus: Corpus, trial: Make) -> None:
    with pytest.raises(DataError, match="changed since"):
        Feed(dataclasses.replace(corpus, checksum="0"), [trial()])


def test_a_pinned_source_needs_no_fingerprint(corpus: Corpus, trial: Make) -> None:
    definition = trial(selection=Selection(images=200, test_images=50))
    assert definition.on(corpus).name == definition.name
    assert "fingerprint" not in definition.naming()["data"]
    with pytest.raises(ValueError, match="fingerprint must be left out for source 'builtin'"):
        DataSettings(source="builtin", fingerprint="0" * 16)


def test_changed_data_is_told_when_it_is_read(memory: Callable[[int], Corpus]) -> None:
    before = memory(0).content
    memory(1)
    with pytest.raises(DataError, match="has changed since these trials were defined"):
        load_corpus(DataSettings(source="mine", fingerprint=before), Location("mine"))
    assert locate("mine").source == "mine"
