import dataclasses
from types import MappingProxyType
from typing import Any

import pytest

from spikefuse.core.errors import InputError
from spikefuse.execution import Job
from spikefuse.execution.contract import check_names, longest_first, through_json


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": ""}, "name must be some text, got ''"),
        ({"entry": "module"}, "entry must be an importable 'module:function', got 'module'"),
        ({"entry": "module:"}, "entry must be"),
        ({"entry": "a b:c"}, "entry must be"),
        ({"entry": "module:a.b"}, "entry must be"),
        ({"entry": "__main__:main"}, "entry must be an importable"),
        ({"cost": -1.0}, "cost must be a finite number, 0 or more, got -1.0"),
        ({"cost": float("nan")}, "cost must be"),
        ({"cost": float("inf")}, "cost must be"),
        ({"payload": {"a": object()}}, "payload of job 'a' must be what JSON can hold"),
        ({"payload": [1]}, "payload of job 'a' must be a mapping, got list"),
    ],
)
def test_malformed_jobs_are_refused(arguments: dict[str, Any], message: str) -> None:
    sound = {"name": "a", "entry": "package.module:function", "payload": {}, "cost": 0.0}
    Job(**sound)
    with pytest.raises(InputError, match=message):
        Job(**{**sound, **arguments})


def test_payload_is_a_copy_through_json() -> None:
    inner = [1]
    job = Job("a", "m:f", MappingProxyType({"list": inner, "pair": (1, 2)}))
    inner.append(2)
    assert job.payload == {"list": [1], "pair": [1, 2]}
    assert dataclasses.asdict(job)["payload"] == {"list": [1], "pair": [1, 2]}


def test_through_json_keeps_what_is_not_finite() -> None:
    values = {"a": [float("inf"), 0.1 + 0.2]}
    assert through_json(values, "x") == values
    circle: dict[str, Any] = {}
    circle["self"] = circle
    with pytest.raises(InputError, match="x must be what JSON can hold, got: Circular"):
        through_json(circle, "x")


def test_longest_first_does_not_depend_on_the_given_order() -> None:
    jobs = [Job(name, "m:f", {}, cost) for name, cost in [("a", 1), ("c", 5), ("b", 5), ("d", 0)]]
    expected = ["b", "c", "a", "d"]
    assert [job.name for job in longest_first(jobs)] == expected
    assert [job.name for job in longest_first(jobs[::-1])] == expected


def test_names_are_unique() -> None:
    jobs = [Job(name, "m:f", {}) for name in "ab"]
    check_names(jobs)
    with pytest.raises(InputError, match="unique, got 'b' twice"):
        check_names([*jobs, jobs[1]])
