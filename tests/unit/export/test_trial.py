"""A stored trial to a file and back: the word, the drift, and nothing where it is not right."""

import errno
import importlib.util
import json
import sys

import numpy as np
import pytest
import torch
from faults import WRITES, Disk
from long import IS_LONG
from safetensors.torch import load_file
from typer.testing import CliRunner

import spikefuse as sf
from spikefuse.cli import app
from spikefuse.core.errors import InputError, MissingExtraError, StoreError, StudyError
from spikefuse.export import trial as exporting
from spikefuse.export.drift import drift_of
from spikefuse.export.onnx_write import LIBRARIES
from spikefuse.export.plain import plain_network
from spikefuse.export.trial import export_trial
from spikefuse.fusion import FUSIONS
from spikefuse.networks import build

from .test_plain import inputs_of, spec_of, weigh

needs_nir = pytest.mark.skipif(
    importlib.util.find_spec("nir") is None, reason="nir is not installed: spikefuse[nir]"
)


needs_onnx = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in LIBRARIES),
    reason="ONNX is not installed: spikefuse[onnx]",
)


@pytest.fixture(scope="module")
def data():
    return sf.dataset("builtin")


def fit_of(data, folder, **settings):
    common = {"parameters": 60_000, "seeds": 1, "time_steps": 3, "plan": "mlp"}
    return sf.fit(sf.network(data, **common | settings), data, epochs=1, store=folder)


@pytest.fixture(scope="module")
def soft(data, tmp_path_factory):
    return fit_of(data, tmp_path_factory.mktemp("soft"), parameters=100_000)


@pytest.fixture(scope="module")
def hard(data, tmp_path_factory):
    return fit_of(data, tmp_path_factory.mktemp("hard"), parameters=100_000, reset="hard")


def parts(fit) -> tuple:
    (definition,) = fit.definitions.values()
    return fit.store.folder(definition.name), definition


def test_torch_is_a_program_and_a_state_dict_in_pytorchs_order(soft, data, tmp_path) -> None:
    out = tmp_path / "network.pt2"
    found = export_trial(*parts(soft), data.corpus, out, to="torch", samples=30)

    assert found.word == "faithful"
    assert found.drift.changed == 0
    assert found.drift.samples == 30
    program = torch.export.load(out).module()
    pools = data.corpus.pools
    logits = program(*(torch.zeros(5, 1, 28, 28) for _ in pools))
    assert logits.shape == (5, 10)
    state = load_file(tmp_path / "network.pt2.safetensors")
    assert state["layers.fused_hidden.weight"].shape[1] == 2 * 28 * 28
    side = json.loads((tmp_path / "network.pt2.json").read_text(encoding="utf-8"))
    assert side["interface"]["classes"] == list(data.classes)
    assert side["time_steps"] == 3


@needs_onnx
def test_onnx_is_standard_operators_that_give_our_answers(soft, data, tmp_path) -> None:
    out = tmp_path / "network.onnx"
    found = export_trial(*parts(soft), data.corpus, out, to="onnx", samples=30)

    assert found.word == "faithful"
    assert (found.drift.samples, found.drift.changed) == (30, 0)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["network.onnx", "network.onnx.json"]
    import onnx
    import onnxruntime

    model = onnx.load(out)
    onnx.checker.check_model(model)
    assert {node.domain for node in model.graph.node} == {""}  # nothing but ONNX's own
    told = {each.key: each.value for each in model.metadata_props}
    assert json.loads(told["spikefuse"])["time_steps"] == 3
    session = onnxruntime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
    assert [each.name for each in session.get_inputs()] == list(data.corpus.pools)
    for batch in (1, 3):  # any number of samples
        shown = {name: np.ones((batch, 1, 28, 28), np.float32) for name in data.corpus.pools}
        (logits,) = session.run(None, shown)
        assert logits.shape == (batch, 10)


@needs_onnx
def test_an_onnx_graph_beyond_the_tolerance_leaves_nothing(
    soft, data, tmp_path, monkeypatch
) -> None:
    write = exporting.write_onnx

    def wrong(network, *arguments):
        network.bias("fused_readout").data[0] += 100
        return write(network, *arguments)

    monkeypatch.setattr(exporting, "write_onnx", wrong)
    with pytest.raises(StudyError, match="Nothing was written"):
        export_trial(*parts(soft), data.corpus, tmp_path / "x.onnx", to="onnx", samples=40)
    assert list(tmp_path.iterdir()) == []


