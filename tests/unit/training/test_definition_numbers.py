"""Numbers of a definition that no machine takes are refused where they are given."""

import pytest
from pydantic import ValidationError

from spikefuse.core.errors import InputError
from spikefuse.noise.condition import NoiseCondition
from spikefuse.studies.design import Cell
from spikefuse.training import TrialDefinition


@pytest.mark.parametrize("name", ["learning_rate", "leak", "threshold", "surrogate_width"])
@pytest.mark.parametrize("value", [1e-320, -1e-310])
def test_what_processors_take_for_zero_is_refused(name: str, value: float) -> None:
    with pytest.raises((InputError, ValidationError), match=r"0 or at least 2\.2e-308 in size"):
        TrialDefinition(**{name: value})


@pytest.mark.parametrize(
    "values",
    [
        {"seed": 2**63},
        {"time_steps": 10**20},
        {"budget": 10**20},
        {"batch_size": 10**20},
        {"epochs": 10**20},
    ],
    ids=str,
)
def test_numbers_beyond_any_machine_are_refused(values: dict[str, int]) -> None:
    (name,) = values
    with pytest.raises(ValidationError, match=name):
        TrialDefinition(**values)
    assert TrialDefinition(seed=2**63 - 1).seed == 2**63 - 1


def test_draws_have_an_end() -> None:
    with pytest.raises(ValidationError, match="draws"):
        NoiseCondition(noise_std=0.1, draws=10**20)


def test_a_zero_has_one_name() -> None:
    """The sign of a zero changes nothing that is trained."""
    one, other = TrialDefinition(leak=0.0), TrialDefinition(leak=-0.0)
    assert one.name == other.name
    assert str(NoiseCondition(noise_std=-0.0)) == str(NoiseCondition(noise_std=0.0))
    assert str(Cell(noise_std=-0.0)) == str(Cell(noise_std=0.0))
    assert TrialDefinition(modality_dropout=-0.0).name == TrialDefinition().name
