"""What a user asks of a study; its fields are the options of `run`, `reproduce` and `plan`."""

import time
from dataclasses import dataclass, field

from spikefuse.cli import options


@dataclass(frozen=True)
class Request:
    """What a user asked for; a time limit counts from when this is made."""

    studies: options.Studies = None
    profile: options.Profile = "quick"
    data: options.DataOrOwn = "auto"
    data_dir: options.DataDir = None
    seeds: options.Seeds = None
    out: options.Out = None
    protocols: options.Protocols = None
    readings: options.Readings = None
    experiments: options.Experiments = None
    sizes: options.Sizes = None
    curves: options.Curves = True
    executor: options.Executor = "auto"
    workers: options.Workers = None
    threads: options.Threads = None
    shard: options.Shard = "1/1"
    time_limit: options.TimeLimit = None
    retry_failed: options.RetryFailed = False
    ray_address: options.RayAddress = None
    device: options.Device = "cpu"
    backend: options.Backend = "auto"
    precision: options.Precision = "auto"
    products: options.Products = "auto"
    events: options.Events = None
    track: options.Track = None
    began: float = field(default_factory=time.time)
