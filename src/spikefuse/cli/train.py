"""`spikefuse train`: one network, any setting."""

from typing import Annotated

import typer

from spikefuse.cli import options


def train(
    network: Annotated[str, typer.Option(help="snn, or its dense twin dnn.")] = "snn",
    modality: Annotated[str, typer.Option(help="image, audio or fused.")] = "image",
    size: Annotated[str, typer.Option(help="S (1.6 M parameters), S/2 or S/3.")] = "S",
    budget: Annotated[
        int | None, typer.Option(help="Number of parameters, in place of --size.")
    ] = None,
    plan: Annotated[str, typer.Option(help="pool-twice, simple-audio or mlp.")] = "pool-twice",
    fusion: Annotated[str, typer.Option(help="early, late or input (for fused).")] = "early",
    neuron: Annotated[str, typer.Option(help="lif or if.")] = "lif",
    leak: Annotated[float, typer.Option(help="Decay of the membrane per step.")] = 0.9,
    threshold: Annotated[float, typer.Option(help="Firing threshold.")] = 1.0,
    reset: Annotated[str, typer.Option(help="soft, hard or none.")] = "soft",
    detach_reset: Annotated[
        bool, typer.Option("--detach-reset", help="No gradient through the reset.")
    ] = False,
    surrogate: Annotated[
        str, typer.Option(help="boxcar, atan, fast_sigmoid or triangle.")
    ] = "boxcar",
    surrogate_width: Annotated[float | None, typer.Option(help="Width of the surrogate.")] = None,
    time_steps: Annotated[int, typer.Option(help="T.")] = 4,
    readout: Annotated[str, typer.Option(help="mean-current or spike-count.")] = "mean-current",
    protocol: Annotated[str, typer.Option(help="disjoint, paper or speaker.")] = "disjoint",
    held_out_speaker: Annotated[
        str | None, typer.Option(help="Test speaker of the protocol speaker.")
    ] = None,
    shuffle_audio: Annotated[
        bool, typer.Option("--shuffle-audio", help="Control: clips of any digit in each pair.")
    ] = False,
    images: Annotated[int | None, typer.Option(help="Training images; all if left out.")] = None,
    test_images: Annotated[int | None, typer.Option(help="Test images; all if left out.")] = None,
    image_scale: Annotated[
        str, typer.Option(help="unit (0-1), byte (0-255) or standard (mean 0, std 1).")
    ] = "unit",
    epochs: Annotated[int, typer.Option(help="Epochs.")] = 3,
    batch_size: Annotated[int, typer.Option(help="Batch size.")] = 100,
    learning_rate: Annotated[float, typer.Option(help="Adam's learning rate.")] = 1e-3,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    data: options.Data = "auto",
    data_dir: options.DataDir = None,
    out: options.Out = None,
    threads: options.Threads = None,
    time_limit: options.TimeLimit = None,
    device: options.Device = "cpu",
    backend: options.Backend = "auto",
    precision: options.Precision = "auto",
    as_json: options.AsJson = False,
) -> None:
    """Train one network and print what it reached. Goes on where it was stopped."""
    settings = dict(locals())

    import time

    # Before the libraries are loaded: that takes some of the time limit.
    began = time.time()
    of_the_run = (
        "data",
        "data_dir",
        "out",
        "threads",
        "time_limit",
        "device",
        "backend",
        "as_json",
    )
    run = {key: settings.pop(key) for key in of_the_run}

    from spikefuse.cli.single import train_one

    train_one(settings, began=began, **run)
