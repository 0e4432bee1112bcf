"""Every executor against the one contract: this process, the pool, a real Ray cluster of two."""

import importlib.util
import logging
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from spikefuse.core.errors import InputError
from spikefuse.execution import (
    AutoExecutor,
    Event,
    Executor,
    InProcessExecutor,
    Job,
    PoolExecutor,
    RayExecutor,
)
from spikefuse.execution.gpus import device_environments

JOBS = "executor_jobs"
PATIENCE_S = 120
GPU = "CUDA_VISIBLE_DEVICES"
TWO_GPUS = device_environments("cuda", 2, {})

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="ray is not installed"
)


@pytest.fixture(autouse=True)
def importable_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


@pytest.fixture
def ray_executor(cluster: str) -> RayExecutor:
    """An executor on a connection that the program has made: quicker than one per test."""
    import ray

    if not ray.is_initialized():
        ray.init(address=cluster, log_to_driver=False, logging_level=logging.ERROR)
    return RayExecutor(threads=1)


EXECUTORS: list[Any] = [
    "process",
    "pool",
    pytest.param("ray", marks=needs_ray),
]
MAKE: dict[str, Callable[[], Executor]] = {
    "process": lambda: InProcessExecutor(threads=1),
    "pool": lambda: PoolExecutor(workers=2, threads=1),
    "auto": lambda: AutoExecutor(workers=2, threads=1),
}


@pytest.fixture(params=EXECUTORS)
def executor(request: pytest.FixtureRequest) -> Executor:
    if request.param == "ray":
        made: Executor = request.getfixturevalue("ray_executor")
        return made
    return MAKE[request.param]()


def job(name: str, function: str, cost: float = 1.0, **payload: Any) -> Job:
    return Job(name, f"{JOBS}:{function}", payload, cost)


