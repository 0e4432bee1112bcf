import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spikefuse.core.errors import InputError
from spikefuse.execution import Event, Job, PoolExecutor, pool
from spikefuse.execution.child import Child
from spikefuse.execution.gpus import device_environments

SOURCE = Path(__file__).parents[3] / "src"
JOBS = Path(__file__).parents[2] / "contracts"
Make = Callable[..., Job]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
        state = Path(f"/proc/{process}/stat")
        return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(condition: Callable[[], bool], patience_s: float = 20) -> bool:
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return condition()


# -- order and number of workers -----------------------------------------------------------------


def test_costliest_jobs_start_first(job: Make, events: list[Event]) -> None:
    jobs = [job(name, cost=cost) for name, cost in (("a", 1), ("b", 9), ("c", 5), ("d", 9))]
    PoolExecutor(workers=1).run(jobs, events.append)
    assert [event.job for event in events if event.kind == "started"] == ["b", "d", "c", "a"]


def test_one_worker_does_all_jobs_of_its_time(job: Make) -> None:
    jobs = [job(f"{number}", "surroundings", names=[]) for number in range(3)]
    results = PoolExecutor(workers=1).run(jobs, lambda event: None)
    processes = {result.value["process"] for result in results if result.value}
    assert len(processes) == 1
    assert not is_running(processes.pop())


def test_defaults_give_every_thread_a_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "usable_cores", lambda: 8)
    made = [PoolExecutor(), PoolExecutor(threads=3), PoolExecutor(threads=16), PoolExecutor(5)]
    assert [(one.workers, one.threads) for one in made] == [(8, 1), (2, 3), (1, 16), (5, 1)]
    with pytest.raises(InputError, match="workers must be 1 or more, got 0"):
        PoolExecutor(workers=0)
    with pytest.raises(InputError, match="threads must be 1 or more, got 0"):
        PoolExecutor(threads=0)


# -- devices -------------------------------------------------------------------------------------

GPU = "CUDA_VISIBLE_DEVICES"


def gpus_of(results: list[Any]) -> list[str]:
    return sorted(result.value["environment"].get(GPU, "") for result in results)


def test_one_worker_a_device_unless_more_are_named() -> None:
    devices = device_environments("cuda", 3)
    assert PoolExecutor(devices=devices).workers == 3
    assert PoolExecutor(devices=devices, workers=1).workers == 1
    assert PoolExecutor(devices=devices, workers=5).workers == 5
    assert PoolExecutor(devices=device_environments("cuda:1", 3)).workers == 1


def test_more_workers_than_devices_share_them_in_turn(job: Make, tmp_path: Path) -> None:
    jobs = [
        job(f"{who}", "meet", who=who, folder=str(tmp_path), jobs=5, names=[GPU])
        for who in range(5)
    ]
    devices = [{GPU: "a"}, {GPU: "b"}]
    results = PoolExecutor(workers=5, devices=devices).run(jobs, lambda event: None)
    assert gpus_of(results) == ["a", "a", "a", "b", "b"]


def test_replaced_worker_gets_the_device_of_its_place(job: Make, tmp_path: Path) -> None:
    """The worker of one device dies while the other's is busy until the jobs behind it are done."""
    devices = [{GPU: "a"}, {GPU: "b"}]
    jobs = [
        job("busy", "meet", cost=9, who="busy", folder=str(tmp_path), jobs=4, names=[GPU]),
        job("killed", "die", cost=8),
        *(
            job(f"{n}", "meet", who=f"{n}", folder=str(tmp_path), jobs=1, names=[GPU])
            for n in range(3)
        ),
    ]
    results = PoolExecutor(devices=devices).run(jobs, lambda event: None)
    busy, killed, *after = results
    assert not killed.ok
    assert gpus_of([busy]) == ["a"]
    assert gpus_of(after) == ["b", "b", "b"]


# -- surroundings of a job -----------------------------------------------------------------------


