"""Where data is found: the order of places, and no silent fallback from a named one."""

import errno
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spikefuse.core.errors import DataError, InputError
from spikefuse.data import Location, banner_of, locate
from spikefuse.data.places import location
from spikefuse.data.sources import digits


@pytest.fixture(autouse=True)
def no_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No named folder, no checkout, an empty cache, a network that must not be used."""

    def forbidden(*arguments: object, **options: object) -> None:
        raise AssertionError("the network was used")

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.delenv("SPIKEFUSE_DATA", raising=False)
    monkeypatch.chdir(elsewhere)
    monkeypatch.setattr(location, "__file__", str(elsewhere / "location.py"))
    monkeypatch.setattr(location, "user_cache", lambda: tmp_path / "cache")
    monkeypatch.setattr(digits, "fetch", forbidden)


@pytest.fixture
def place(data_folder: Path) -> Callable[[Path], Path]:
    """Moves the complete data folder to a place."""

    def put(target: Path) -> Path:
        target.mkdir(parents=True)
        for name in ("mnist", "fsdd"):
            (data_folder / name).rename(target / name)
        return target

    return put


def checkout(folder: Path) -> Path:
    """The root of something that looks like a checkout."""
    package = folder / "src" / "spikefuse"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    return folder


def test_named_folder(tmp_path: Path, place: Callable[[Path], Path]) -> None:
    folder = place(tmp_path / "my data")
    found = locate("auto", folder)

    assert (found.source, found.folder, found.origin) == ("mnist-fsdd", folder, "option")


def test_environment(
    tmp_path: Path, place: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = place(tmp_path / "data")
    monkeypatch.setenv("SPIKEFUSE_DATA", str(folder))

    assert locate().origin == "environment"
    assert locate("digits").folder == folder


def test_option_goes_before_environment(
    tmp_path: Path, place: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = place(tmp_path / "data")
    monkeypatch.setenv("SPIKEFUSE_DATA", str(tmp_path / "nowhere"))

    assert locate("auto", folder).folder == folder


@pytest.mark.parametrize("data", ["auto", "digits", "mnist-fsdd"])
@pytest.mark.parametrize("by_environment", [True, False])
def test_named_folder_that_is_missing(
    tmp_path: Path,
    place: Callable[[Path], Path],
    monkeypatch: pytest.MonkeyPatch,
    data: str,
    by_environment: bool,
) -> None:
    place(location.download_folder())
    nowhere = tmp_path / "nowhere"
    monkeypatch.setenv("SPIKEFUSE_DATA", str(nowhere) if by_environment else "")

    with pytest.raises(DataError, match=r"must be a folder that exists, got .*nowhere"):
        locate(data, None if by_environment else nowhere)


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("mnist/t10k-images-idx3-ubyte.gz", "the four MNIST files are in none of"),
        ("fsdd/recordings/7_lucas_1.wav", "1 FSDD clips are missing, the first is 7_lucas_1.wav"),
    ],
)
def test_named_folder_that_is_incomplete(
    tmp_path: Path, place: Callable[[Path], Path], missing: str, message: str
) -> None:
    folder = place(tmp_path / "data")
    (folder / missing).unlink()

    with pytest.raises(DataError, match=message):
        locate("auto", folder)


def test_empty_named_folder_says_all_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"MNIST files .* and no folder fsdd/recordings"):
        locate("auto", tmp_path)


def test_beside_the_checkout_seen_from_a_folder_in_it(
    tmp_path: Path, place: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = place(tmp_path / "shared" / "data")
    below = checkout(tmp_path / "main") / "docs" / "deep"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)

    assert (locate().origin, locate().folder) == ("checkout", folder)


def test_beside_the_checkout_seen_from_the_package(
    tmp_path: Path, place: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = place(tmp_path / "shared" / "data")
    root = checkout(tmp_path / "main")
    monkeypatch.setattr(location, "__file__", str(root / "src/spikefuse/data/location.py"))

    assert locate().folder == folder


def test_shared_data_without_a_checkout_is_not_ours(
    tmp_path: Path, place: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    place(tmp_path / "shared" / "data")
    (tmp_path / "main").mkdir()
    monkeypatch.chdir(tmp_path / "main")

    assert locate(offline=True).source == "builtin"


def test_checkout_goes_before_cache_and_an_incomplete_one_is_passed_over(
    tmp_path: Path, place: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(checkout(tmp_path / "main"))
    cache = place(location.download_folder())
    beside = tmp_path / "shared" / "data"
    beside.mkdir(parents=True)
    assert locate().origin == "cache"

    for name in ("mnist", "fsdd"):
        (beside / name).symlink_to(cache / name)
    assert locate().origin == "checkout"


def test_download_when_nothing_is_near(
    place: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    bars = []

    def fetch(folder: Path, *, replace: bool, progress: object) -> None:
        assert replace
        bars.append(progress)
        place(folder)

    monkeypatch.setattr(digits, "fetch", fetch)
    found = locate(progress=lambda name: pytest.fail(name))

    assert (found.origin, found.folder) == ("download", location.download_folder())
    assert bars != [None]
    assert locate().origin == "cache"


def no_network(folder: Path, *, replace: bool, progress: object) -> None:
    raise DataError("fetch: a mirror of MNIST must answer within 3 s, got none.")


def test_embedded_when_there_is_no_network(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(digits, "fetch", no_network)
    with caplog.at_level(logging.WARNING):
        found = locate()

    assert (found.source, found.folder, found.origin) == ("builtin", None, "fallback")
    assert "a mirror of MNIST" in found.reason
    assert "using the embedded data" in caplog.text
    assert "EMBEDDED" in banner_of(found)
    assert "could not be downloaded" in banner_of(found)


def test_digits_are_never_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digits, "fetch", no_network)

    with pytest.raises(DataError, match=r"a mirror of MNIST .*--data builtin"):
        locate("digits")
    with pytest.raises(DataError, match="the network is not to be used"):
        locate("digits", offline=True)


def test_offline_uses_no_network() -> None:
    assert locate(offline=True).origin == "fallback"


def test_builtin_looks_at_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPIKEFUSE_DATA", str(tmp_path / "nowhere"))
    found = locate("builtin", tmp_path)

    assert (found.source, found.folder) == ("builtin", None)
    assert "could not be downloaded" not in banner_of(found)


def test_unknown_data() -> None:
    with pytest.raises(
        InputError, match=r"data must be one of auto, digits, .* Did you mean digits"
    ):
        locate("digit")


def test_banner_names_no_path(tmp_path: Path) -> None:
    banner = banner_of(Location("mnist-fsdd", tmp_path, "option", f"found in {tmp_path}"))

    assert banner.startswith("Real data: MNIST")
    assert str(tmp_path) not in banner


def test_a_folder_that_may_not_be_entered_is_named(
    tmp_path: Path, place: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = place(tmp_path / "data")
    real = os.stat

    def closed(path: Any, *arguments: Any, **options: Any) -> os.stat_result:
        if isinstance(path, Path) and folder in path.parents:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path, *arguments, **options)

    monkeypatch.setattr("os.stat", closed)
    with pytest.raises(DataError, match=r"must be a folder that you may read, got: Permission"):
        locate("auto", folder)
    monkeypatch.setattr(location, "_implicit_folders", lambda: iter([("cache", folder)]))
    assert locate("auto", offline=True).origin == "fallback"


def test_a_deleted_working_folder_is_no_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert locate("auto", offline=True).source in ("builtin", "mnist-fsdd")


def test_a_user_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(location, "user_cache", lambda: None)
    with pytest.raises(DataError, match=r"a user without a home\. Set HOME, or name a folder"):
        location.download_folder()
    assert locate("auto", offline=True).source in ("builtin", "mnist-fsdd")
    monkeypatch.setattr(Path, "expanduser", no_home)
    with pytest.raises(DataError, match="must be a folder that exists, got ~/data"):
        locate("auto", Path("~/data"))


def no_home(path: Path) -> Path:
    raise RuntimeError("Could not determine home directory.")
