import csv
from collections.abc import Callable

from spikefuse.results import TrialStore, index_rows, write_index

Finish = Callable[..., None]


def test_index_has_one_row_a_trial(store: TrialStore, finish: Finish) -> None:
    done = store.open({"seed": 1, "neuron": {"leak": 0.9}, "extra": True})
    partial = store.open({"seed": 2, "neuron": {"leak": 1.0}, "layers": [1, 2]})
    finish(done)
    partial.append_metrics({"epoch": 1})
    path = write_index(store)
    assert path == store.root / "index.csv"
    with path.open(newline="") as file:
        rows = {row["trial"]: row for row in csv.DictReader(file)}
    assert rows == {
        done.trial: {
            "trial": done.trial,
            "state": "done",
            "epochs": "2",
            "extra": "true",
            "neuron.leak": "0.9",
            "results.accuracy.test_best": "0.5",
            "results.status": "done",
            "seed": "1",
        },
        partial.trial: {
            "trial": partial.trial,
            "state": "partial",
            "epochs": "1",
            "extra": "",
            "neuron.leak": "1.0",
            "results.accuracy.test_best": "",
            "results.status": "",
            "seed": "2",
        },
    }


def test_index_is_made_from_the_folders_alone(store: TrialStore, finish: Finish) -> None:
    finish(store.open({"seed": 1}))
    before = write_index(store).read_bytes()
    (store.root / "index.csv").write_text("nonsense")
    assert write_index(store).read_bytes() == before
    (store.root / "index.csv").unlink()
    assert write_index(store).read_bytes() == before


def test_index_of_an_empty_store(store: TrialStore) -> None:
    assert index_rows(store) == []
    assert write_index(store).read_text() == "trial,state,epochs\n"
