"""What is kept is what came last."""

from spikefuse.core.recent import Recent


def test_the_oldest_goes_and_a_change_is_no_new_entry() -> None:
    kept: Recent[str, int] = Recent(2)
    kept["a"], kept["b"] = 1, 2
    kept["a"] = 3
    assert dict(kept) == {"a": 3, "b": 2}
    kept["c"] = 4
    assert dict(kept) == {"b": 2, "c": 4}
