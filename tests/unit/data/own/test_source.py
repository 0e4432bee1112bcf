"""Own data as a source: splits, groups and pairs reach training as they were found."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from own_files import class_folders, stacked, stem_folders, table_folder, write_image

from spikefuse.core.errors import DataError
from spikefuse.data import SOURCES, DataSettings, Selection, assign, load_corpus, locate
from spikefuse.data.own.source import register_own
from spikefuse.results import TrialStore
from spikefuse.training import TrialDefinition, train_population

SPLITS = ("train", "validation", "test")


@pytest.fixture(autouse=True)
def sources() -> Iterator[None]:
    before = dict(SOURCES)
    yield
    SOURCES.clear()
    SOURCES.update(before)


def corpus_of(data):
    source = register_own(data)
    return load_corpus(DataSettings(source=source.name), locate(source.name))


def test_splits_of_the_data_are_those_of_every_seed(tmp_path: Path, read) -> None:
    data = read(table_folder(tmp_path / "moves"), group="subject")
    corpus = corpus_of(data)

    for seed in (0, 1):
        found = assign(corpus, "fused", "paired", seed).samples
        for split in SPLITS:
            expected = data.modalities["move"].of(split)
            assert torch.equal(found[split]["move"], expected)
            assert torch.equal(found[split]["sight"], expected)


def test_samples_paired_by_class_share_their_class(tmp_path: Path, read) -> None:
    data = read(class_folders(tmp_path / "animals"))
    corpus = corpus_of(data)
    found = assign(corpus, "fused", "disjoint", 0)

    for split in SPLITS:
        for name in ("sight", "sound"):
            chosen = found.samples[split][name]
            assert torch.equal(data.modalities[name].labels[chosen], found.labels[split])
            assert set(chosen.tolist()) <= set(data.modalities[name].of(split).tolist())


def test_features_are_rows_and_time_is_columns(tmp_path: Path, read) -> None:
    data = read(stacked(tmp_path / "body.npz"))
    pools = corpus_of(data).pools

    assert pools["move"].inputs.shape == (24, 1, 6, 9)
    assert torch.equal(pools["move"].inputs[:, 0, 2], data.modalities["move"].inputs[:, :, 2])
    assert pools["touch"].inputs.shape == (24, 1, 7, 1)
    assert pools["map"].inputs.shape == (24, 2, 5, 4)


def test_changed_data_has_other_trials(tmp_path: Path, read) -> None:
    folder = stem_folders(tmp_path / "digits")
    corpora = [corpus_of(read(folder, pair="stem"))]
    write_image(folder / "sight" / "1" / "take-0.png", 99, (8, 8), "L")
    corpora.append(corpus_of(read(folder, pair="stem")))
    definitions = [
        TrialDefinition.create(
            data=DataSettings(source="own-digits"), modality="sight", plan="mlp", budget=1000
        ).on(corpus)
        for corpus in corpora
    ]
    assert definitions[0].name != definitions[1].name
    with pytest.raises(DataError, match="must be the data of the definition"):
        train_population([definitions[0]], corpora[1], TrialStore(tmp_path / "runs"))


@pytest.mark.parametrize("modality", ["sight", "sound", "fused"])
@pytest.mark.parametrize("network", ["snn", "dnn"])
def test_networks_are_trained_on_it(tmp_path: Path, read, modality: str, network: str) -> None:
    corpus = corpus_of(read(stem_folders(tmp_path / "digits"), pair="stem"))
    plain = TrialDefinition.create(
        data=DataSettings(source="own-digits"),
        network=network,
        modality=modality,
        protocol="paired",
        plan="mlp",
        budget=60_000,
        epochs=1,
        time_steps=1 if network == "dnn" else 2,
    )
    store = TrialStore(tmp_path / "runs")
    definition = plain.on(corpus)
    train_population([definition], corpus, store)

    assert store.state(definition.name) == "done"


def test_part_of_the_training_samples_keeps_the_shares_of_given_splits_for_every_seed(
    read, tmp_path: Path
) -> None:
    """Members of a population are of several seeds and must have splits of one size."""
    corpus = corpus_of(read(class_folders(tmp_path / "parted", count=10)))
    selection = Selection(train={"sight": 9})
    sizes = set()
    for seed in range(5):
        samples = assign(corpus, "sight", "disjoint", seed, selection).samples
        sizes.add(tuple(len(samples[split]["sight"]) for split in ("train", "validation")))

    assert sizes == {(7, 2)}


def test_every_group_can_be_held_out_also_the_only_one_of_validation(tmp_path: Path, read) -> None:
    data = read(table_folder(tmp_path / "moves"), group="subject")
    corpus = corpus_of(data)
    groups = corpus.pools["move"].groups
    assert groups is not None
    for number, name in enumerate(data.group_names):
        found = [
            assign(corpus, "fused", "speaker", seed, Selection(held_out_speaker=name)).samples
            for seed in (0, 1)
        ]
        met = {split: set(groups[found[0][split]["move"]].tolist()) for split in SPLITS}
        assert met["test"] == {number}
        assert met["train"] | met["validation"] == set(range(len(data.group_names))) - {number}
        assert not met["train"] & met["validation"]
        for split in SPLITS:
            assert torch.equal(found[0][split]["move"], found[1][split]["move"]), "any seed's"
            assert torch.equal(found[0][split]["move"], found[0][split]["sight"])


def test_a_source_says_what_its_groups_are_and_whether_training_knows_them(
    tmp_path: Path, read
) -> None:
    moves = table_folder(tmp_path / "moves")
    source = register_own(read(moves, group="subject"))
    assert (source.group_noun, source.groups) == ("subject", tuple(f"s{n}" for n in range(6)))
    assert [each.knows_groups for each in source.modalities] == [False, False]
    table = moves / "metadata.csv"
    table.write_text(
        table.read_text().replace(
            "1.png,moves/1.npy,down,s0,test", "1.png,moves/1.npy,down,s5,test"
        )
    )
    known = register_own(read(moves, group="subject"))
    assert [each.knows_groups for each in known.modalities] == [True, True]


def test_a_group_that_one_modality_has_alone_leaves_the_others_as_they_are(
    tmp_path: Path, read
) -> None:
    folder = class_folders(tmp_path / "animals", count=6)
    for sound in sorted((folder / "sound").rglob("*.wav")):
        voice = ("ann", "ben", "cy")[int("".join(filter(str.isdigit, sound.stem)) or 0) % 3]
        sound.rename(sound.with_name(f"{voice}-{sound.name}"))
    data = read(folder, modalities={"sound": {"name_pattern": "{speaker}-{take}"}}, group="speaker")
    source = register_own(data)
    assert [each.groups for each in source.modalities if each.groups] == [data.group_names]
