"""`count`: what a trial stores of itself, and the same of somebody's module."""

import re
from pathlib import Path

import pytest
import torch
from torch import nn

import spikefuse as sf
from spikefuse.core.errors import InputError, StudyError
from spikefuse.meters.stored_counts import mean_counts, stored

SAMPLES = 5


class Mine(nn.Module):
    """Somebody's dense network of two inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.out = nn.LazyLinear(6), nn.Linear(6, 4)

    def forward(self, inputs):
        flat = [x.flatten(1) for x in inputs.values()]
        return self.out(torch.relu(self.hidden(torch.cat(flat, dim=1))))


def test_what_was_counted_is_shown_in_a_line() -> None:
    found = sf.count(nn.Linear(8, 4), torch.eye(8)[:2])
    assert repr(found) == "Counted(Linear, seeds 0)"
    assert repr(found.counts[0]) == "Counts(Linear, 2 samples)"
    assert repr(found.energy()[0]) == "Energy(horowitz-45nm, Linear)"


def test_counts_are_those_that_trials_store(data, small) -> None:
    fit = sf.fit(small(time_steps=2), data, epochs=1)
    found = sf.count(fit, data)

    for seed, definition in fit.definitions.items():
        kept = fit.store.folder(definition.name).observations()
        ours = stored(found.counts[seed])
        assert {name for name in kept if name.startswith("synops/")} == set(ours)
        assert all(torch.equal(kept[name], each) for name, each in ours.items())
        mean = mean_counts(kept)
        energy = found.energy_pj("lemaire-2022").values[seed]
        branches = {
            name: each.values[seed] for name, each in found.branch_pj("lemaire-2022").items()
        }
        assert sum(branches.values()) == pytest.approx(energy)
        assert found.right[seed].sum() == round(
            fit.accuracy().values[seed] * len(found.right[seed])
        )
        assert float(mean.spikes()) == pytest.approx(
            float(found.counts[seed].spikes().double().mean())
        )


def test_fewer_samples_are_the_first_ones(data, small) -> None:
    fit = sf.fit(small(time_steps=2, seeds=1), data, epochs=1)
    whole, part = sf.count(fit, data).counts[0], sf.count(fit, data, SAMPLES).counts[0]

    assert part.samples == SAMPLES
    assert torch.equal(part.accumulates(), whole.accumulates()[:SAMPLES])


def test_a_module_trained_here_or_as_it_is(data) -> None:
    run = sf.fit(Mine(), data, epochs=2)
    trained, bare = sf.count(run, data, SAMPLES), sf.count(run.modules[0], data, SAMPLES)
    layers = trained.counts[0].layers

    assert [layer.name for layer in layers] == ["hidden", "out"]
    inputs = layers[0].shape.inputs
    assert trained.counts[0].dense() == 6 * inputs + 4 * 6
    assert torch.equal(trained.counts[0].multiplies(), bare.counts[0].multiplies())
    energy = trained.energy_pj("horowitz-45nm").mean
    assert energy == pytest.approx(4.6 * trained.counts[0].dense())


def test_energy_of_a_right_answer_is_all_energy_over_the_right_answers(data) -> None:
    module = Mine()
    sf.count(module, data)  # A lazy layer has its weights now.
    with torch.no_grad():
        module.out.weight.zero_()
        module.out.bias.copy_(torch.eye(4)[0])  # Class 0, whatever it is shown.
    found = sf.count(module, data)
    hits, samples = int(found.right[0].sum()), len(found.right[0])

    assert 0 < hits < samples
    energy = found.energy_pj("horowitz-45nm").mean
    assert energy == pytest.approx(4.6 * found.counts[0].dense())
    assert found.right_pj().mean == pytest.approx(energy * samples / hits)


def test_bare_tensors_have_energy_and_no_right_answers() -> None:
    found = sf.count(nn.Linear(8, 4), torch.eye(8)[:2])

    assert found.energy_pj("horowitz-45nm-int8").mean == pytest.approx(32 * 0.23)
    with pytest.raises(StudyError, match="bare tensors"):
        found.right_pj()


def test_what_is_no_network_is_refused(data) -> None:
    with pytest.raises(InputError, match=r"count: fit must be a trained network or an nn\.Module"):
        sf.count("net", data)
    with pytest.raises(InputError, match="samples must be 1 or more"):
        sf.count(nn.Linear(2, 2), torch.eye(2), 0)


def test_the_examples_of_the_page_run(capsys: pytest.CaptureFixture[str]) -> None:
    page = Path(__file__).parents[3] / "docs" / "energy.md"
    examples = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)

    assert len(examples) == 2
    for example in examples:
        exec(compile(example, page.name, "exec"), {})
    said = capsys.readouterr().out
    assert "dict_keys(['image', 'audio', 'fused'])" in said
    assert "torch.Size([2, " in said
