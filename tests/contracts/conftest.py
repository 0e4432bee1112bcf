"""A real Ray cluster for the tests that ask for one."""

import logging
from collections.abc import Iterator

import pytest

from spikefuse.execution import RayExecutor

STARTS = 3


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """A Ray cluster of two node processes on this machine, one processor each; its address."""
    RayExecutor()  # before Ray is imported: it makes Ray stay on loopback and send no statistics
    import ray
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "object_store_memory": 80 * 2**20, "include_dashboard": False}
    for start in range(1, STARTS + 1):
        nodes = Cluster()
        try:
            nodes.add_node(**node)
            nodes.add_node(**node)
            break
        except Exception:  # Ray's own limit of 30 s a node can be short on a busy machine
            nodes.shutdown()
            if start == STARTS:
                raise
            logging.getLogger(__name__).exception("Ray was too slow to start; once more")
    try:
        yield nodes.address
    finally:
        ray.shutdown()
        nodes.shutdown()
