"""Energy that the processor shows: its counters, their wrap, and what to say without them."""

from pathlib import Path

import pytest

from spikefuse.core.errors import InputError
from spikefuse.meters.measured import measure, packages


def zone(root: Path, name: str, title: str, micro_joules: int, most: int = 1000) -> Path:
    folder = root / name
    folder.mkdir(parents=True)
    (folder / "name").write_text(f"{title}\n")
    (folder / "max_energy_range_uj").write_text(f"{most}\n")
    (folder / "energy_uj").write_text(f"{micro_joules}\n")
    return folder


def test_packages_add_up_and_a_counter_that_begins_again_is_seen(tmp_path: Path) -> None:
    first = zone(tmp_path, "intel-rapl:0", "package-0", 100)
    second = zone(tmp_path, "intel-rapl:1", "package-1", 990)
    zone(tmp_path, "intel-rapl:0:0", "core", 5)  # part of a package: not counted twice

    def run() -> None:
        (first / "energy_uj").write_text("350")
        (second / "energy_uj").write_text("40")  # 10 to the end of its range, and 40

    found = measure(run, 3, tmp_path)
    assert found.joules == pytest.approx((250 + 50) / 1e6)
    assert (found.samples, found.reason) == (3, "")
    assert found.seconds > 0


def test_without_a_counter_there_is_time_and_a_reason(tmp_path: Path) -> None:
    found = measure(lambda: None, 1, tmp_path / "nothing")

    assert found.joules is None
    assert found.reason == f"no package shows its energy below {tmp_path / 'nothing'}"


def test_counters_for_root_alone_are_named(tmp_path: Path, monkeypatch) -> None:
    zone(tmp_path, "intel-rapl:0", "package-0", 100)
    plain = Path.read_text

    def refuse(self: Path, *args: object, **options: object) -> str:
        if self.name == "energy_uj":
            raise PermissionError
        return plain(self, *args, **options)

    monkeypatch.setattr(Path, "read_text", refuse)

    assert packages(tmp_path) == ([], f"the counters below {tmp_path} may be read by root alone")


def test_no_inference_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="samples must be 1 or more, got 0"):
        measure(lambda: None, 0, tmp_path)
