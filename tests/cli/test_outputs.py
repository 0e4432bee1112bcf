"""Every option that names a file for us to write keeps away from what a results folder keeps."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from spikefuse.cli import app
from spikefuse.core.errors import InputError, StoreError

TRAIN = (
    *("train", "--data", "builtin", "--plan", "mlp", "--budget", "20000", "--images", "100"),
    *("--test-images", "50", "--epochs", "1"),
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("outputs") / "run"
    for seed in ("0", "1"):
        answer = CliRunner().invoke(app, [*TRAIN, "--seed", seed, "--out", str(out)])
        assert answer.exit_code == 0, answer.output
    return out


@pytest.mark.parametrize(
    ("command", "option", "name"),
    [
        (("report", "RUN"), "--out", "trials/FIRST/page.html"),
        (("compare", "FIRST", "SECOND", "--results", "RUN"), "--out", "trials/FIRST/trial.json"),
        (("export", "RUN/trials/FIRST", "--data", "builtin"), "--out", "trials/FIRST/card.md"),
        (("data", "show", "--data", "builtin"), "--out", "trials/FIRST/pairs.png"),
        (("bench",), "--out", "run.json"),
        (("claims", "RUN"), "--out", "trials/FIRST/results.json"),
        (("claims", "RUN"), "--out", "results.csv"),
        (("new", "study"), "--out", "trials/FIRST/study.toml"),
        (("bench",), "--page", "trials/FIRST/page.md"),
        (TRAIN, "--events", "trials/SECOND/metrics.jsonl"),
    ],
    ids=lambda each: each[0] if isinstance(each, tuple) else str(each),
)
def test_no_output_goes_over_what_is_kept(
    trained: Path, command: tuple[str, ...], option: str, name: str
) -> None:
    first, second = sorted(path.name for path in (trained / "trials").iterdir())
    before = {path: path.read_bytes() for path in trained.rglob("*") if path.is_file()}
    words = [*command, option, f"RUN/{name}"]
    told = {"RUN": str(trained), "FIRST": first, "SECOND": second}
    for word, meant in told.items():
        words = [each.replace(word, meant) for each in words]
    answer = CliRunner().invoke(app, words)
    assert isinstance(answer.exception, InputError), answer.output
    assert "must not be what the results folder" in str(answer.exception)
    assert {path: path.read_bytes() for path in trained.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("place", ["trials", "trials/FIRST", "trials/new", "journal/plans"])
@pytest.mark.parametrize("command", [TRAIN, ("run", "reset"), ("ask", "builtin"), ("merge", "RUN")])
def test_no_results_go_into_what_is_kept(
    trained: Path, command: tuple[str, ...], place: str
) -> None:
    first = min(path.name for path in (trained / "trials").iterdir())
    (trained / "journal" / "plans").mkdir(parents=True, exist_ok=True)
    before = sorted(trained.rglob("*"))
    words = [each.replace("RUN", str(trained)) for each in command]
    answer = CliRunner().invoke(
        app, [*words, "--out", str(trained / place.replace("FIRST", first))]
    )
    assert isinstance(answer.exception, InputError), answer.output
    assert "--out must lie outside" in str(answer.exception)
    assert sorted(trained.rglob("*")) == before


@pytest.mark.parametrize(
    "command",
    [
        TRAIN,
        ("run", "controls", "--profile", "smoke", "--data", "builtin"),
        ("reproduce", "--profile", "smoke", "--data", "builtin"),
        ("ask", "builtin", "--profile", "smoke"),
    ],
    ids=lambda each: each[0],
)
def test_no_results_go_over_files_of_somebody(tmp_path: Path, command: tuple[str, ...]) -> None:
    own = tmp_path / "own"
    own.mkdir()
    for name in ("results.csv", "data.json", "run.json", "claims.json"):
        (own / name).write_text("mine\n")
    answer = CliRunner().invoke(app, [*command, "--out", str(own)])
    assert isinstance(answer.exception, InputError), answer.output
    assert "claims.json, which no run wrote" in str(answer.exception)
    assert {path.read_text() for path in own.iterdir()} == {"mine\n"}
    assert len(list(own.iterdir())) == 4


def test_an_export_writes_over_nothing_that_was_not_named(trained: Path, tmp_path: Path) -> None:
    trial = min((trained / "trials").iterdir())
    export = ("export", str(trial), "--data", "builtin", "--format", "torch", "--out")
    for name in ("net.pt2.json", "net.pt2.safetensors"):
        (tmp_path / name).write_text('{"mine": 1}')
        answer = CliRunner().invoke(app, [*export, str(tmp_path / "net.pt2")])
        assert isinstance(answer.exception, InputError), answer.output
        assert f"{name} is written beside --out" in str(answer.exception)
        assert [each.read_text() for each in tmp_path.iterdir()] == ['{"mine": 1}']
        (tmp_path / name).unlink()
    for _ in range(2):  # ours are replaced
        answer = CliRunner().invoke(app, [*export, str(tmp_path / "net.pt2")])
        assert answer.exit_code == 0, answer.output
    assert len(list(tmp_path.iterdir())) == 3
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for name in ("net.v1", "net.safetensors"):  # neither over another's files nor over its own
        other = ("export", str(max((trained / "trials").iterdir())), *export[2:])
        answer = CliRunner().invoke(app, [*other, str(tmp_path / name)])
        assert answer.exit_code == 0, answer.output
        assert len(answer.output.split(str(tmp_path))) == 4
    assert {path: path.read_bytes() for path in before} == before
    assert len(list(tmp_path.iterdir())) == 9


@pytest.mark.parametrize("words", [("--out", ""), ("--out=",), ("--events", "")])
def test_an_empty_path_is_no_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """What a script with a variable that is not set gives: it would be the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["spikefuse", *TRAIN, *words])
    answer = CliRunner().invoke(app, [*TRAIN, *words])
    assert isinstance(answer.exception, InputError), answer.output
    option = words[0].removesuffix("=")
    assert f"{option} must name a path, got an empty one" in str(answer.exception)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("what", [("--time-steps", "1000000"), ("--budget", "100000000000")])
