"""`spikefuse train`: one network, any setting."""

import time
from typing import Any

from spikefuse.cli import options
from spikefuse.cli.records import options_of
from spikefuse.data import DataSettings, Selection
from spikefuse.training import BASE_NETWORK, TrialDefinition

OF_THE_RUN = ("source", "fingerprint", "precision", "plugins")
"""Fields that other options decide: --data, --precision with the device, --plugin."""


@options_of(
    *(TrialDefinition, Selection, DataSettings),
    leave_out=OF_THE_RUN,
    shown={
        **BASE_NETWORK,
        **{"budget": "of --size", "fusion": "early", "surrogate_width": "of --surrogate"},
    },
)
def train(
    given: dict[str, Any],
    data: options.DataOrOwn = "auto",
    data_dir: options.DataDir = None,
    out: options.OutOfOne = None,
    threads: options.Threads = None,
    time_limit: options.TimeLimit = None,
    device: options.Device = "cpu",
    backend: options.Backend = "auto",
    precision: options.Precision = "auto",
    products: options.Products = "auto",
    events: options.Events = None,
    track: options.Track = None,
    as_json: options.AsJson = False,
) -> None:
    """Train one network and print what it reached. Goes on where it was stopped."""
    # Before the libraries are loaded: that takes some of the time limit.
    began = time.time()

    from spikefuse.cli.single import How, train_one

    how = How(
        data=data,
        data_dir=data_dir,
        out=out,
        threads=threads,
        time_limit=time_limit,
        device=device,
        backend=backend,
        precision=precision,
        products=products,
        events=events,
        track=track,
        as_json=as_json,
    )
    train_one(given, how, began)
