"""The question "does a second modality help?", asked about somebody's own PyTorch module.

The module sees what our networks see: the same splits, pairs, orders and seeds, each modality
alone, all together and together with shuffled pairs. So its answer stands beside theirs.
"""

import hashlib
import importlib
import importlib.util
import inspect
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from spikefuse.analysis.asked import (
    NETWORK,
    ROWS_AS,
    Asked,
    answer_document,
    asked_of,
    question_of,
)
from spikefuse.analysis.earlier import earlier_record, earlier_table, tell_left_out
from spikefuse.analysis.folder import MODULES, RESULTS, RUN, record_at
from spikefuse.analysis.gains import PRODUCT
from spikefuse.analysis.groups import groups_record
from spikefuse.analysis.kept import tells_of_ours, tells_of_own
from spikefuse.analysis.product_of_experts import product_accuracy
from spikefuse.core.checks import nearest, require
from spikefuse.core.errors import InputError, SpikefuseError, StoreError
from spikefuse.core.provenance import describe
from spikefuse.core.untrusted import reason
from spikefuse.data import Corpus
from spikefuse.data.sources.contract import FUSED
from spikefuse.data.sources.registry import SOURCES
from spikefuse.planning.plan import definition_of
from spikefuse.results.atomic import make_folder, write_file
from spikefuse.results.documents import pretty_json
from spikefuse.results.tensors import pack, unpack
from spikefuse.results.tidy import write_tidy
from spikefuse.studies.controls import CONTROLS, plain_protocol
from spikefuse.studies.design import Cell
from spikefuse.studies.effort import Effort
from spikefuse.studies.profiles import Profile
from spikefuse.training import TrialDefinition
from spikefuse.training.feed import Feed
from spikefuse.workbench.modules import answers_of, logits_of, train_one

Shape = tuple[int, ...]
Factory = Callable[[dict[str, Shape], int], nn.Module]
"""Shapes [C, H, W] by modality, of events [C, H, W, time], and the number of classes, to a module
that maps inputs {modality: [B, C, H, W]} to logits [B, K]. It is called once for each network."""

AS = "dnn"
"""What a module is in tidy rows: a network without spikes of its own to tell of."""


@dataclass(frozen=True)
class Named:
    """A factory by name.

    Args:
        name: As the user wrote it, without folders.
        make: The function.
        digest: Of the file it stands in: another content is another network.
    """

    name: str
    make: Factory
    digest: str


def find_factory(text: str) -> Named:
    """The function of "module:function" or "file.py:function".

    Raises:
        InputError: There is none, or its file does not run.
    """
    place, _, function = text.rpartition(":")
    if not place or not function.isidentifier():
        raise InputError(
            f"ask: --network must be SNN or MODULE:FUNCTION, got {text!r}. The function takes "
            "{modality: (C, H, W)} and the number of classes, and returns an nn.Module."
        )
    try:
        module = _file(Path(place)) if place.endswith(".py") else _module(place)
        found = getattr(module, function, None)
        file = getattr(module, "__file__", None)
        content = Path(file).read_bytes() if file else b""
    except SpikefuseError:
        raise
    except Exception as error:  # whatever somebody's own file raises is one line here
        raise _failed(text, error) from error
    if not callable(found):
        named = [name for name, each in vars(module).items() if callable(each) and name[:1] != "_"]
        close = nearest(function, named)
        hint = f" Did you mean {close[0]}?" if close else ""
        what = "which is none" if found is not None else f"and {place} has none of that name"
        raise InputError(f"ask: --network must name a function, got {text!r}, {what}.{hint}")
    return Named(f"{Path(place).name}:{function}", found, hashlib.sha256(content).hexdigest()[:16])


def named_of(network: str | Factory) -> Named:
    """A factory by its name, or a function as it is.

    A function whose source cannot be read is a new one each time: nothing stored is taken for its.

    Raises:
        InputError: There is none, or it is no function.
    """
    if isinstance(network, str):
        return find_factory(network)
    require(callable(network), "ask", "network", "a function or MODULE:FUNCTION", network)
    name = str(getattr(network, "__qualname__", type(network).__name__))
    try:
        content = inspect.getsource(network).encode()
    except (OSError, TypeError):
        content = os.urandom(16)
    return Named(name, network, hashlib.sha256(content).hexdigest()[:16])


def _failed(name: str, error: Exception) -> InputError:
    words = " ".join(str(error).split())
    return InputError(f"ask: --network {name} must run, got {type(error).__name__}: {words}.")


def _module(name: str) -> Any:
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    return importlib.import_module(name)


