"""Networks are not stored in the folder of the data that they are trained on."""

from pathlib import Path

import numpy as np
import pytest
from own_files import snapshot

import spikefuse as sf
from spikefuse.core.errors import InputError
from spikefuse.data.own import read_own
from spikefuse.data.own.source import register_from


def test_fit_and_ask_store_nothing_in_data_of_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "walks"
    folder.mkdir()
    steps = np.random.default_rng(0).normal(size=(24, 5, 3)).astype("float32")
    for name, values in (("arm", steps), ("leg", steps + 1), ("labels", np.arange(24) % 3)):
        np.save(folder / f"{name}.npy", values)
    before = snapshot(folder)
    source = register_from(read_own(folder), folder)
    data = sf.dataset(source.name)
    net = sf.network(data, parameters=40_000, seeds=1)
    for store in (folder / "nets", folder, tmp_path / "walks" / ".." / "walks" / "x"):
        with pytest.raises(InputError, match=r"^fit: store must lie outside the data, got "):
            sf.fit(net, data, epochs=1, store=store)
        with pytest.raises(InputError, match=r"^ask: out must lie outside the data, got "):
            sf.ask(data, profile="smoke", out=store)
        with pytest.raises(InputError, match=r"^ask: out must lie outside the data, got "):
            sf.ask(source.name, profile="smoke", out=store)
    assert snapshot(folder) == before
    sf.fit(net, data, epochs=1, store=tmp_path / "nets")
    assert (tmp_path / "nets" / "trials").is_dir()
