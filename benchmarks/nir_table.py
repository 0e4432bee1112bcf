"""A trained network at home in other frameworks: the table of docs/use-a-network.md.

`make nir-peers ARGS="TRIAL... --data-dir DATA"` makes an environment of the readers and calls this
file as `python benchmarks/nir_table.py --readers-python P TRIAL...`. Each trial, a fused network
with hard reset, is exported to NIR; each reader answers the same real test samples; the table says
how many of its answers are those of the trained network, stored when it was trained.
"""

import argparse
import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from torch import Tensor

from spikefuse.cli.single import open_trial
from spikefuse.data import load_corpus, locate
from spikefuse.export.nir_read import read_nir
from spikefuse.export.trial import export_trial
from spikefuse.training.feed import Feed

PAGE = Path("docs/use-a-network.md")
BEGIN, END = "<!-- nir readers: begin -->", "<!-- nir readers: end -->"
NAMES = {"spikingjelly": "SpikingJelly", "snntorch": "snnTorch", "norse": "Norse"}


@dataclass(frozen=True)
class Home:
    """The trained network: inputs [B, C, H, W], its logits [B, K] and the labels [B]."""

    fusion: str
    inputs: Tensor
    logits: Tensor
    labels: Tensor
    time_steps: int


def at_home(trial: Path, data_dir: Path | None, graph: Path, samples: int) -> Home:
    """Export the trial and read what it answers to the first test samples."""
    console = Console(stderr=True)
    store, definition = open_trial(trial, "auto", console, "export")
    corpus = load_corpus(definition.data, locate(definition.data.source, data_dir))
    folder = store.folder(definition.name)
    export_trial(folder, definition, corpus, graph, samples=samples)
    batches = list(Feed(corpus, [definition]).evaluation_batches("test", samples))
    seen = ([x[0] for x in each.inputs.values()] for each in batches)
    inputs = torch.cat([torch.cat(modalities, dim=1) for modalities in seen])
    labels = torch.cat([each.labels[0] for each in batches])
    logits = folder.predictions()["logits"][: len(labels)]
    return Home(definition.fusion, inputs, logits, labels, definition.time_steps)


def row(name: str, home: Home, logits: Tensor) -> str:
    """How many answers are those at home, how far the logits are, and the accuracy."""
    same = int((logits.argmax(1) == home.logits.argmax(1)).sum())
    right = 100 * float((logits.argmax(1) == home.labels).float().mean())
    far = (logits - home.logits).abs() / home.logits.abs().max()
    close = int((far.amax(1) <= 1e-5).sum())
    count = len(home.labels)
    agreed = f"{same:,} of {count:,} | {close:,} | {far.max():.1e}"
    return f"| {home.fusion} | {name} | {agreed} | {right:.2f} % |"


HEAD = (
    "| fusion | read by | same answer | logits within 1e-5 | furthest logit | accuracy |",
    "|---|---|---|---|---|---|",
)


def rows(home: Home, graph: Path, readers: dict[str, Any]) -> list[str]:
    """One row a reader; one that cannot read the graph has its reason."""
    output, _ = read_nir(graph).run({"input": home.inputs}, home.time_steps)
    lines = [row("spikefuse", home, output.mean(0).flatten(1))]
    for name, told in readers.items():
        title = f"{NAMES[name]} {told['version']}"
        if "logits" in told:
            lines.append(row(title, home, torch.tensor(told["logits"])))
        else:
            lines.append(f"| {home.fusion} | {title} | not read: {told['reason']} | | | |")
    return lines


def answers_of(python: str, graph: Path, home: Home, folder: Path) -> dict[str, Any]:
    """What each reader answers, from its own environment."""
    samples, out = folder / "samples.npy", folder / "answers.json"
    np.save(samples, home.inputs.numpy(), allow_pickle=False)
    script = Path(__file__).with_name("nir_readers.py")
    words = [python, script, graph, samples, home.time_steps, out]
    # Readers print warnings of their own for every node.
    subprocess.run([str(word) for word in words], check=True, stdout=subprocess.DEVNULL)
    found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return found


def write_into(page: Path, text: str) -> None:
    """Replace what stands between the marks of a page."""
    whole = page.read_text(encoding="utf-8")
    before, _, rest = whole.partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def main() -> None:
    """Write the table into the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trials", type=Path, nargs="+")
    parser.add_argument("--readers-python", required=True)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--page", type=Path, default=PAGE)
    asked = parser.parse_args()
    lines = [*HEAD]
    for trial in asked.trials:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            graph = folder / "network.nir"
            home = at_home(trial, asked.data_dir, graph, asked.samples)
            lines += rows(home, graph, answers_of(asked.readers_python, graph, home, folder))
    found = "\n".join(lines)
    write_into(asked.page, found)
    print(found)


if __name__ == "__main__":
    main()