class Listener:
    """Keeps the events and sees that each job's come in the order of the contract."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    def kinds(self, name: str) -> list[str]:
        return [event.kind for event in self.events if event.job == name]

    def data(self, name: str, kind: str) -> list[Mapping[str, Any]]:
        return [event.data for event in self.events if (event.job, event.kind) == (name, kind)]


# -- what comes back -----------------------------------------------------------------------------


def test_no_jobs(executor: Executor) -> None:
    listener = Listener()
    assert executor.run([], listener) == []
    assert listener.events == []


def test_results_come_in_the_order_of_the_jobs(executor: Executor) -> None:
    jobs = [job(f"{number}", "echo", cost=number % 3, number=number) for number in range(6)]
    results = executor.run(jobs, Listener())
    assert [result.job for result in results] == [job.name for job in jobs]
    assert [result.value for result in results] == [{"number": number} for number in range(6)]
    assert all(result.ok and result.error is None and result.seconds > 0 for result in results)


def test_values_pass_exactly(executor: Executor) -> None:
    values = {
        "float": 0.1 + 0.2,
        "small": 5e-324,
        "infinite": float("-inf"),
        "int": 2**70,
        "text": 'é\n"\u2028\x1e\0',
        "nested": [[{"a": None}], True],
        "long": "x" * 1_000_000,
    }
    (result,) = executor.run([job("values", "echo", **values)], Listener())
    assert result.value == values


def test_payload_goes_through_json(executor: Executor) -> None:
    payload = {"list": [1, 2]}
    spoiled = Job("spoiled", f"{JOBS}:spoil", payload)
    tuples = Job("tuples", f"{JOBS}:echo", {"pair": (1, 2)})
    first, second = executor.run([spoiled, tuples], Listener())
    assert first.ok
    assert payload == {"list": [1, 2]}
    assert spoiled.payload == {"list": [1, 2]}
    assert second.value == {"pair": [1, 2]}


def test_same_names_are_refused(executor: Executor) -> None:
    with pytest.raises(InputError, match="job names must be unique, got 'a' twice"):
        executor.run([job("a", "echo"), job("b", "echo"), job("a", "echo")], Listener())


# -- events --------------------------------------------------------------------------------------


def test_events_of_a_job_in_their_order(executor: Executor) -> None:
    listener = Listener()
    jobs = [job("many", "steps", steps=40), job("none", "steps", steps=0)]
    executor.run(jobs, listener)
    assert listener.kinds("many") == ["started", *["progress"] * 40, "finished"]
    assert listener.kinds("none") == ["started", "finished"]
    assert listener.data("many", "progress") == [
        {"step": step, "share": step / 40} for step in range(40)
    ]
    (end,) = listener.data("many", "finished")
    assert end["seconds"] > 0


def test_what_the_listener_raises_ends_the_run(executor: Executor) -> None:
    def break_down(event: Event) -> None:
        if event.kind == "progress":
            raise RuntimeError("the display is broken")

    begin = time.monotonic()
    with pytest.raises(RuntimeError, match="the display is broken"):
        executor.run([job("a", "swallow"), job("b", "swallow")], break_down)
    assert time.monotonic() - begin < PATIENCE_S
    # And the executor is none the worse for it.
    (result,) = executor.run([job("c", "echo", one=1)], Listener())
    assert result.value == {"one": 1}


# -- failures ------------------------------------------------------------------------------------


def test_failures_are_told_and_stop_nothing(
    executor: Executor, caplog: pytest.LogCaptureFixture
) -> None:
    listener = Listener()
    jobs = [
        job("refused", "refuse"),
        job("divided", "divide", zero=0),
        job("left", "leave"),
        job("list", "return_list"),
        job("object", "return_object"),
        job("progress", "report_object"),
        job("unknown function", "nothing"),
        Job("unknown module", "no_such_module_here:function", {}),
        job("fine", "echo", fine=True),
    ]
    results = {result.job: result for result in executor.run(jobs, listener)}
    errors = {name: result.error for name, result in results.items()}
    assert errors.pop("fine") is None
    assert results["fine"].value == {"fine": True}
    assert errors == {
        "refused": "somewhere: leak must be in 0..1, got 2.",
        "divided": "ZeroDivisionError: division by zero",
        "left": "SystemExit: enough",
        "list": "execution: result of job 'list' must be a mapping, got list.",
        "object": (
            "execution: result of job 'object' must be what JSON can hold, got: Object of type "
            "PosixPath is not JSON serializable. Convert it first, for example with .item() or "
            ".tolist()."
        ),
        "progress": (
            "execution: progress of job 'progress' must be what JSON can hold, got: Object of type "
            "PosixPath is not JSON serializable. Convert it first, for example with .item() or "
            ".tolist()."
        ),
        "unknown function": ("execution: entry must name a function, got 'executor_jobs:nothing'."),
        "unknown module": (
            "execution: entry must name an importable module, got "
            "'no_such_module_here:function'. Install the package that has it where the job runs."
        ),
    }
    for name, error in errors.items():
        assert not results[name].ok
        assert results[name].value is None
        assert listener.kinds(name)[-1] == "failed"
        assert listener.data(name, "failed") == [{"error": error}]
    assert listener.kinds("divided") == ["started", "progress", "failed"]
    assert results["refused"].detail is None
    assert 'return {"value": 1 / payload["zero"]}' in str(results["divided"].detail)
    assert "job divided failed: ZeroDivisionError: division by zero\nTraceback" in caplog.text


@pytest.mark.parametrize("executor", EXECUTORS[1:], indirect=True)
def test_killed_worker_fails_its_job_only(executor: Executor) -> None:
    listener = Listener()
    jobs = [job("killed", "die", cost=9), *(job(f"{n}", "echo", number=n) for n in range(4))]
    results = executor.run(jobs, listener)
    assert [result.ok for result in results] == [False, True, True, True, True]
    error = str(results[0].error)
    assert error.startswith("execution: job must run to its end, got: its")
    assert "\n" not in error
    assert listener.kinds("killed") == ["started", "failed"]


# -- deadlines -----------------------------------------------------------------------------------


def test_jobs_stop_before_their_deadline(executor: Executor) -> None:
    listener = Listener()
    deadline = time.time() + 20
    timed = [
        Job("late", f"{JOBS}:count_until_deadline", {"pieces": 5}, deadline=time.time() - 1),
        Job("long", f"{JOBS}:count_until_deadline", {"pieces": 10**6}, deadline=deadline),
        Job("short", f"{JOBS}:count_until_deadline", {"pieces": 5}, deadline=deadline),
    ]
    late, long, short = executor.run(timed, listener)
    assert time.time() < deadline + 2
    assert (late.ok, late.stopped, late.value) == (False, True, {"advanced": 0})
    assert listener.kinds("late") == ["stopped"]
    assert (long.ok, long.stopped) == (False, True)
    assert long.value is not None
    assert long.value["advanced"] == len(listener.data("long", "progress")) > 0
    assert listener.data("long", "stopped") == [
        {"error": "stopped before the time limit; the same command goes on from here"}
    ]
    # In this process it comes after the long one; elsewhere beside it.
    assert short.stopped or short.value == {"pieces": 5}


# -- around a job --------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:this is")
def test_logs_arrive_and_prints_do_no_harm(
    executor: Executor, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.INFO):
        listener = Listener()
        (result,) = executor.run([job("chatter", "chatter")], listener)
    assert result.ok, result.detail
    assert listener.kinds("chatter") == ["started", "finished"]
    messages = [record for record in caplog.records if record.name == "spikefuse.somewhere"]
    assert [record.levelname for record in messages] == ["WARNING"]
    assert messages[0].getMessage().endswith("careful: 7")
    if isinstance(executor, PoolExecutor):
        assert "chatter: from a child" in caplog.text
        assert 'chatter: no line end{"kind": "progress", "data": 3}' in caplog.text
        assert "this is odd" in caplog.text
        assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("executor", EXECUTORS[1:], indirect=True)
def test_two_jobs_run_at_once(executor: Executor, tmp_path: Path) -> None:
    jobs = [job(who, "meet", who=who, folder=str(tmp_path), jobs=2) for who in ("a", "b")]
    first, second = executor.run(jobs, Listener())
    assert first.ok, first.error
    assert second.ok, second.error
    assert first.value is not None
    assert second.value is not None
    assert first.value["process"] != second.value["process"]


@needs_ray
def test_ray_shows_each_job_one_gpu(ray_executor: RayExecutor, tmp_path: Path) -> None:
    check_gpus(RayExecutor(threads=1, devices=TWO_GPUS), tmp_path)
    (result,) = ray_executor.run([job("cpu", "surroundings", names=[GPU])], Listener())
    assert result.value is not None
    assert result.value["environment"].get(GPU, "") == ""


@pytest.mark.parametrize("executor", [PoolExecutor, AutoExecutor])
def test_pool_shows_each_job_one_gpu(executor: Callable[..., Executor], tmp_path: Path) -> None:
    assert check_gpus(executor(devices=TWO_GPUS), tmp_path) == {"0", "1"}


def check_gpus(executor: Executor, folder: Path) -> set[str]:
    """Two jobs that are there at once see one GPU each."""
    jobs = [
        job(who, "meet", who=who, folder=str(folder), jobs=2, names=[GPU]) for who in ("a", "b")
    ]
    seen = []
    for result in executor.run(jobs, Listener()):
        assert result.value is not None, result.error
        seen.append(result.value["environment"][GPU])
    # On two nodes of Ray both may be the first.
    assert all(one and "," not in one for one in seen)
    return set(seen)


def test_same_numbers_everywhere(executor: Executor) -> None:
    jobs = [job(f"seed {seed}", "train", cost=seed, seed=seed) for seed in range(4)]
    expected = InProcessExecutor(threads=1).run(jobs, Listener())
    listener = Listener()
    results = executor.run(jobs, listener)
    assert [result.value for result in results] == [result.value for result in expected]
    assert all(result.value is not None and result.value["threads"] == 1 for result in results)
    losses = [data["loss"] for data in listener.data("seed 3", "progress")]
    assert results[3].value is not None
    assert losses == results[3].value["losses"]
    assert len({result.value["weight"] for result in results if result.value}) == 4


# -- Ray alone -------------------------------------------------------------------------------------


@needs_ray
def test_two_ray_nodes_give_the_results_of_one_process(cluster: str, tmp_path: Path) -> None:
    import ray

    ray.shutdown()
    executor = RayExecutor(threads=1, address=cluster)
    trained = [job(f"seed {seed}", "train", seed=seed) for seed in range(4)]
    apart = [
        job(who, "node", cost=9, who=who, folder=str(tmp_path), jobs=2) for who in ("here", "there")
    ]
    results = executor.run([*apart, *trained], Listener())
    assert not ray.is_initialized()
    assert [result.error for result in results] == [None] * 6
    assert len({result.value["node"] for result in results[:2] if result.value}) == 2
    expected = InProcessExecutor(threads=1).run(trained, Listener())
    assert [result.value for result in results[2:]] == [result.value for result in expected]


@needs_ray
def test_ray_runs_a_job_again_after_its_worker_was_lost(
    ray_executor: RayExecutor, tmp_path: Path
) -> None:
    listener = Listener()
    (result,) = ray_executor.run([job("a", "die", once=str(tmp_path / "died"))], listener)
    assert result.value == {"again": True}
    assert listener.kinds("a") == ["started", "finished"]


@needs_ray
def test_ray_runs_a_job_again_after_its_node_was_lost(
    cluster_nodes: Any, ray_executor: RayExecutor, tmp_path: Path
) -> None:
    third = cluster_nodes.add_node(
        num_cpus=1, object_store_memory=80 * 2**20, include_dashboard=False
    )

    def lose_a_node() -> None:
        while len(list(tmp_path.iterdir())) < 3:
            time.sleep(0.01)
        cluster_nodes.remove_node(third, allow_graceful=False)
        (tmp_path / "lost").touch()

    # The jobs need each other, so one is on each node; they end once a node is lost.
    jobs = [job(who, "meet", who=who, folder=str(tmp_path), jobs=4) for who in "abc"]
    loser = threading.Thread(target=lose_a_node)
    loser.start()
    listener = Listener()
    results = ray_executor.run(jobs, listener)
    loser.join()
    assert [result.error for result in results] == [None, None, None]
    for who in "abc":
        assert listener.kinds(who) == ["started", "finished"]