FULL = [
    pytest.param("torch", id="torch"),
    pytest.param("onnx", marks=needs_onnx, id="onnx"),
    pytest.param("nir", marks=needs_nir, id="nir"),
]


REASONS = {
    errno.ENOSPC: "must have free space, got: No space left on device",
    errno.EIO: "must be writable, got: Input/output error",
    errno.EROFS: "must be writable, got: Read-only file system",
}


@pytest.mark.parametrize("to", FULL)
def test_each_write_that_fails_is_one_sentence_and_the_older_file_stays(
    hard, data, tmp_path, to
) -> None:
    def export(folder, at=None, code=0):
        folder.mkdir()
        (folder / "network").write_bytes(b"older")
        disk = Disk(folder, WRITES, at, code)
        with disk.installed():
            export_trial(*parts(hard), data.corpus, folder / "network", to=to, samples=10)
        return disk.calls

    calls = export(tmp_path / "whole")
    # The draft becomes a file of its own, is judged, and takes the older file's place.
    replaces = [at for at, call in enumerate(calls) if call.startswith("replace")]
    assert len(replaces) >= 3
    placed = replaces[1]
    for at in range(len(calls)) if IS_LONG else (placed - 3, placed, placed + 3):
        call = calls[at]
        if call.startswith(("unlink", "mkdir")):
            continue  # a draft that is gone is removed in vain, a folder that is there made in vain
        folder, code = tmp_path / str(at), list(REASONS)[at % 3]
        with pytest.raises(StoreError) as caught:
            export(folder, at, code)
        message = str(caught.value)
        assert message.startswith("export: "), call
        assert REASONS[code] in message, call
        assert "\n" not in message, call
        found = sorted(each.name for each in folder.iterdir())
        is_older = (folder / "network").read_bytes() == b"older"
        assert is_older == (at <= placed), call
        assert found[0] == "network", call


@pytest.mark.parametrize("missing", LIBRARIES)
def test_without_the_libraries_of_onnx_the_extra_is_named(
    soft, data, tmp_path, monkeypatch, missing
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)  # as if it were not installed
    with pytest.raises(MissingExtraError, match=r'pip install "spikefuse\[onnx\]"'):
        export_trial(*parts(soft), data.corpus, tmp_path / "x.onnx", to="onnx", samples=2)
    assert list(tmp_path.iterdir()) == []


@needs_nir
def test_a_hard_reset_is_faithful_and_a_soft_one_asks(hard, soft, data, tmp_path) -> None:
    out = tmp_path / "network.nir"
    found = export_trial(*parts(hard), data.corpus, out, samples=60)
    assert found.word == "faithful"
    assert found.drift.exported_accuracy == found.drift.accuracy
    exact = export_trial(*parts(soft), data.corpus, tmp_path / "e.nir", reset="exact", samples=60)
    assert exact.word == "faithful"
    with pytest.raises(InputError, match="--reset must be exact or lif"):
        export_trial(*parts(soft), data.corpus, tmp_path / "n.nir", samples=60)
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        *("e.nir", "e.nir.json", "network.nir", "network.nir.json")
    ]


@needs_nir
def test_beyond_the_tolerance_no_file_is_left(hard, data, tmp_path, monkeypatch) -> None:
    write = exporting.nir_graph

    def wrong(network, *arguments):
        graph = write(network, *arguments)
        graph.nodes["readout"].weight = -graph.nodes["readout"].weight
        return graph

    monkeypatch.setattr(exporting, "nir_graph", wrong)
    with pytest.raises(StudyError, match="Nothing was written"):
        export_trial(*parts(hard), data.corpus, tmp_path / "x.nir", samples=40)
    assert list(tmp_path.iterdir()) == []


def test_drift_is_what_differs() -> None:
    logits = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    found = drift_of(lambda x: x["a"], {"a": logits[[0, 0]]}, logits, torch.tensor([0, 1]))

    assert (found.samples, found.changed, found.accuracy) == (2, 0.5, 1.0)
    assert found.exported_accuracy == 0.5
    assert found.logits == 1.0
    assert not found.is_faithful


