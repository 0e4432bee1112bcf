"""Fresh pairs, lost modalities: functions of seed and epoch; what they do to batches."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from spikefuse.data import Corpus, Selection
from spikefuse.results import TrialStore
from spikefuse.training import TrialDefinition, train_population
from spikefuse.training.feed import Feed
from spikefuse.training.redrawn import KEPT, fresh_partners, lost_modalities

Make = Callable[..., TrialDefinition]


def test_fresh_pairs_keep_class_and_side(corpus: Corpus, trial: Make) -> None:
    definition = trial(modality="fused", pairs="fresh")
    feed = Feed(corpus, [definition, trial(modality="fused", seed=1)])
    before = feed._indices["train"]["audio"].clone()
    pool, everyone = corpus.pools["audio"], torch.arange(feed.size("train")).expand(2, -1)
    seen = []
    for epoch in (1, 2, 1):
        feed.begin(epoch)
        batch = feed.batch("train", everyone)
        clips = batch.samples["audio"]
        assert torch.equal(pool.labels[clips], batch.labels)
        assert set(clips[0].tolist()) == set(before[0].tolist()), "the split's own clips, all"
        assert torch.equal(clips[1], before[1]), "fixed pairs stay"
        seen.append(clips[0])
    assert torch.equal(seen[0], seen[2])
    assert 0.5 < (seen[0] != seen[1]).double().mean() < 1
    validation = feed.batch("validation", torch.zeros(2, 1).long()).samples["audio"]
    assert validation[0].item() not in set(before[0].tolist())


def test_shuffled_pairs_stay_shuffled(corpus: Corpus, trial: Make) -> None:
    selection = Selection(images=200, test_images=50, shuffle_audio=True)
    definition = trial(modality="fused", pairs="fresh", selection=selection)
    (assignment,) = Feed(corpus, [definition]).assignments
    drawn = fresh_partners(definition, assignment, "audio", corpus.pools["audio"], 3)
    agree = corpus.pools["audio"].labels[drawn] == assignment.labels["train"]
    assert agree.double().mean() < 0.3


def test_a_share_of_samples_loses_one_modality(trial: Make) -> None:
    definition = trial(modality="fused", modality_dropout=0.4)
    lost = lost_modalities(definition, 20_000, 1)
    shares = [(lost == place).double().mean().item() for place in (KEPT, 0, 1)]
    assert shares == pytest.approx([0.6, 0.2, 0.2], abs=0.01)
    assert torch.equal(lost, lost_modalities(definition, 20_000, 1))
    assert not torch.equal(lost, lost_modalities(definition, 20_000, 2))
    none = trial(modality="fused")
    assert (lost_modalities(none, 100, 1) == KEPT).all()


def test_what_is_lost_is_zeros_in_training_alone(corpus: Corpus, trial: Make) -> None:
    members = [trial(modality="fused", modality_dropout=0.5), trial(modality="fused", seed=1)]
    feed, plain = Feed(corpus, members), Feed(corpus, members)
    feed.begin(1)
    everyone = torch.arange(feed.size("train")).expand(2, -1)
    ours, whole = feed.batch("train", everyone), plain.batch("train", everyone)
    lost = feed._lost
    for place, name in enumerate(("image", "audio")):
        is_lost = lost[0] == place
        assert (ours.inputs[name][0, is_lost] == 0).all()
        assert torch.equal(ours.inputs[name][0, ~is_lost], whole.inputs[name][0, ~is_lost])
        assert torch.equal(ours.inputs[name][1], whole.inputs[name][1])
    tested = [f.batch("test", torch.arange(50).expand(2, -1)) for f in (feed, plain)]
    assert torch.equal(tested[0].inputs["image"], tested[1].inputs["image"])


@pytest.mark.parametrize(
    "choice",
    [{"pairs": "fresh"}, {"modality_dropout": 0.5}, {"modulation": "ogm-ge"}],
    ids=["pairs", "dropout", "modulation"],
)
def test_alone_beside_others_and_resumed(
    corpus: Corpus, trial: Make, tmp_path: Path, choice: dict[str, object]
) -> None:
    """A member of its own choice, in one population with one of none; stopped after each epoch."""
    small = {"modality": "fused", "budget": 120_000, "threshold": 0.1, "surrogate": "triangle"}
    chosen, none = (trial(**small, seed=3, **each) for each in (choice, {}))
    assert chosen.name != none.name
    assert chosen.population_key() == none.population_key()
    together, apart = TrialStore(tmp_path / "together"), TrialStore(tmp_path / "apart")
    train_population([none, chosen], corpus, together)

    class Killed(Exception):
        pass

    def kill(event: dict) -> None:
        if event["epoch"] == 1 and event["validation_accuracy"]:
            raise Killed

    with pytest.raises(Killed):
        train_population([chosen], corpus, apart, kill)
    train_population([chosen], corpus, apart)
    train_population([none], corpus, apart)
    for each in (chosen, none):
        ours, own = (store.folder(each.name).weights() for store in (together, apart))
        assert all(torch.equal(ours[name], own[name]) for name in ours)
    ours, own = (together.folder(each.name).weights() for each in (chosen, none))
    assert any(not torch.equal(ours[name], own[name]) for name in ours)