def _file(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"spikefuse_network_{path.stem}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise InputError(f"ask: --network must name a file that is there, got {str(path)!r}.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True)
class Wanted:
    """One network to train: its levels, and the definition that says data, seed and effort."""

    cell: Cell
    definition: TrialDefinition


def wanted_of(source: str, profile: Profile, seeds: int, fingerprint: str | None) -> list[Wanted]:
    """Every network of the question, as our dense twins would be trained."""
    found = SOURCES[source]
    asked = CONTROLS.cells((plain_protocol(found),), found)
    cells = [cell for cell in asked if cell.network == AS]
    return [
        Wanted(cell, definition_of(cell, seed, profile, source, fingerprint))
        for seed in range(seeds)
        for cell in cells
    ]


def seconds_of_modules(named: Named, wanted: list[Wanted], corpus: Corpus) -> float:
    """How long they will take, from one step of each kind of network, timed here and now.

    Raises:
        InputError: One does not run, or gives no logits [B, K].
    """
    total = 0.0
    for cell in dict.fromkeys(each.cell for each in wanted):
        ours = [each for each in wanted if each.cell == cell]
        feed = Feed(corpus, [ours[0].definition])
        module = _made(named, ours[0], feed)
        size = min(ours[0].definition.batch_size, feed.size("train"))
        batch = feed.batch("train", feed.training_order(1)[:, :size])
        inputs = {name: x.squeeze(0) for name, x in batch.inputs.items()}
        classes = len(ours[0].definition.source.classes)
        begin = time.perf_counter()
        try:
            logits_of(module, inputs, classes).square().sum().backward()
        except SpikefuseError as error:
            told = str(error).removeprefix("fit: ")
            raise InputError(f"ask: --network {named.name}: {told}") from error
        except Exception as error:
            raise _failed(named.name, error) from error
        step = time.perf_counter() - begin
        samples = ours[0].definition.epochs * (feed.size("train") + feed.size("validation") / 3)
        total += len(ours) * step * samples / size
    return total


def _made(named: Named, wanted: Wanted, feed: Feed) -> nn.Module:
    shapes = {name: tuple(pool.inputs.shape[1:]) for name, pool in feed.pools.items()}
    classes = len(wanted.definition.source.classes)
    try:
        module: Any = named.make(shapes, classes)
    except Exception as error:
        raise _failed(named.name, error) from error
    if not isinstance(module, nn.Module):
        got = type(module).__name__
        raise InputError(f"ask: --network {named.name} must make an nn.Module, got {got}.")
    return module


def record_of(
    named: Named, wanted: list[Wanted], profile: Profile, banner: str, command: str
) -> dict[str, Any]:
    """What such a run writes about itself, for its report; as `analysis.write` does of a plan."""
    first = wanted[0].definition
    seeds = {each.definition.seed for each in wanted}
    return {
        "title": f"Does a second modality help {named.name}?",
        NETWORK: named.name,
        ROWS_AS: AS,
        "network_digest": named.digest,
        "profile": profile.name,
        "profile_settings": profile.model_dump(mode="json"),
        "source": first.data.source,
        "groups": groups_record(SOURCES[first.data.source]),
        "fingerprint": first.data.fingerprint,
        "classes": list(first.source.classes),
        "banner": banner,
        "protocols": sorted({each.cell.protocol for each in wanted}),
        "seeds": sorted(seeds),
        "studies": [CONTROLS.name],
        "command": command,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "provenance": describe(),
    }


def require_alone(out: Path, named: Named) -> None:
    """Refuse a folder whose tables tell of other networks: theirs would be gone.

    Raises:
        InputError: It is one.
    """
    record = record_at(out)
    is_of_own = NETWORK in record or tells_of_own(out)
    is_of_ours = not is_of_own and (bool(record) or tells_of_ours(out))
    other = "networks of ours" if is_of_ours else record.get(NETWORK, named.name)
    if other != named.name:
        raise InputError(
            f"ask: --out must not hold the answer about another network, got {out}, whose tables "
            f"tell of {other}. Name another folder."
        )