def test_threads_and_allocator_of_a_worker(job: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MALLOC_MMAP_MAX_", raising=False)
    monkeypatch.setenv("MALLOC_TOP_PAD_", "4096")
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    names = ["OMP_NUM_THREADS", "MALLOC_MMAP_MAX_", "MALLOC_TOP_PAD_", "SPIKEFUSE_WORKER"]
    (result,) = PoolExecutor(workers=1, threads=1).run(
        [job("a", "surroundings", names=names)], lambda event: None
    )
    assert result.value is not None
    assert result.value["threads"] == 1
    assert result.value["environment"] == {
        "OMP_NUM_THREADS": "1",
        "MALLOC_MMAP_MAX_": "0",
        "MALLOC_TOP_PAD_": "4096",
    }


def test_job_reads_nothing_from_the_channel(job: Make) -> None:
    jobs = [job("a", "read_input"), job("b", "read_input")]
    results = PoolExecutor(workers=1).run(jobs, lambda event: None)
    assert [result.value for result in results] == [{"input": "", "descriptor": ""}] * 2


def test_printed_lines_are_logged_with_the_job_that_printed_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "printing_job.py").write_text(
        "def say(payload, report):\n    print('this is', payload['who'], end='')\n    return {}\n"
    )
    jobs = [Job(who, "printing_job:say", {"who": who}) for who in ("a", "b", "c")]
    with caplog.at_level("INFO"):
        PoolExecutor(workers=1).run(jobs, lambda event: None)
    assert [record.getMessage() for record in caplog.records] == [
        f"{who}: this is {who}" for who in ("a", "b", "c")
    ]


# -- workers that end --------------------------------------------------------------------------


def test_killed_worker_is_replaced_and_its_last_words_are_kept(
    job: Make, events: list[Event]
) -> None:
    jobs = [job("killed", "die", cost=9), job("a", "surroundings", names=[]), job("b")]
    results = PoolExecutor(workers=1).run(jobs, events.append)
    assert [result.ok for result in results] == [False, True, True]
    assert results[0].error == (
        "execution: job must run to its end, got: its worker process was killed by SIGKILL (the "
        "system does that when memory runs out). Run the same command again, with fewer workers "
        "if memory was short."
    )
    assert results[0].detail == "last words"


def test_worker_that_exits_fails_its_job_with_the_code(job: Make) -> None:
    jobs = [job("gone", "exit_at_once", cost=9, code=7), job("clean", "exit_at_once", code=0)]
    results = PoolExecutor(workers=1).run([*jobs, job("a")], lambda event: None)
    assert [result.ok for result in results] == [False, False, True]
    assert "its worker process ended with exit code 7." in str(results[0].error)
    assert "its worker process ended with exit code 0." in str(results[1].error)


def test_program_that_outlives_a_killed_worker_does_not_hold_up_the_run(job: Make) -> None:
    begin = time.monotonic()
    results = PoolExecutor(workers=1).run([job("a", "die_with_heir"), job("b")], lambda event: None)
    assert [result.ok for result in results] == [False, True]
    assert time.monotonic() - begin < 15  # the heir stays for 20 s


def test_job_that_garbles_the_channel_fails_alone(job: Make) -> None:
    jobs = [job("a", "garble", cost=9), job("b")]
    results = PoolExecutor(workers=1).run(jobs, lambda event: None)
    assert [result.ok for result in results] == [False, True]
    assert "its worker process was killed" in str(results[0].error)


def test_every_worker_killed_from_outside_fails_one_job_each(
    job: Make, tmp_path: Path, events: list[Event]
) -> None:
    """What happens when the system, short of memory, kills whatever it finds."""

    def kill(event: Event) -> None:
        events.append(event)
        if event.kind == "progress" and event.data["step"] == 1 and event.job in ("a", "b"):
            children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
            os.kill(int(children[-1]), signal.SIGKILL)

    if not Path(f"/proc/self/task/{os.getpid()}/children").exists():
        pytest.skip("needs Linux")
    jobs = [job(name, "swallow", cost=cost) for name, cost in (("a", 3), ("b", 2), ("c", 1))]
    results = PoolExecutor(workers=1).run(jobs, kill)
    assert [result.ok for result in results] == [False, False, True]


