"""Adam for a population: each member is updated as if it were alone, at its own rate."""

import torch

from spikefuse.networks import NetworkSpec, build
from spikefuse.training.optimiser import PopulationAdam

RATES = (1e-3, 3e-3, 1e-3)
SPEC = NetworkSpec(input_shapes={"image": (1, 8, 8)}, plan="mlp", budget=5_000)


def test_members_are_updated_as_by_an_optimiser_of_their_own() -> None:
    network = build([SPEC] * 3, [0, 1, 2])
    parameters = list(network.parameters())
    apart = [
        [p.detach()[member].clone().requires_grad_() for p in parameters] for member in range(3)
    ]
    optimisers = [
        torch.optim.Adam(own, lr=rate, fused=True) for own, rate in zip(apart, RATES, strict=True)
    ]
    together = PopulationAdam(network, RATES)
    for living in ([0, 1, 2], [0, 2], [0, 1, 2]):
        for index, stack in enumerate(parameters):
            stack.grad = torch.randn_like(stack)
            for member, own in enumerate(apart):
                own[index].grad = stack.grad[member].clone() if member in living else None
        together.step(living)
        for optimiser in optimisers:
            optimiser.step()
        for member, own in enumerate(apart):
            assert all(torch.equal(p[member], q) for p, q in zip(parameters, own, strict=True))
    together.clear()
    assert all(stack.grad is None for stack in parameters)


def test_a_state_moves_to_another_population() -> None:
    source, target = (build([SPEC] * 2, [0, 1]) for _ in range(2))
    ours, theirs = PopulationAdam(source, RATES[:2]), PopulationAdam(target, RATES[:2])
    for stack in source.parameters():
        stack.grad = torch.randn_like(stack)
    ours.step([0, 1])
    places = [tensor.data_ptr() for tensor in theirs.tensors()]
    theirs.load_member(0, ours.member_state(1))
    moved, kept = ours.member_state(1), theirs.member_state(1)
    assert all(torch.equal(value, moved[key]) for key, value in theirs.member_state(0).items())
    assert all(not value.any() for value in kept.values())
    assert [tensor.data_ptr() for tensor in theirs.tensors()] == places, "captured memory stays"
