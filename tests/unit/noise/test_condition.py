"""Noise at evaluation: its size, place, freshness and streams."""

import pytest
import torch

from spikefuse.noise import NOISES, NoiseCondition, NoiseDraw, Strength

SITES = ("image.conv1", "image.conv2", "fused.hidden")


def _draw(draw: int = 0, seeds: tuple[int, ...] = (0,), batch: int = 0, **condition) -> NoiseDraw:
    settings = {"noise_std": 2.0} | condition
    return NoiseDraw(NoiseCondition(**settings), SITES, seeds, ("test", draw, batch))


def test_standard_deviation_is_the_one_asked_for() -> None:
    added = _draw().before(SITES[0], torch.zeros(1, 1, 100, 40), 5)
    assert added.shape == (1, 5, 100, 40)
    assert added.std().item() == pytest.approx(2.0, rel=0.02)
    assert added.mean().item() == pytest.approx(0.0, abs=0.05)


def test_fresh_at_every_step_site_draw_and_batch() -> None:
    x = torch.zeros(1, 1, 4, 4)
    first = _draw().before(SITES[0], x, 2)
    assert not torch.equal(first[:, 0], first[:, 1])
    for other in (
        _draw().before(SITES[1], x, 2),
        _draw(draw=1).before(SITES[0], x, 2),
        _draw(batch=1).before(SITES[0], x, 2),
        _draw(seeds=(1,)).before(SITES[0], x, 2),
    ):
        assert not torch.equal(first, other)
    assert torch.equal(first, _draw().before(SITES[0], x, 2))


def test_a_members_noise_does_not_depend_on_its_neighbours() -> None:
    x = torch.zeros(3, 1, 4, 4)
    together = _draw(seeds=(5, 6, 7)).before(SITES[0], x, 2)
    assert torch.equal(together[1:2], _draw(seeds=(6,)).before(SITES[0], x[:1], 2))


def test_position() -> None:
    x = torch.ones(1, 2, 4, 4)
    before, after = _draw(noise_position="before"), _draw(noise_position="after")
    assert before.after(SITES[0], x) is x
    assert after.before(SITES[0], x, 2) is x
    assert not torch.equal(after.after(SITES[0], x), x)


@pytest.mark.parametrize(
    ("sites", "disturbed"),
    [("all", SITES), ("first", SITES[:1]), ("last", SITES[-1:])],
)
def test_sites(sites: str, disturbed: tuple[str, ...]) -> None:
    x = torch.ones(1, 2, 4, 4)
    noise = _draw(sites=sites)
    found = tuple(site for site in SITES if noise.before(site, x, 2) is not x)
    assert found == disturbed


def test_deletion_loses_the_share_asked_for_and_nothing_else() -> None:
    noise = _draw(kind="deletion", noise_std=0.3, seeds=(0, 1))
    spikes = (torch.rand(2, 4, 50, 40) < 0.5).float()
    kept = noise.after(SITES[0], spikes)
    assert kept.unique().tolist() == [0, 1]
    assert (kept <= spikes).all()
    for member in range(2):
        lost = 1 - kept[member].sum() / spikes[member].sum()
        assert lost.item() == pytest.approx(0.3, abs=0.02)
    assert not torch.equal(kept[0][spikes[0] == spikes[1]], kept[1][spikes[0] == spikes[1]])
    whole = torch.ones(2, 4, 50, 40)
    again = noise.after(SITES[0], whole)
    assert not torch.equal(again[0, 0], again[0, 1]), "fresh at every step"
    assert torch.equal(
        again[1:], _draw(kind="deletion", noise_std=0.3, seeds=(1,)).after(SITES[0], whole[:1])
    )
    assert not torch.equal(again, noise.after(SITES[1], whole))
    assert noise.before(SITES[0], whole, 4) is whole
    everything = _draw(kind="deletion", noise_std=1.0, seeds=(0, 1))
    assert everything.after(SITES[0], whole).sum() == 0


@pytest.mark.parametrize("kind", NOISES)
def test_every_kind_keeps_the_contract(kind: str) -> None:
    record = NOISES[kind]
    assert record.title
    assert record.unit
    for position in record.positions:
        x = (torch.rand(2, 3, 4, 6) < 0.5).float()
        none = _draw(kind=kind, noise_std=0.0, noise_position=position, seeds=(3, 4))
        assert none.before(SITES[0], x, 3) is x
        assert none.after(SITES[0], x) is x
        for dtype in (torch.float32, torch.bfloat16):
            gone = torch.zeros_like(x, dtype=dtype)
            severity = min(0.9, record.highest)
            strong = Strength(severity, (3, 4), replacement=gone)
            together = record.disturb(x.to(dtype), 3, strong)
            assert together.shape == x.shape
            assert together.dtype == dtype
            assert not torch.equal(together, x.to(dtype))
            own = Strength(severity, (4,), replacement=gone[1:])
            alone = record.disturb(x[1:].to(dtype), 3, own)
            assert torch.equal(together[1:], alone)


def test_stored_names_know_the_first_kind_by_its_absence() -> None:
    old = {"noise_std": 0.1, "noise_position": "after", "sites": "all", "draws": 2, "samples": None}
    condition = NoiseCondition.model_validate(old)
    assert condition.kind == "gaussian"
    assert condition.naming() == old
    other = NoiseCondition(noise_std=0.1, kind="deletion", draws=2)
    assert other.naming() == old | {"kind": "deletion"}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"kind": "delition", "noise_std": 0.1}, "Did you mean deletion"),
        ({"kind": "deletion", "noise_std": 1.1}, "at most 1 .probability"),
        ({"kind": "deletion", "noise_std": 0.1, "noise_position": "before"}, "must be after"),
        ({"noise_std": -1.0}, "greater than or equal to 0"),
    ],
)
def test_what_a_kind_does_not_know_is_refused(settings: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        NoiseCondition(**settings)


@pytest.mark.parametrize("position", ["before", "after"])
def test_std_zero_is_the_identity(position: str) -> None:
    noise = _draw(noise_std=0.0, noise_position=position)
    x = torch.ones(1, 2, 4, 4)
    assert noise.before(SITES[0], x, 2) is x
    assert noise.after(SITES[0], x) is x