@pytest.mark.parametrize(("flipped", "is_faithful"), [(3, True), (50, True), (51, False)])
def test_a_spike_that_rounding_moves_is_no_other_network(flipped, is_faithful) -> None:
    """One spike moves every logit of its sample: 3 of 1,000 real samples, no answer another."""
    logits = torch.linspace(1, 2, 10).repeat(1000, 1)
    moved = logits.clone()
    moved[:flipped] += 0.01
    found = drift_of(lambda x: x["a"], {"a": moved}, logits, torch.full((1000,), 9))

    assert found.is_faithful == is_faithful
    assert (found.changed, found.beyond) == (0, flipped / 1000)
    assert f"beyond 1e-4 in {flipped} samples" in str(found)


def test_a_network_that_is_another_is_none_though_its_answers_are_the_same() -> None:
    logits = torch.linspace(1, 2, 10).repeat(100, 1)
    found = drift_of(lambda x: 1.01 * x["a"], {"a": logits}, logits, torch.full((100,), 9))

    assert (found.changed, found.beyond) == (0, 1)
    assert not found.is_faithful


def test_the_command_says_the_word_and_refuses_what_has_no_effect(soft, tmp_path) -> None:
    (folder,) = soft.trials
    words = ["export", str(folder), "--format", "torch", "--samples", "20", "--json"]
    answer = CliRunner().invoke(
        app, [*words, "--out", str(tmp_path / "n.pt2")], catch_exceptions=False
    )
    assert json.loads(answer.output)["word"] == "faithful"
    with pytest.raises(InputError, match="--reset needs --format nir"):
        CliRunner().invoke(app, [*words, "--reset", "lif"], catch_exceptions=False)
    with pytest.raises(InputError, match="--format must be one of nir, onnx, torch"):
        CliRunner().invoke(app, ["export", str(folder), "--format", "nri"], catch_exceptions=False)


@pytest.mark.parametrize("to", [pytest.param("nir", marks=needs_nir), "torch"])
@pytest.mark.parametrize("fusion", ["late-weighted", "hybrid"])
def test_weights_of_modalities_and_heads_that_only_teach_leave_home(
    data, tmp_path, fusion, to
) -> None:
    fit = fit_of(data, tmp_path / "fit", fusion=fusion, reset="hard", init="calibrated")
    found = export_trial(*parts(fit), data.corpus, tmp_path / "network", to=to, samples=30)

    assert (found.word, found.drift.changed, found.drift.samples) == ("faithful", 0, 30)
    weights = parts(fit)[0].weights()
    if fusion == "late-weighted":  # a mean of equal weights would be no test
        assert float(weights["fusion.share"].abs().max()) > 1e-4


LONG = [(fusion, to) for fusion in FUSIONS for to in ("torch", "onnx")]
SHORT = [("late-product", "torch"), ("attention", "torch"), ("gated", "onnx")]
"""One for each operation that the others lack; translating a graph takes seconds."""
EXPORTS = [
    pytest.param(*each, marks=needs_onnx if each[1] == "onnx" else ())
    for each in (LONG if IS_LONG else SHORT)
]


@pytest.mark.parametrize(("fusion", "to"), EXPORTS)
def test_every_kind_of_fusion_leaves_home(tmp_path, fusion, to) -> None:
    shapes = dict.fromkeys(("sight", "sound")[: 1 + (fusion != "none")], (2, 2, 3))
    # A threshold so low that attention tells something.
    shape = {"budget": 5_000, "plan": "mlp", "time_steps": 2, "threshold": 0.1}
    spec = spec_of(shapes, fusion=fusion, **shape)
    ours = build(spec, 1).eval()
    weigh(ours)
    inputs, path = inputs_of(spec, 5), tmp_path / "network"
    network = plain_network(spec, ours.member_state(0))
    write = exporting.write_onnx if to == "onnx" else exporting._write_torch
    run = write(network, path, tuple(x[:2] for x in inputs.values()), "told")

    with torch.no_grad():
        logits = ours({name: x[None] for name, x in inputs.items()})[0]
    torch.testing.assert_close(run(inputs), logits, rtol=0, atol=2e-6)


@pytest.mark.parametrize("name", ["", "folder", ".."])
def test_what_is_no_file_is_refused_before_anything_is_run(
    soft, data, tmp_path, monkeypatch, name
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()

    def run(*arguments: object) -> None:
        raise AssertionError("the network was run")

    monkeypatch.setattr(exporting, "_shown", run)
    with pytest.raises(InputError, match="export: --out must be a file, got the folder"):
        export_trial(*parts(soft), data.corpus, exporting.Path(name), to="torch", samples=10)
    assert [each.name for each in tmp_path.iterdir()] == ["folder"]