def test_workers_that_cannot_start_fail_their_jobs_and_the_run_ends(
    job: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    results = PoolExecutor(workers=2).run([job("a"), job("b"), job("c")], lambda event: None)
    assert [result.ok for result in results] == [False, False, False]
    assert "its worker process could not be started: [Errno 2] No such file" in str(
        results[0].error
    )


def test_one_worker_that_cannot_start_fails_one_job(
    job: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = []

    def sometimes(*arguments: Any) -> Child:
        starts.append(1)
        if len(starts) in (1, 3):
            raise BlockingIOError(11, "Resource temporarily unavailable")
        return Child(*arguments)

    monkeypatch.setattr(pool, "Child", sometimes)
    jobs = [job("a", cost=9), job("b", "die", cost=8), job("c", cost=7), job("d")]
    results = PoolExecutor(workers=1).run(jobs, lambda event: None)
    assert [result.ok for result in results] == [False, False, False, True]
    assert "killed" in str(results[1].error)


def test_broken_start_of_workers_is_explained(
    job: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text("raise SystemExit('no python today')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    results = PoolExecutor(workers=2).run([job("a"), job("b"), job("c")], lambda event: None)
    assert [result.ok for result in results] == [False, False, False]
    assert "ended with exit code 1" in str(results[0].error)
    assert "no python today" in str(results[0].detail)


# -- the end of the parent -----------------------------------------------------------------------

DRIVER = """
import sys
sys.path[:0] = {path!r}
from spikefuse.execution import Job, PoolExecutor
jobs = [
    Job(who, "executor_jobs:meet", {{"who": who, "folder": {folder!r}, "jobs": 9, "patience": 60}})
    for who in ("a", "b")
]
PoolExecutor(workers=2).run(jobs, lambda event: None)
"""


def start_driver(folder: Path) -> tuple[subprocess.Popen[bytes], list[int]]:
    """A process with a pool of two, in the middle of its jobs, and the ids of its workers."""
    program = DRIVER.format(path=[str(SOURCE), str(JOBS)], folder=str(folder))
    driver = subprocess.Popen(
        [sys.executable, "-c", program], stderr=subprocess.PIPE, start_new_session=True
    )
    assert wait_until(lambda: sum(path.stat().st_size > 0 for path in folder.iterdir()) == 2)
    return driver, [int(path.read_text()) for path in folder.iterdir()]


def test_ctrl_c_ends_all_at_once_and_cleanly(tmp_path: Path) -> None:
    driver, workers = start_driver(tmp_path)
    os.killpg(driver.pid, signal.SIGINT)  # as a terminal does: everyone in the group gets it
    _, errors = driver.communicate(timeout=20)
    assert driver.returncode == -signal.SIGINT
    assert not any(is_running(worker) for worker in workers)
    # Python's own last word in the driver, and nothing from the workers.
    assert errors.decode().count("Traceback") == 1
    assert errors.decode().rstrip().endswith("KeyboardInterrupt")


def test_ctrl_c_is_for_the_parent_to_decide(job: Make, tmp_path: Path) -> None:
    def interrupt() -> None:
        assert wait_until(lambda: any(path.stat().st_size for path in tmp_path.iterdir()))
        os.kill(int((tmp_path / "a").read_text()), signal.SIGINT)
        time.sleep(0.2)
        (tmp_path / "go on").touch()

    interrupter = threading.Thread(target=interrupt)
    interrupter.start()
    jobs = [job("a", "meet", who="a", folder=str(tmp_path), jobs=2)]
    (result,) = PoolExecutor(workers=1).run(jobs, lambda event: None)
    interrupter.join()
    assert result.ok, result.error


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_worker_outlives_its_parent(tmp_path: Path, number: signal.Signals) -> None:
    driver, workers = start_driver(tmp_path)
    assert all(is_running(worker) for worker in workers)
    driver.send_signal(number)
    driver.communicate(timeout=20)
    assert wait_until(lambda: not any(is_running(worker) for worker in workers), 10)


def test_listener_that_raises_leaves_no_worker(job: Make, tmp_path: Path) -> None:
    def listener(event: Event) -> None:
        if event.job == "c":
            raise RuntimeError("the display is broken")

    jobs = [
        job(who, "meet", cost=9, who=who, folder=str(tmp_path), jobs=9, patience=60)
        for who in ("a", "b")
    ]
    begin = time.monotonic()
    with pytest.raises(RuntimeError, match="the display is broken"):
        PoolExecutor(workers=3).run([*jobs, job("c")], listener)
    assert time.monotonic() - begin < 10
    assert not any(is_running(int(path.read_text() or 0)) for path in tmp_path.iterdir())


def test_the_end_of_a_worker_that_was_given_up_fails_nothing() -> None:
    """It comes after its job was stopped at the deadline."""
    heard: list[Event] = []
    run = pool._Run([], heard.append, 1, ())
    run.close(pool.stopped(Job("late", "module:work", {})))
    gone = object.__new__(Child)
    gone.job = Job("late", "module:work", {})
    run.take_in(gone, None)
    assert run.results["late"].stopped
    assert [event.kind for event in heard] == ["stopped"]
