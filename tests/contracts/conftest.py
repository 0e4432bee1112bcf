"""A real Ray cluster for the tests that ask for one."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from spikefuse.execution import RayExecutor

STARTS = 3
NODE = {"num_cpus": 1, "num_gpus": 1, "object_store_memory": 80 * 2**20, "include_dashboard": False}


@pytest.fixture(scope="module")
def cluster_nodes() -> Iterator[Any]:
    """A Ray cluster of two nodes on this machine: one processor and a pretended GPU each."""
    RayExecutor()  # before Ray is imported: it makes Ray stay on loopback and send no statistics
    import ray
    from ray.cluster_utils import Cluster

    for start in range(1, STARTS + 1):
        nodes = Cluster()
        try:
            nodes.add_node(**NODE)
            nodes.add_node(**NODE)
            break
        except Exception:  # Ray's own limit of 30 s a node can be short on a busy machine
            nodes.shutdown()
            if start == STARTS:
                raise
            logging.getLogger(__name__).exception("Ray was too slow to start; once more")
    try:
        yield nodes
    finally:
        ray.shutdown()
        nodes.shutdown()


@pytest.fixture(scope="module")
def cluster(cluster_nodes: Any) -> str:
    """The address of the cluster of two nodes."""
    address: str = cluster_nodes.address
    return address
