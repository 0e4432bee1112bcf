"""`--products`: told in the provenance, no part of a trial's name, refused where it cannot be."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from spikefuse.cli import app
from spikefuse.cli.checked import check_products
from spikefuse.core import library
from spikefuse.core.errors import InputError
from spikefuse.results import TrialStore
from spikefuse.results.record import TrialRecord

TRAIN = (
    "train", "--data", "builtin", "--modality", "image", "--images", "200", "--epochs", "1",
    "--budget", "60000", "--threads", "1", "--precision", "float32", "--json",
)  # fmt: skip

needs_kernels = pytest.mark.skipif(not library.available(), reason=f"native: {library.why_not()}")


def trained(folder: Path, *options: str) -> TrialRecord:
    done = CliRunner().invoke(app, [*TRAIN, "--out", str(folder), *options])
    assert done.exit_code == 0, done.output
    (path,) = (folder / "trials").iterdir()
    return TrialStore(folder).read(path.name)


@needs_kernels
def test_a_name_does_not_depend_on_the_products(tmp_path: Path) -> None:
    records = {name: trained(tmp_path / name, "--products", name) for name in ("events", "dense")}
    assert records["events"].trial == records["dense"].trial
    shares: dict[str, Any] = {
        name: record.provenance["products_by_events"] for name, record in records.items()
    }
    assert shares == {"events": {"forward": 1.0, "weight": 1.0, "input": 1.0}, "dense": {}}
    assert {record.provenance["products"] for record in records.values()} == set(records)
    first, second = (record.metrics[0] for record in records.values())
    assert first["train_loss"] == pytest.approx(second["train_loss"], rel=1e-3)


@pytest.mark.parametrize(
    ("products", "precision", "backend"),
    [("sparse", "float32", "auto"), ("events", "bf16", "auto"), ("events", "float32", "eager")],
)
def test_products_that_cannot_be_are_refused(products: str, precision: str, backend: str) -> None:
    with pytest.raises(InputError, match="--products must be"):
        check_products(products, backend, "cpu", precision)
    check_products("auto", backend, "cpu", precision)
    check_products("dense", backend, "cpu", precision)