def rows_of_modules(
    named: Named,
    wanted: list[Wanted],
    corpus: Corpus,
    out: Path,
    report: Callable[[int, int, Wanted], None] | None,
) -> list[dict[str, Any]]:
    """Tidy rows of all networks; what is stored in the folder is not trained again.

    Args:
        named: Makes the modules.
        wanted: From `wanted_of`.
        corpus: The data.
        out: The results folder.
        report: Hears how many are done, of how many, and which is next; may be None.

    Raises:
        InputError: The module does not run or gives no logits [B, K].
        StoreError: The folder cannot be written.
    """
    folder = out / MODULES
    make_folder(folder, "ask")
    found: list[tuple[Wanted, Mapping[str, Tensor]]] = []
    for number, each in enumerate(wanted):
        if report is not None:
            report(number, len(wanted), each)
        path = folder / f"{each.definition.name}-{named.digest}.safetensors"
        if not path.is_file():
            write_file(path, pack(_trained(named, each, corpus), {}), "ask")
        try:
            found.append((each, unpack(path.read_bytes())))
        except (OSError, StoreError, ValueError) as error:
            raise StoreError(f"ask: {path} cannot be read ({reason(error)}). Delete it.") from error
    return [*_rows(found), *_products(found)]


def answer_by_modules(
    named: Named,
    wanted: list[Wanted],
    corpus: Corpus,
    out: Path,
    report: Callable[[int, int, Wanted], None] | None,
    *,
    effort: Effort,
    audit: Mapping[str, Any],
    command: str = "",
) -> tuple[dict[str, Asked], dict[str, Any]]:
    """Train all, write rows and record, and answer.

    Args:
        named: Makes the modules.
        wanted: From `wanted_of`.
        corpus: The data.
        out: The results folder.
        report: As of `rows_of_modules`.
        effort: How much they are trained.
        audit: What is known of the data.
        command: What was typed.

    Returns:
        The answer by the network's name, and the whole document.

    Raises:
        InputError: The module does not run or gives no logits [B, K].
        StoreError: The folder cannot be written.
    """
    rows = rows_of_modules(named, wanted, corpus, out, report)
    record = record_of(named, wanted, effort.profile, corpus.banner, command)
    before = earlier_record(out)
    is_other = before.get("network_digest") != named.digest
    # Its trials have the same names as those of other code.
    tell_left_out(out / RESULTS, earlier_table(out / RESULTS), [] if is_other else rows)
    # First: a table without it would be taken for one of our networks.
    write_file(out / RUN, pretty_json(record), "ask")
    write_tidy(rows, out / RESULTS)
    answers = asked_of(rows, named.name, AS)
    source = SOURCES[wanted[0].definition.data.source]
    told = {"profile": effort.profile.name, "said": effort.said, "seeds": record["seeds"]}
    names = [each.name for each in source.modalities]
    document = answer_document(
        answers,
        question_of(source.title, names, named.name),
        dict(audit),
        effort=told,
        command=command,
    )
    return answers, document


def _trained(named: Named, wanted: Wanted, corpus: Corpus) -> dict[str, Tensor]:
    feed = Feed(corpus, [wanted.definition])
    classes = len(wanted.definition.source.classes)
    try:
        module, reached, why = train_one(lambda: _made(named, wanted, feed), feed, classes)
        if why:
            return {"diverged": torch.ones(1)}
        accuracy = torch.tensor([reached["validation"], reached["test"]], dtype=torch.float64)
        return {"accuracy": accuracy, **answers_of(module, feed, classes)}
    except SpikefuseError:
        raise
    except Exception as error:
        raise _failed(named.name, error) from error


def _common(wanted: Wanted) -> dict[str, Any]:
    name = wanted.definition.name
    levels = wanted.cell.model_dump() | {"seed": wanted.definition.seed}
    return {"study": "controls", "trial": name, **levels}


def _rows(found: list[tuple[Wanted, Mapping[str, Tensor]]]) -> Iterator[dict[str, Any]]:
    for wanted, kept in found:
        if "diverged" in kept:
            lost = {"split": "", "metric": "diverged", "value": 1, "samples": ""}
            yield _common(wanted) | lost
            continue
        for split, value in zip(("validation", "test"), kept["accuracy"].tolist(), strict=True):
            samples = len(kept["labels"]) if split == "test" else ""
            number = {"split": split, "metric": "accuracy", "value": value, "samples": samples}
            yield _common(wanted) | number


def _products(found: list[tuple[Wanted, Mapping[str, Tensor]]]) -> Iterator[dict[str, Any]]:
    """The product of experts of each seed, on the pairs of its network of all modalities."""
    alone = {(each.cell.modality, each.definition.seed): kept for each, kept in found}
    for wanted, kept in found:
        if wanted.cell.modality != FUSED or wanted.cell.pairing != "true" or "diverged" in kept:
            continue
        seed = wanted.definition.seed
        experts = {name: alone[name, seed] for name in wanted.definition.modalities}
        if any("diverged" in each for each in experts.values()):
            continue
        value = product_accuracy(kept, experts)
        number = {"split": "test", "metric": "accuracy", "value": value}
        yield _common(wanted) | {"fusion": PRODUCT, "samples": len(kept["labels"])} | number
