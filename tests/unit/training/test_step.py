"""The training step: captured and repeated it is the step that runs operation by operation."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tape import Tape, TapeCapture
from torch import Tensor

from spikefuse.core.deadline import Deadline, OutOfTimeError
from spikefuse.data import Corpus
from spikefuse.networks import build
from spikefuse.results import TrialStore
from spikefuse.training import TrialDefinition, fit, graph, train_population
from spikefuse.training.checkpoint import read_position
from spikefuse.training.feed import Batch, Feed
from spikefuse.training.optimiser import PopulationAdam
from spikefuse.training.step import Capture, TrainingSteps

Make = Callable[..., TrialDefinition]


def members_of(trial: Make, modality: str = "image", network: str = "snn") -> list[TrialDefinition]:
    return [
        trial(modality=modality, network=network, seed=0, batch_size=30),
        trial(modality=modality, network=network, seed=1, batch_size=30, learning_rate=3e-3),
    ]


def steps_of(
    members: list[TrialDefinition], corpus: Corpus, capture: Capture | None
) -> TrainingSteps:
    feed = Feed(corpus, members)
    network = build(
        [m.network_spec() for m in members], [m.seed for m in members], backend="reference"
    ).train()
    optimiser = PopulationAdam(network, [m.learning_rate for m in members])
    return TrainingSteps(network, feed, optimiser, capture)


def run_epochs(steps: TrainingSteps, epochs: int) -> list[Tensor]:
    """Every number that training leaves behind."""
    members = steps.network.members
    left: list[Tensor] = []
    for epoch in range(1, epochs + 1):
        steps.begin(epoch, 0, [0.0] * members, [0.0] * members)
        steps.run(0, steps.count)
        sums = steps.look()
        left += [torch.tensor(sums.losses), torch.tensor(sums.hits)]
        assert sums.broken == [None] * members
    left += [p.detach().clone() for p in steps.network.parameters()]
    return left + [t.clone() for t in steps.optimiser.tensors()]


@pytest.mark.parametrize(
    ("modality", "network"), [("image", "snn"), ("fused", "snn"), ("fused", "dnn")]
)
def test_a_captured_step_equals_the_plain_one(
    corpus: Corpus, trial: Make, modality: str, network: str
) -> None:
    """Batches, pairs, sums, moments and step counts: nothing may have been frozen by the capture.

    160 samples in batches of 30: the last one is smaller and is not captured.
    """
    members = members_of(trial, modality, network)
    capture = TapeCapture()
    captured = steps_of(members, corpus, capture)
    assert captured.samples % captured.batch_size != 0
    ours = run_epochs(captured, 3)
    plain = run_epochs(steps_of(members, corpus, None), 3)
    assert len(ours) == len(plain)
    assert all(torch.equal(a, b) for a, b in zip(ours, plain, strict=True))
    (tape,) = capture.tapes
    assert tape.replays == 3 * (captured.samples // captured.batch_size)


def test_an_epoch_takes_every_batch_of_the_order(
    corpus: Corpus, trial: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when it goes on in the middle."""
    steps = steps_of(members_of(trial), corpus, None)
    original, taken = steps.feed.batch, []

    def watched(split: str, positions: Tensor, number: int = 0) -> Batch:
        taken.append(positions)
        return original(split, positions, number)

    monkeypatch.setattr(steps.feed, "batch", watched)
    for epoch, done in ((1, 0), (2, 3)):
        steps.begin(epoch, done, [0.0, 0.0], [0.0, 0.0])
        steps.run(done, steps.count - done)
        left = steps.feed.training_order(epoch)[:, done * steps.batch_size :]
        assert torch.equal(torch.cat(taken, dim=1), left)
        taken.clear()


def test_captures_do_not_look_at_values(corpus: Corpus, trial: Make) -> None:
    """The tape refuses what a graph would refuse, and the plain step does look."""
    steps = steps_of(members_of(trial), corpus, None)
    steps.begin(1, 0, [0.0, 0.0], [0.0, 0.0])
    with pytest.raises(RuntimeError, match="capturing"), Tape():
        bool(steps.network(steps.feed.batch("train", torch.zeros(2, 1).long()).inputs).sum() > 0)


def test_a_capture_leaves_no_trace(corpus: Corpus, trial: Make) -> None:
    """Not even where only the last, smaller batch is left, for which a whole one has no samples."""
    steps, plain = (steps_of(members_of(trial), corpus, c) for c in (TapeCapture(), None))
    for each in (steps, plain):
        each.begin(1, each.count - 1, [0.5, 0.25], [0.1, 0.2])
    for ours, theirs in zip(steps._state(), plain._state(), strict=True):
        assert torch.equal(ours, theirs)
    assert steps.look().losses == [0.5, 0.25]


def poison(network: torch.nn.Module, member: int) -> None:
    with torch.no_grad():
        next(network.parameters())[member].fill_(float("nan"))


