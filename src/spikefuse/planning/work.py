"""What an executor runs: train a population, then evaluate it under noise."""

import logging
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from spikefuse.core.deadline import Deadline, stoppable
from spikefuse.core.device import flushed_denormals
from spikefuse.core.plugins import receive_plugins
from spikefuse.data import Corpus, DataSettings, Location, load_corpus
from spikefuse.data.sources.sent import receive_source
from spikefuse.networks import build
from spikefuse.planning.stored import missing_conditions
from spikefuse.results import TrialStore
from spikefuse.results.presence import require_presence
from spikefuse.training import (
    NoiseCondition,
    TrialDefinition,
    answers_under,
    stored_definition,
    train_population,
)
from spikefuse.training.feed import Feed

logger = logging.getLogger(__name__)


@lru_cache(maxsize=2)
def _corpus(settings: DataSettings, folder: str | None) -> Corpus:
    named = None if folder is None else Path(folder)
    return load_corpus(settings, Location(settings.source, named))


@stoppable()
@flushed_denormals()
def run_population(
    payload: Mapping[str, Any], report: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Train the payload's trials and evaluate what is missing. Safe to repeat at any time.

    Args:
        payload: "store" (folder), "data_folder" (None is the embedded data), "device",
            "backend", "products" ("auto" if absent), and "trials": definitions with the noise
            conditions each must have. With a "deadline" (Unix time) the work stops before it, in
            pieces that fit. With a "presence", the store must have that sign. With "plugins", these
            are loaded first, and with a "source" it is made known, see `data.sources.sent`.
        report: Receives progress events.

    Returns:
        Trial name -> "done" or "diverged".

    Raises:
        OutOfTimeError: The deadline came first; called again, the work goes on where it was.
        StoreError: The store is not the one of the command that sent the work; nothing is written.
    """
    deadline = Deadline(payload.get("deadline"))
    root = Path(payload["store"])
    if "presence" in payload:
        require_presence(root, payload["presence"])
    store = TrialStore(root)
    receive_plugins(payload.get("plugins", ()))
    receive_source(payload.get("source"))
    definitions = [stored_definition(t["definition"], "work") for t in payload["trials"]]
    corpus = _corpus(definitions[0].data, payload["data_folder"])
    device, backend = payload["device"], payload["backend"]
    products = payload.get("products", "auto")
    states = train_population(
        definitions, corpus, store, report, device, backend, deadline, products
    )
    wanted = [
        [NoiseCondition.model_validate(c) for c in trial["conditions"]]
        for trial in payload["trials"]
    ]
    done = [i for i, state in enumerate(states) if state == "done"]
    by_conditions: dict[tuple[NoiseCondition, ...], list[TrialDefinition]] = {}
    for i in done:
        missing = tuple(missing_conditions(store.read(definitions[i].name), wanted[i]))
        by_conditions.setdefault(missing, []).append(definitions[i])
    for conditions, members in by_conditions.items():
        if conditions:
            feed = Feed(corpus, members, device, deadline)
            _evaluate(members, conditions, feed, store, report, backend, products)
    return {d.name: state for d, state in zip(definitions, states, strict=True)}


def _evaluate(
    members: list[TrialDefinition],
    conditions: tuple[NoiseCondition, ...],
    feed: Feed,
    store: TrialStore,
    report: Callable[[dict[str, Any]], None],
    backend: str,
    products: str,
) -> None:
    specs, seeds = [m.network_spec() for m in members], [m.seed for m in members]
    network = build(specs, seeds, members[0].precision, backend, products).to(feed.device).eval()
    for index, member in enumerate(members):
        network.load_member(index, store.folder(member.name).weights())
    for number, condition in enumerate(conditions, start=1):
        feed.deadline.check("condition")
        report(
            {
                "trials": [m.name for m in members],
                "condition": number,
                "conditions": len(conditions),
            }
        )
        with feed.deadline.timing("condition"):
            results = answers_under(network, feed, condition)
        for member, answers in zip(members, results, strict=True):
            payload: dict[str, Any] = {"condition": condition.naming()}
            payload |= {"accuracy": answers.accuracy}
            payload |= {"follows": answers.follows} if answers.follows else {}
            store.folder(member.name).write_evaluation(condition.naming(), payload)
        feed.deadline.advance()
