"""Whatever bytes a file holds, a parser answers or refuses in its one way: no other error, no hang.

Inputs are sound files with bytes flipped, cut, repeated and replaced by telling values, each a
function of its number: the number in a failure makes the same input again.
"""

import gzip
import hashlib
import io
import json
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import own_files
import pytest
import torch
from long import amount
from numpy.typing import NDArray
from rows import ACCURACY, CELL
from scipy.io import wavfile

from spikefuse.core.deadline import parse_duration
from spikefuse.core.errors import DataError, InputError, MissingExtraError, StoreError
from spikefuse.core.untrusted import decode_json
from spikefuse.data.own.kinds import arrays, events, images, sound
from spikefuse.data.own.kinds.contract import Unreadable
from spikefuse.data.own.layouts.stacks import read_stacks
from spikefuse.data.own.layouts.table import find_tables, read_tables
from spikefuse.data.own.settings import OwnSettings, read_toml
from spikefuse.data.places.download import unpack_recordings
from spikefuse.data.sources.fsdd import parse_wav
from spikefuse.data.sources.mnist import MNIST_SHA256, parse_idx, read_mnist_file
from spikefuse.execution.shard import parse_shard
from spikefuse.results import TrialStore, manifest
from spikefuse.results.evaluations import evaluation_problem
from spikefuse.results.tensors import DamagedError, pack, pack_checkpoint, unpack, unpack_checkpoint
from spikefuse.results.tidy import read_tidy, write_tidy
from spikefuse.studies.file import read_study

INPUTS = amount(150, 100_000)
SLOWEST_S = 5.0
"""CPU time; no small file may take longer: the sign of a hang or a flood."""

SOUND = "a file that the reader knows"

TELLING = (
    b"\0", b"\xff", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0", b"\x80\0\0\0",
    b"1e999", b"-1", b"NaN", b"[" * 40, b"{", b'"', b"\n", b",", b"\xef\xbb\xbf", b"\xed\xa0\x80",
    b"999999999999999999999", b"..", b"/dev/zero", b"null", b"true",
)  # fmt: skip


def mutated(sound_content: bytes, number: int) -> bytes:
    """The input of that number: the sound file after one to six changes."""
    random = Random(number)
    content = bytearray(sound_content)
    for _ in range(random.randint(1, 6)):
        place = random.randrange(len(content) + 1)
        kind = random.randrange(6)
        if kind == 0 and content:
            content[min(place, len(content) - 1)] ^= 1 << random.randrange(8)
        elif kind == 1:
            del content[place:]
        elif kind == 2:
            del content[place : place + random.randrange(1, 16)]
        elif kind == 3:
            content[place:place] = random.choice(TELLING)
        elif kind == 4:
            value = random.choice(TELLING)
            content[place : place + len(value)] = value
        else:
            content[place:place] = content[place : place + random.randrange(1, 64)]
    return bytes(content)


@dataclass(frozen=True)
class Parser:
    """A parser of bytes, a sound input, and how it refuses."""

    parse: Callable[[bytes], object]
    sound: bytes
    refuses: tuple[type[Exception], ...]


def through_file(name: str, folder: Path, read: Callable[[Path], object]) -> Callable[..., object]:
    def parse(content: bytes) -> object:
        path = folder / name
        # A new file, not the old one cut to nothing: ext4 brings such a one to the disk each time.
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        return read(path)

    return parse


def idx() -> bytes:
    return bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 3, *range(18)])


def wav(rate: int = 8000) -> bytes:
    file = io.BytesIO()
    wavfile.write(file, rate, np.arange(-40, 40, dtype=np.int16))
    return file.getvalue()