def test_a_captured_member_that_breaks_down_is_told_with_its_step(
    corpus: Corpus, trial: Make
) -> None:
    members = members_of(trial)
    steps, alone = (steps_of(ms, corpus, TapeCapture()) for ms in (members, members[:1]))
    for each, count in ((steps, 2), (alone, 1)):
        each.begin(1, 0, [0.0] * count, [0.0] * count)
        each.run(0, 2)
    assert steps.look().broken == [None, None]
    poison(steps.network, 1)
    for each in (steps, alone):
        each.run(2, each.count - 2)
    # A spiking network answers as if its neurons kept silent; the gradient tells.
    assert steps.look().broken == [None, ("gradient", 2)]
    pairs = zip(steps.network.parameters(), alone.network.parameters(), strict=True)
    assert all(torch.equal(together[0], apart[0]) for together, apart in pairs)


def test_a_step_that_is_not_captured_keeps_the_last_finite_weights(
    corpus: Corpus, trial: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = steps_of(members_of(trial), corpus, None)
    steps.begin(1, 0, [0.0, 0.0], [0.0, 0.0])
    steps.run(0, 1)
    before = [p.detach().clone() for p in steps.network.parameters()]
    weight = next(steps.network.parameters())

    def break_gradient(gradient: Tensor) -> Tensor:
        broken = gradient.clone()
        broken[1] = float("inf")
        return broken

    weight.register_hook(break_gradient)
    steps.run(1, 2)
    assert steps.look().broken == [None, ("gradient", 1)]
    assert steps.alive == [0]
    for old, new in zip(before, steps.network.parameters(), strict=True):
        assert torch.equal(old[1], new[1])
        assert not torch.equal(old[0], new[0])


@pytest.fixture
def captured(monkeypatch: pytest.MonkeyPatch) -> TapeCapture:
    """Training on this CPU as on a GPU: captured steps, one look an epoch."""
    capture = TapeCapture()
    monkeypatch.setattr(fit, "capture_on", lambda device: capture)
    return capture


def everything(store: TrialStore, definition: TrialDefinition) -> dict[str, object]:
    record = store.read(definition.name)
    return {
        "results": {k: v for k, v in record.results.items() if k != "seconds"},
        "metrics": [{k: v for k, v in row.items() if k != "seconds"} for row in record.metrics],
        "weights": {k: v.tolist() for k, v in store.folder(definition.name).weights().items()},
    }


def test_trials_trained_by_captured_steps_equal_the_others(
    corpus: Corpus, trial: Make, tmp_path: Path, captured: TapeCapture
) -> None:
    members = members_of(trial, "fused")
    ours, plain = TrialStore(tmp_path / "ours"), TrialStore(tmp_path / "plain")
    events: list[dict] = []
    train_population(members, corpus, ours, events.append, backend="reference")
    assert len(captured.tapes) == 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit, "capture_on", lambda device: None)
        train_population(members, corpus, plain, backend="reference")
    for member in members:
        assert everything(ours, member) == everything(plain, member)
    assert [(e["epoch"], e["step"]) for e in events] == [(1, 0), (1, 6), (2, 0), (2, 6)]


def test_captured_training_stops_in_time_and_goes_on(
    corpus: Corpus, trial: Make, tmp_path: Path, captured: TapeCapture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Between two looks within an epoch, too."""
    monkeypatch.setattr(fit, "CAPTURED_STEPS", 2)
    members = members_of(trial)
    whole, pieces = TrialStore(tmp_path / "whole"), TrialStore(tmp_path / "pieces")
    train_population(members, corpus, whole, backend="reference")
    positions = []
    for _ in range(30):
        now = iter(range(10_000))
        try:
            deadline = Deadline(18.0, lambda now=now: float(next(now)))
            train_population(members, corpus, pieces, deadline=deadline, backend="reference")
        except OutOfTimeError:
            positions.append(read_position(pieces.folder(members[0].name)))
        else:
            break
    assert positions == sorted(set(positions)), "each call came further"
    assert any(step in (2, 4) for _, step in positions), positions
    for member in members:
        assert everything(whole, member) == everything(pieces, member)


def test_a_device_that_cannot_capture_trains_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Stream:
        def wait_stream(self, other: object) -> None: ...

    class Context:
        def __init__(self, *arguments: object) -> None: ...
        def __enter__(self) -> None: ...
        def __exit__(self, *arguments: object) -> None: ...

    class Refuses(Context):
        def __enter__(self) -> None:
            raise RuntimeError("this operation cannot be recorded\nlong story")

    cuda = torch.cuda
    for name, stand_in in (
        ("Stream", Stream),
        ("current_stream", Stream),
        ("stream", Context),
        ("CUDAGraph", object),
        ("graph", Refuses),
    ):
        monkeypatch.setattr(cuda, name, stand_in)
    value = torch.zeros(1)

    def step() -> None:
        value.add_(1)

    launch = graph.capture(step, [value])
    assert value.item() == 0
    assert "slower: this operation cannot be recorded" in caplog.text
    assert launch is step
