import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikefuse.core.errors import InputError
from spikefuse.execution import Job, parse_shard, shard

COSTS = st.lists(st.floats(0, 1e6), max_size=30)


def make(costs: list[float]) -> list[Job]:
    return [Job(f"job {number}", "m:f", {}, cost) for number, cost in enumerate(costs)]


@pytest.mark.parametrize(
    ("text", "expected"), [("1/1", (1, 1)), ("2/8", (2, 8)), (" 10 / 10 ", (10, 10))]
)
def test_parse(text: str, expected: tuple[int, int]) -> None:
    assert parse_shard(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "0/4", "5/4", "1", "1/", "/4", "-1/4", "1/0", "1.5/4", "a/b", "1/4/2", "٢/٨", "0/0"],
)
def test_bad_text_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(InputError, match="shard must be 'i/n' with 1 <= i <= n, got") as caught:
        parse_shard(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("index", "count"), [(0, 1), (2, 1), (1, 0), (-1, 3)])
def test_bad_numbers_are_refused(index: int, count: int) -> None:
    with pytest.raises(InputError, match=r"shard: (index|count) must be"):
        shard([], index, count)


@given(costs=COSTS, count=st.integers(1, 8))
def test_shares_are_disjoint_complete_and_in_order(costs: list[float], count: int) -> None:
    jobs = make(costs)
    shares = [shard(jobs, index, count) for index in range(1, count + 1)]
    names = [job.name for share in shares for job in share]
    assert sorted(names) == sorted(job.name for job in jobs)
    for share in shares:
        assert share == [job for job in jobs if job in share]


@given(costs=COSTS, count=st.integers(1, 8), random=st.randoms(use_true_random=False))
def test_shares_do_not_depend_on_the_order(costs: list[float], count: int, random: object) -> None:
    jobs = make(costs)
    shuffled = list(jobs)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    for index in range(1, count + 1):
        assert {job.name for job in shard(jobs, index, count)} == {
            job.name for job in shard(shuffled, index, count)
        }


@given(costs=COSTS.filter(bool), count=st.integers(1, 8))
def test_shares_are_balanced(costs: list[float], count: int) -> None:
    jobs = make(costs)
    loads = [sum(job.cost for job in shard(jobs, index, count)) for index in range(1, count + 1)]
    assert max(loads) <= sum(costs) / count + max(costs) + 1e-6
    # Never more than one job's worth between two shares.
    assert max(loads) - min(loads) <= max(costs) + 1e-6


def test_known_shares() -> None:
    jobs = make([7, 6, 5, 4, 3])
    assert [[job.cost for job in shard(jobs, index, 2)] for index in (1, 2)] == [
        [7, 4, 3],
        [6, 5],
    ]


def test_jobs_without_cost_are_spread_too() -> None:
    assert [len(shard(make([0.0] * 7), index, 3)) for index in (1, 2, 3)] == [3, 2, 2]


def test_more_shares_than_any_cluster_has_are_refused() -> None:
    assert parse_shard("100000/100000") == (100_000, 100_000)
    for text in ("1/100001", "1/100000000000"):
        with pytest.raises(InputError, match="shares must be at most 100,000"):
            parse_shard(text)