def test_a_network_that_no_memory_holds_is_one_sentence(
    tmp_path: Path, what: tuple[str, str]
) -> None:
    words = ("train", "--data", "builtin", "--images", "100", "--epochs", "1", *what)
    code = (
        "import sys, resource; resource.setrlimit(resource.RLIMIT_AS, (2**34, 2**34)); "
        "from spikefuse.cli import main; main()"
    )
    command = [sys.executable, "-c", code, *words, "--out", str(tmp_path / "run")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
    assert ended.stderr.startswith("spikefuse: memory must hold what the command works on, got")


def call(*words: object) -> Any:
    return CliRunner().invoke(app, [str(each) for each in words])


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with tables and a page."""
    out = tmp_path_factory.mktemp("whole") / "run"
    study = ("run", "controls", "--profile", "smoke", "--data", "builtin", "--seeds", 1)
    assert call(*study, "--out", out).exit_code == 0
    assert call("report", out).exit_code == 0
    return out


@pytest.mark.parametrize("name", ["report.html", "page.html", "tables/page.html", "figures/a.html"])
def test_no_report_goes_into_the_results_of_others(
    whole: Path, trained: Path, tmp_path: Path, name: str
) -> None:
    other = tmp_path / "other"
    shutil.copytree(whole, other)
    before = contents(other)
    answer = call("report", trained, "--out", other / name)
    assert isinstance(answer.exception, InputError), answer.output
    assert "--out must not" in str(answer.exception)
    assert contents(other) == before
    assert call("claims", whole, "--out", other / "claims.json").exit_code == 1
    assert contents(other) == before
    for page in ("report.html", "page.html"):
        assert call("report", other, "--out", other / page).exit_code == 0


def test_no_table_loses_rows_that_nothing_gives_again(whole: Path, tmp_path: Path) -> None:
    tables = tmp_path / "tables-only"
    tables.mkdir()
    for name in ("results.csv", "run.json", "claims.json"):
        shutil.copy(whole / name, tables / name)
    before = contents(tables)
    run = ("run", "time-axis", "--profile", "smoke", "--data", "builtin", "--seeds", 1, "--out")
    answer = call(*run, tables)
    assert isinstance(answer.exception, InputError), answer.output
    assert "that are not stored there: they would be lost" in str(answer.exception)
    assert contents(tables) == before
    # What the same command trains again is not lost.
    again = tmp_path / "again"
    shutil.copytree(whole, again)
    shutil.rmtree(min((again / "trials").iterdir()))
    same = ("run", "controls", "--profile", "smoke", "--data", "builtin", "--seeds", 1, "--out")
    assert call(*same, again).exit_code == 0


NET = """
import torch
class Net(torch.nn.Module):
    def __init__(self, shapes, classes):
        super().__init__()
        sizes = [c * h * w for c, h, w in shapes.values()]
        self.head = torch.nn.Linear(sum(sizes), classes)
    def forward(self, inputs):
        return self.head(torch.cat([x.flatten(1) for x in inputs.values()], dim=1))
class Other(Net):
    pass
"""


def test_a_folder_answers_about_one_network(whole: Path, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(NET)
    ask = ("ask", "builtin", "--profile", "smoke", "--seeds", 1, "--network")
    own, ours = tmp_path / "own", tmp_path / "ours"
    shutil.copytree(whole, ours)
    for _ in range(2):
        answer = call(*ask, f"{tmp_path}/net.py:Net", "--out", own)
        assert answer.exit_code in (0, 3, 4), answer.output
    before = contents(tmp_path)
    run = ("run", "controls", "--profile", "smoke", "--data", "builtin", "--seeds", 1)
    for words, told in (
        ((*ask, f"{tmp_path}/net.py:Net", "--out", ours), "whose tables tell of networks of ours"),
        ((*ask, f"{tmp_path}/net.py:Other", "--out", own), "whose tables tell of "),
        ((*run, "--out", own), "whose tables tell of "),
        ((*ask[:-1], "--out", own), "whose tables tell of "),
    ):
        answer = call(*words)
        assert isinstance(answer.exception, InputError), answer.output
        assert told in str(answer.exception)
    after = {path: content for path, content in contents(tmp_path).items() if path in before}
    assert after == before


def test_tables_of_somebody_are_not_those_of_a_first_run(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(NET)
    own = tmp_path / "own" / "tables" / "answer.csv"
    own.parent.mkdir(parents=True)
    own.write_text("mine")
    for words in (("--network", f"{tmp_path}/net.py:Net"), ()):
        answer = call(
            *("ask", "builtin", "--profile", "smoke", "--seeds", 1, *words),
            *("--out", tmp_path / "own"),
        )
        assert isinstance(answer.exception, InputError), answer.output
        assert "holds files of another page or of yours" in str(answer.exception)
    assert contents(tmp_path / "own") == {own: b"mine"}


def test_what_a_command_reads_is_not_what_it_writes(
    trained: Path, whole: Path, tmp_path: Path
) -> None:
    trial = min((trained / "trials").iterdir())
    table, picture = tmp_path / "my.csv", tmp_path / "in.png"
    shutil.copy(whole / "results.csv", table)
    picture.write_bytes(b"mine")
    notes, link = tmp_path / "notes.md", tmp_path / "link.md"
    notes.write_text("mine")
    link.symlink_to(notes)
    before = contents(tmp_path)
    bench = ("bench", "--parts", "memory", "--rounds", 1, "--steps", 1)
    for words, option in (
        (("claims", table, "--out", table), "--out"),
        (("predict", trial, "--image", picture, "--picture", picture), "--picture"),
        ((*bench, "--out", tmp_path / "b.json", "--page", notes, "--notes", notes), "--page"),
        ((*bench, "--out", tmp_path / "b.json", "--page", notes, "--notes", link), "--page"),
        ((*bench, "--out", tmp_path / "b.md", "--page", tmp_path / "b.md"), "--page"),
    ):
        answer = call(*words)
        assert isinstance(answer.exception, InputError), answer.output
        assert f"{option} must be a file of its own" in str(answer.exception)
    assert contents(tmp_path) == before


def test_what_is_only_read_may_be_read_only(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A colleague's folder, or an archive."""

    def refused(*_: object) -> None:
        raise StoreError("written")

    trial = min((trained / "trials").iterdir())
    monkeypatch.setattr("spikefuse.results.store._probe", refused)
    answer = call(
        "export", trial, "--data", "builtin", "--format", "torch", "--out", tmp_path / "n"
    )
    assert answer.exit_code == 0, answer.output
    assert call("energy", trial, "--measured").exit_code == 0


def test_rows_that_nothing_gives_again_stay_whoever_writes(whole: Path, tmp_path: Path) -> None:
    """By an own network, by readings, and where only a part of the tables is there."""
    (tmp_path / "net.py").write_text(NET)
    smoke = ("--profile", "smoke", "--data", "builtin", "--seeds", 1)
    ask = ("ask", "builtin", "--profile", "smoke", "--seeds", 1)
    own = (*ask, "--network", f"{tmp_path}/net.py:Net")
    run = ("run", "time-axis", *smoke)
    readings = ("run", "sensitivity", "--readings", "base", "--studies", "reset", *smoke)
    places = {
        # At this effort a question of the base trains what stands there: it gives its rows again.
        "results.csv": (own, run, (*ask, "--readings", "lab")),
        "energy.csv": (own, run),
        "claims.json": (own, run),
    }
    for name, commands in places.items():
        folder = tmp_path / name.split(".")[0]
        folder.mkdir()
        shutil.copy(whole / name, folder / name)
        for words in (*commands, ("plan", *run[1:])):  # a plan says what a run would be told
            answer = call(*words, "--out", folder)
            assert isinstance(answer.exception, InputError), (name, words, answer.output)
        assert list(folder.iterdir()) == [folder / name]
        assert (folder / name).read_bytes() == (whole / name).read_bytes()
    read = tmp_path / "readings"
    read.mkdir()
    (read / "readings.csv").write_bytes((whole / "results.csv").read_bytes())
    answer = call(*readings, "--out", read)
    assert isinstance(answer.exception, InputError), answer.output
    assert (read / "readings.csv").read_bytes() == (whole / "results.csv").read_bytes()


OWN_PLACES = (
    *("", "results.csv", "run.log", "report.html", "claims.json", "data.png"),
    *("trials", "journal", "figures", "tables", "modules", "mlruns", "tensorboard"),
    *("tables/events.jsonl", "trials/a/b.jsonl"),
)


FEW = ("--profile", "smoke", "--seeds", 1)
TELLERS = (
    ("run", "time-axis", "--data", "builtin", *FEW),
    ("ask", "builtin", *FEW),
    ("train", "--data", "builtin", "--modality", "image", "--epochs", 1, "--images", 100),
)
"""Commands that tell events."""


@pytest.mark.parametrize("name", OWN_PLACES)
def test_events_are_none_of_what_a_results_folder_keeps(tmp_path: Path, name: str) -> None:
    """And whoever is refused leaves nothing behind, where nothing was."""
    out = tmp_path / "out"
    (out / name).parent.mkdir(parents=True, exist_ok=True)
    there = sorted(tmp_path.rglob("*"))
    options = ("--out", out, "--events", out / name)
    for words in TELLERS:
        answer = call(*words, *options)
        assert isinstance(answer.exception, InputError), (words, answer.output)
        assert "--events must not be what the results folder" in str(answer.exception)
        assert sorted(tmp_path.rglob("*")) == there, words


def test_events_are_no_folder_above_the_results(tmp_path: Path) -> None:
    """Both would want to be made, and nothing may be left of either."""
    options = ("--out", tmp_path / "deep" / "out", "--events", tmp_path / "deep")
    for words in TELLERS:
        answer = call(*words, *options)
        assert isinstance(answer.exception, InputError), (words, answer.output)
        assert "is or lies in" in str(answer.exception)
        assert list(tmp_path.iterdir()) == [], words


@pytest.mark.parametrize("way", ["link", "link/../trials", "link/../../q/trials"])
def test_events_through_a_link_are_where_it_leads(tmp_path: Path, way: str) -> None:
    """`..` behind a link leads out of the folder that the link leads to."""
    out = tmp_path / "q"
    for folder in (out / "trials", out / "modules" / "w"):
        folder.mkdir(parents=True)
    target = out / "trials" if way == "link" else out / "modules"
    (tmp_path / "link").symlink_to(target, target_is_directory=True)
    there = sorted(tmp_path.rglob("*"))
    events = f"{tmp_path}/{way}/events.jsonl"
    answer = call(*TELLERS[0], "--out", out, "--events", events)
    assert isinstance(answer.exception, InputError), answer.output
    assert "--events must not be what the results folder" in str(answer.exception)
    assert sorted(tmp_path.rglob("*")) == there


@pytest.mark.parametrize("folder", ["tables", "figures"])
def test_no_report_writes_through_a_link(whole: Path, tmp_path: Path, folder: str) -> None:
    run, kept = tmp_path / "run", tmp_path / "kept"
    shutil.copytree(whole, run)
    shutil.rmtree(run / folder, ignore_errors=True)
    kept.mkdir()
    (kept / "headline.csv").write_text("mine")
    (run / folder).symlink_to(kept)
    answer = call("report", run)
    assert isinstance(answer.exception, InputError), answer.output
    assert "is a link" in str(answer.exception)
    assert contents(kept) == {kept / "headline.csv": b"mine"}