def npy(array: NDArray[Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def picture(folder: Path, suffix: str) -> bytes:
    return own_files.write_image(folder / f"picture{suffix}").read_bytes()


def trial(folder: Path) -> Path:
    store = TrialStore(folder / "store")
    one = store.open({"seed": 1})
    one.append_metrics({"epoch": 1, "train_loss": 0.5})
    one.append_metrics({"epoch": 2, "train_loss": 0.25})
    tensors = {"weight": torch.arange(4.0)}
    one.finish({"status": "done"}, tensors, tensors, {})
    one.write_evaluation({"std": 0.1}, {"accuracy": [0.5]})
    return one.path


def table(folder: Path) -> bytes:
    path = folder / "sound.csv"
    row = CELL | ACCURACY | {"study": "reset", "trial": "0" * 16, "seed": 1}
    write_tidy([row, row | {"seed": 2}], path)
    return path.read_bytes()


def parsers(folder: Path) -> dict[str, Parser]:
    path = trial(folder)
    store = TrialStore(folder / "store", read_only=True)

    def entry(name: str, read: Callable[[Path], object]) -> Parser:
        content = (path / name).read_bytes()
        return Parser(through_file(name, path, read), content, (StoreError,))

    (evaluation,) = (path / "evaluations").iterdir()
    tensors = {"weight": torch.arange(6.0), "bias": torch.ones(2, 0)}
    checkpoint = b"".join(pack_checkpoint(tensors, {"epoch": 3, "x": [1, None]}, "0" * 16))
    gz = through_file("x.gz", folder, lambda file: read_mnist_file(file, SOUND))
    toml = b'data = "x"\npair = "stem"\ntest = 0.25\n[modalities.sight]\nsize = [8, 8]\n'
    document = json.dumps({"a": [1, 2.5, None, {"b": "c"}], "d": True}).encode()
    return {
        "idx": Parser(lambda content: parse_idx(content, "x"), idx(), (DataError,)),
        "gzip": Parser(gz, gzip.compress(idx(), mtime=0), (DataError,)),
        "wav": Parser(lambda content: parse_wav(content, "x"), wav(), (DataError,)),
        "own wav": Parser(sound.read_sound, wav(16_000), (Unreadable, MissingExtraError)),
        "own png": Parser(images.look, picture(folder, ".png"), (Unreadable,)),
        "own jpeg": Parser(decoded, picture(folder, ".jpg"), (Unreadable,)),
        "own array": Parser(arrays.read_array, npy(np.arange(12.0).reshape(3, 4)), (Unreadable,)),
        "own toml": Parser(through_file("x.toml", folder, read_toml), toml, (InputError,)),
        **own_parsers(folder),
        "json": Parser(decode_json, document, (ValueError,)),
        "tensors": Parser(unpack, pack(tensors, {}), (DamagedError,)),
        "checkpoint": Parser(unpack_checkpoint, checkpoint, (DamagedError, StoreError)),
        "table": Parser(through_file("x.csv", folder, read_tidy), table(folder), (StoreError,)),
        "trial.json": entry("trial.json", lambda _: store.folder(path.name).definition()),
        "metrics.jsonl": entry("metrics.jsonl", lambda _: store.folder(path.name).metrics()),
        "manifest.json": entry("manifest.json", lambda _: manifest.problems(path, thorough=False)),
        "results.json": entry("results.json", lambda _: store.state(path.name)),
        "evaluation": Parser(
            through_file(f"evaluations/{evaluation.name}", path, evaluation_problem),
            evaluation.read_bytes(),
            (),
        ),
        "duration": Parser(
            lambda content: parse_duration("x", "y", content.decode("latin-1")),
            b"1h30m",
            (InputError,),
        ),
        "shard": Parser(
            lambda content: parse_shard(content.decode("latin-1")), b"2/8", (InputError,)
        ),
    }


def own_parsers(folder: Path) -> dict[str, Parser]:
    """Of archives, tables, events and studies that users bring along."""
    archive = through_file(
        "x.zip", folder, lambda file: unpack_recordings(file, made(folder / "clips"))
    )
    study = b'name = "x"\nquestion = "y"\nprofile = "smoke"\n[factors]\ntime_steps = [4, 8]\n'
    recording = bytes([3, 7, 0b1000_0001, 0, 2, 4, 8, 1, 0, 9, 5, 9, 0b1000_0010, 1, 2])
    times = [(1, 2, 3, 1), (2, 3, 4, 0)]
    structured = np.array(times, [("x", "<i2"), ("y", "<i2"), ("t", "<i8"), ("p", "<i1")])
    sides = {"labels": np.array(["a", "b"]), "x": np.ones((2, 3)), "groups": np.array([0, 1])}
    rows = b'{"file_name": "a.png", "label": "a"}\n{"file_name": "b.png", "label": "b"}\n'
    return {
        "zip": Parser(archive, zipped(), (DataError,)),
        "metadata.csv": metadata(folder, ".csv", b'file_name,label\na.png,a\nb.png,"b"\n'),
        "metadata.jsonl": metadata(folder, ".jsonl", rows),
        "events": Parser(recorded, recording, (Unreadable,)),
        "events npy": Parser(
            through_file("x.npy", folder, claimed), npy(structured), (Unreadable,)
        ),
        "own npz": Parser(arrays.read_array, npz(x=np.ones((3, 4))), (Unreadable,)),
        "stacks": Parser(
            through_file("x.npz", folder, lambda file: read_stacks(file, OwnSettings())),
            npz(**sides),
            (InputError,),
        ),
        "study toml": Parser(through_file("study.toml", folder, read_study), study, (InputError,)),
    }


def metadata(folder: Path, suffix: str, content: bytes) -> Parser:
    root = made(folder / f"own{suffix}")
    for name in ("a.png", "b.png"):
        own_files.write_image(root / name)

    def read(_: Path) -> object:
        return read_tables(root, find_tables(root), OwnSettings())

    return Parser(through_file(f"metadata{suffix}", root, read), content, (InputError,))


def made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("free/README.md", "free/recordings/0_jackson_0.wav"):
            archive.writestr(zipfile.ZipInfo(name), wav(), zipfile.ZIP_DEFLATED)
    return file.getvalue()


def npz(**content: NDArray[Any]) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **content)
    return file.getvalue()


def recorded(content: bytes) -> object:
    return events.decode(content, events.plan([events.look(content)], events.EventSettings(bins=4)))


def claimed(path: Path) -> object:
    return (
        recorded(path.read_bytes()) if events.claims(path) else arrays.read_array(path.read_bytes())
    )


def decoded(content: bytes) -> object:
    header = images.look(content)
    return images.decode(content, images.plan([header], images.ImageSettings(size=(8, 8))))


NAMES = (
    "idx", "gzip", "wav", "own wav", "own png", "own jpeg", "own array", "own toml", "zip",
    "metadata.csv", "metadata.jsonl", "events", "events npy", "own npz", "stacks", "study toml",
    "json", "tensors", "checkpoint", "table", "trial.json", "metrics.jsonl", "manifest.json",
    "results.json", "evaluation", "duration", "shard",
)  # fmt: skip


@pytest.fixture(autouse=True)
def known_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MNIST_SHA256, SOUND, hashlib.sha256(idx()).hexdigest())


def test_every_parser_is_tried(tmp_path: Path) -> None:
    assert tuple(parsers(tmp_path)) == NAMES


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore")
def test_any_bytes_are_answered_or_refused(name: str, tmp_path: Path) -> None:
    parser = parsers(tmp_path)[name]
    parser.parse(parser.sound)
    answered = 0
    for number in range(INPUTS):
        content = mutated(parser.sound, number)
        begin = time.process_time()
        try:
            parser.parse(content)
            answered += 1
        except parser.refuses as error:
            text = str(error)
            assert text.strip(), f"input {number}: no reason"
        except KeyboardInterrupt:  # of whoever stops a long form, no answer of a parser
            raise
        except BaseException as error:
            raise AssertionError(f"input {number} of {name}: {type(error).__name__}") from error
        took = time.process_time() - begin
        assert took < SLOWEST_S, f"input {number} of {name} took {took:.1f} s"
    print(f"{name}: {INPUTS} inputs, {answered} answered")


@pytest.mark.parametrize("number", [0, 7, 4242])
def test_an_input_is_a_function_of_its_number(number: int) -> None:
    assert mutated(idx(), number) == mutated(idx(), number)
    assert any(mutated(idx(), number) != idx() for number in range(3))
