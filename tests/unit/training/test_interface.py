"""A trial's folder holds all that a use of the network needs, and old folders still open."""

import json

import pytest
import torch

from spikefuse.core.errors import StoreError
from spikefuse.data import DataSettings, Selection
from spikefuse.results import TrialStore, manifest
from spikefuse.training import TrialDefinition, train_population
from spikefuse.training.card import _accuracy
from spikefuse.training.feed import Feed
from spikefuse.training.interface import interface_of, read_interface, stored_interface


@pytest.fixture(scope="module")
def trained(tmp_path_factory, corpus):
    definition = TrialDefinition.create(
        modality="fused",
        budget=300_000,
        time_steps=2,
        epochs=1,
        data=DataSettings(source="builtin", image_size=8, spectrogram_size=8),
        selection=Selection(images=100, clips=100, test_images=50),
    )
    store = TrialStore(tmp_path_factory.mktemp("whole"))
    train_population([definition], corpus, store)
    return store.folder(definition.name), definition


def test_the_interface_holds_classes_scaling_and_order(trained, corpus) -> None:
    folder, definition = trained
    found = stored_interface(folder)

    assert found is not None
    assert found.classes == definition.source.classes
    assert tuple(found.modalities) == tuple(m.name for m in definition.source.modalities)
    assert found.layer_order.features == "HWC"
    feed = Feed(corpus, [definition])
    heard = definition.modalities[-1]
    mean, std = found.statistics(heard)
    torch.testing.assert_close(mean, feed._statistics[heard][0][0, 0], rtol=0, atol=0)
    torch.testing.assert_close(std, feed._statistics[heard][1][0, 0], rtol=0, atol=0)
    assert interface_of(feed, 0) == found


def test_the_manifest_guards_it_and_older_versions_refuse_the_folder(trained) -> None:
    folder, _ = trained
    document = json.loads((folder.path / manifest.MANIFEST).read_bytes())

    assert manifest.INTERFACE in document["files"]
    assert document["format"] == 2
    assert manifest.problems(folder.path, thorough=True) == []


def test_the_card_says_what_the_results_say(trained) -> None:
    folder, definition = trained
    card = (folder.path / manifest.CARD).read_text(encoding="utf-8")
    results = folder.record().results

    assert f"{100 * results['accuracy']['test_best']:.2f} %" in card
    assert "95 % interval" in card
    assert results["fingerprint"] in card
    assert f"`{definition.name}`" in card
    assert "## Limits" in card
    assert "horowitz-45nm" in card


def test_the_card_names_silent_layers_where_its_accuracy_stands(trained) -> None:
    folder, _ = trained
    results = {**folder.record().results, "rates": {"image.conv1": 0.1, "fused.hidden": 0.0}}
    told = "\n".join(_accuracy(results))
    assert "Silent, so that nothing passes them: fused.hidden." in told
    assert "Silent" not in "\n".join(_accuracy(results | {"rates": {"fused.hidden": 0.2}}))


def test_a_card_that_is_edited_or_lost_damages_nothing(trained) -> None:
    folder, _ = trained
    (folder.path / manifest.CARD).unlink()
    assert folder.state() == "done"


def test_a_folder_without_interface_is_one_of_before(trained, tmp_path) -> None:
    folder, definition = trained
    store = TrialStore(tmp_path)
    old = store.open(definition.naming())
    record = folder.record()
    for row in record.metrics:
        old.append_metrics(row)
    old.finish(record.results, folder.weights(), folder.predictions(), record.provenance)

    assert json.loads((old.path / manifest.MANIFEST).read_bytes())["format"] == 1
    assert old.state() == "done"
    assert stored_interface(old) is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "a newer spikefuse"),
        ({"classes": 3}, "classes"),
        ({"layer_order": {"features": "WHC"}}, "features"),
    ],
)
def test_a_damaged_interface_is_refused(trained, change, message) -> None:
    folder, _ = trained
    document = folder.interface()
    assert document is not None

    with pytest.raises(StoreError, match=message):
        read_interface(document | change, folder.path)
