"""Checks answer with the constraint, the value and the nearest spelling."""

import pytest

from spikefuse.core.checks import nearest, one_of, require
from spikefuse.core.errors import InputError, MissingExtraError, SpikefuseError


def test_one_of_returns_what_is_allowed() -> None:
    assert one_of("here", "--profile", "quick", ("smoke", "quick")) == "quick"


@pytest.mark.parametrize(
    ("typo", "meant"), [("quik", "quick"), ("QUICK", "quick"), ("smok", "smoke")]
)
def test_a_typo_is_answered_with_the_nearest(typo: str, meant: str) -> None:
    with pytest.raises(InputError, match=f"got '{typo}'. Did you mean {meant}"):
        one_of("here", "--profile", typo, ("smoke", "quick", "paper"))


def test_nothing_near_lists_all() -> None:
    assert nearest("zzz", ("smoke", "quick")) == []
    with pytest.raises(InputError, match="one of smoke, quick, got 'zzz'"):
        one_of("here", "--profile", "zzz", ("smoke", "quick"))


def test_require() -> None:
    require(True, "here", "seeds", "at least 1", 1)
    with pytest.raises(InputError, match=r"here: seeds must be at least 1, got 0\."):
        require(False, "here", "seeds", "at least 1", 0)


def test_every_error_is_a_spikefuse_error_in_one_line() -> None:
    error = MissingExtraError("execution", "ray")
    assert isinstance(error, SpikefuseError)
    assert "\n" not in str(error)
    assert 'pip install "spikefuse[ray]"' in str(error)
