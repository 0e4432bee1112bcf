"""The page as a whole: one file, well formed, accessible, harmless, and with the right numbers."""

import csv
import json
import re
import struct
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from spikefuse.analysis.figures import figure, figure_table
from spikefuse.core.errors import StoreError
from spikefuse.report import build_report
from spikefuse.report.build import measured_columns
from spikefuse.report.output.files import write_figure_files
from spikefuse.report.reading.sources import read_run
from spikefuse.results import read_tidy, write_tidy

VOID = {"meta", "link", "br", "hr", "img", "input"}
HOSTILE = (
    "<script>document.title='hit'</script>",
    '"><img src=x onerror="document.title=\'hit\'">',
    "</title></style></svg><script>document.title='hit'</script>",
    "{{ 7 * 7 }}{% raw %}",
    "$\\frac{1}{$ \x00 \ud800 \u202e",
    "javascript:alert(1)",
)


class Page(HTMLParser):
    """Reads a page strictly: every element is closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.problems: list[str] = []
        self.source = html
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(set(names)) != len(names):
            self.problems.append(f"<{tag}> repeats an attribute")
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> at {self.getpos()} closes nothing")

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def text(self) -> str:
        return " ".join("".join(data for _, data in self.texts).replace("\u00a0", " ").split())


def lines(built: Any, *studies: str) -> list[str]:
    """The lines of the run's results that belong to the studies, with their heading."""
    return [
        line
        for line in built.text("results.csv").splitlines()
        if line.startswith(("study,", *studies))
    ]


@pytest.fixture(scope="module")
def page(built: Any) -> Page:
    return Page(built.html)


def test_html_is_well_formed(page: Page) -> None:
    assert page.problems == []
    assert page.open == []


def test_nothing_runs_and_nothing_is_loaded(built: Any, page: Page) -> None:
    assert not page.all("script")
    assert "http" not in built.html.lower()
    for tag, attributes in page.elements:
        assert tag not in {"link", "iframe", "object", "embed", "img", "form"}
        for name in attributes:
            assert not name.startswith("on"), (tag, name)
            assert name != "src"
    assert "@import" not in built.html
    assert not re.search(r"url\((?!#)", built.html)


def test_identifiers_are_unique_and_links_lead_somewhere(built: Any, page: Page) -> None:
    names = [attributes["id"] for _, attributes in page.elements if "id" in attributes]

    assert len(set(names)) == len(names)
    for tag, attributes in page.elements:
        target = attributes.get("href") or ""
        if target.startswith("#"):
            assert target[1:] in names, (tag, target)
        elif tag == "a":
            assert (built.root / target).is_file(), target
        for name in (attributes.get("aria-labelledby") or "").split():
            assert name in names


def test_pictures_have_words(page: Page) -> None:
    pictures = page.all("svg")

    # Seven figures with two panels, four for Figure 8, gain and leak, 7 networks' curves,
    # losses and 4 SNNs' rates; controls, speakers, selection; rates by step of three
    # modalities, and a right and a wrong sample of each.
    assert len(pictures) == 16 + 2 + 7 + 7 + 4 + 3 + 3 + 6
    for attributes in pictures:
        assert attributes["role"] == "img"
        assert len(attributes["aria-label"] or "") > 30


def test_headings_descend_step_by_step(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_tables_have_captions_and_scopes(page: Page) -> None:
    tags = [tag for tag, _ in page.elements]

    assert tags.count("table") == tags.count("caption") == tags.count("thead") >= 10
    assert all(attributes.get("scope") in {"col", "row"} for attributes in page.all("th"))


def test_every_table_names_its_rows_and_columns(page: Page) -> None:
    """Each table has a caption with words, a header over every column and one before every row."""
    tables = re.findall(r"<table.*?</table>", page.source, re.DOTALL)

    assert len(tables) >= 20
    for table in tables:
        caption = re.search(r"<caption>(.*?)</caption>", table, re.DOTALL)
        assert caption is not None
        assert len(caption[1].strip()) > 15
        head, body = table.split("</thead>")
        columns = head.count('<th scope="col"')
        assert columns > 1
        for row in re.findall(r"<tr.*?</tr>", body, re.DOTALL):
            assert row.count('<th scope="row"') >= 1
            assert row.count("<th") + row.count("<td") == columns


def test_everything_that_is_named_has_a_name(page: Page) -> None:
    for tag, attributes in page.elements:
        if tag in {"section", "nav", "article"} or attributes.get("role") == "region":
            named = attributes.get("aria-label") or attributes.get("aria-labelledby")
            assert named, (tag, attributes)
    links = re.findall(r"<a [^>]*>(.*?)</a>", page.source, re.DOTALL)
    assert all(re.sub(r"<[^>]+>", "", link).strip() for link in links)


def test_a_colour_is_never_the_only_sign(page: Page) -> None:
    """A shaded cell has its count, a verdict its word, a hidden mark its text beside it."""
    shaded = re.findall(r'<td[^>]*style="background:var\(--(\w+)-\d\)">([^<]*)</td>', page.source)

    assert {role for role, _ in shaded} == {"image", "audio", "fused", "ink"}
    assert all(int(text.replace(",", "")) > 0 for _, text in shaded)
    for kind, text in re.findall(
        r'<td class="(reproduced|contradicted|not-tested|incon\w+)">(.*?)</td>', page.source
    ):
        word = {
            **{"reproduced": "yes", "contradicted": "no"},
            **{"inconclusive": "open", "not-tested": "not tested"},
        }[kind]
        assert text.endswith(word)


def test_verdicts_and_figures_point_at_each_other(page: Page) -> None:
    rows = re.findall(r'<tr id="claim-(C\d+)">(.*?)</tr>', page.source, re.DOTALL)
    pairs = [
        (claim, number)
        for claim, row in rows
        for number in re.findall(r'href="#figure-(\d+)"', row)
    ]

    assert [claim for claim, _ in rows] == [f"C{number}" for number in range(1, 25)]
    assert len(pairs) == 18  # Figures 9, 10, 12 and 13 and the summary are not measured
    for claim, number in pairs:
        found = re.search(
            rf'<article [^>]*id="figure-{number}".*?</article>', page.source, re.DOTALL
        )
        assert found is not None
        assert f'href="#claim-{claim}"' in found[0], (claim, number)
    assert len(re.findall(r'href="#claim-C\d+"', page.source)) == len(pairs)


def test_every_section_with_numbers_names_the_command_that_remakes_them(page: Page) -> None:
    for name in (
        *("answer", "leak", "verdicts", "controls", "speakers", "selection", "sensitivity"),
        *("audit", "curves", "rates", "steps", "rasters", "confusion", "remake"),
    ):
        section = re.search(rf'<section [^>]*id="{name}".*?</section>', page.source, re.DOTALL)
        assert section is not None, name
        words = " ".join(re.sub(r"<[^>]+>", "", section[0]).split())
        assert re.search(r"spikefuse (run|compare|claims|reproduce) ", words), name
    words = " ".join(page.text().split())
    for study in ("model-size", "noise-size", "reset"):
        assert f"spikefuse run {study} --profile quick --data digits --seeds 3" in words
    assert (
        "spikefuse compare network=snn,modality=fused network=snn,modality=image "
        "--results runs/quick-mnist-fsdd" in words
    )


def test_language_title_and_width_for_phones(page: Page) -> None:
    assert page.all("html")[0]["lang"] == "en"
    assert any(meta.get("name") == "viewport" for meta in page.all("meta"))
    assert page.all("main")
    assert any("Does a second modality help" in data for tag, data in page.texts if tag == "title")


def test_first_screen_answers(built: Any, page: Page) -> None:
    before_contents = page.text().split("The paper\u2019s claims, one by one")[0]

    assert "Does a second modality help a spiking network" in before_contents
    assert "Real data: MNIST" in before_contents
    assert re.search(r"the SNN to 9\d\.\d\d %, \+\d\.\d\d pp \(95 % interval", before_contents)
    assert re.search(
        r"Over the product of experts, .* the SNN .\d\.\d\d pp \(95 % interval .* and the DNN .\d",
        before_contents,
    )
    assert "so an input that says nothing brings nothing" in before_contents
    assert re.search(r"the leak is worth \+\d\.\d\d pp \(95 % interval .* n = 3\)", before_contents)
    assert "100 % of its validation clips are training clips, against 0 %" in before_contents


def test_figures_show_the_measured_numbers(built: Any, page: Page) -> None:
    rows = read_tidy(built.root / "results.csv")
    bars = figure_table(figure(4), rows, "disjoint", "test")

    label = next(
        attributes["aria-label"] or ""
        for attributes in page.all("svg")
        if (attributes["aria-label"] or "").startswith("Figure 4, Ours")
    )
    for bar in bars:
        assert bar.mean is not None
        assert f"{100 * bar.mean:.2f} %" in label
    assert label.count("the paper says 99.9 %") == 3
    assert label.count("n = 3") == 8
    assert label.count("n = 2") == 1  # the diverged trial


def test_each_figure_has_its_files(built: Any) -> None:
    for number in (3, 4, 5, 6, 7, 8, 11):
        name = built.root / "figures" / f"figure-{number:02d}"
        assert not name.with_suffix(".pdf").exists(), "on demand"
        head = name.with_suffix(".png").read_bytes()[:24]
        assert struct.unpack(">II", head[16:24])[0] > 1500
        assert "<svg" in built.text(f"figures/{name.name}.svg")
    assert not (built.root / "figures" / "figure-13.png").exists()
    assert "Not measured in this run: Figures 9, 10, 12, 13." in built.html


def test_pdf_files_come_on_demand_and_stay_true(built: Any, tmp_path: Path) -> None:
    one = figure(4)
    columns = measured_columns(one, read_run(built.root))
    pdf = tmp_path / "figure-04.pdf"
    assert pdf not in write_figure_files(one, columns, tmp_path, "a footnote")
    assert not pdf.exists()
    assert pdf in write_figure_files(one, columns, tmp_path, "a footnote", pdf=True)
    first = pdf.read_bytes()
    assert first.startswith(b"%PDF")
    pdf.write_bytes(b"of older results")
    assert pdf in write_figure_files(one, columns, tmp_path, "a footnote")
    assert pdf.read_bytes() == first


def test_tables_are_files_too(built: Any) -> None:
    rows = list(csv.DictReader(built.text("tables/figure-04.csv").splitlines()))

    assert len(rows) == 18
    assert {row["Protocol"] for row in rows} == {"paper", "disjoint"}
    first = rows[0]
    assert first["n"] == "3"
    assert len(first["Every seed"].split()) == 3
    for name in ("headline", "claims", "audit-shared", "audit-splits", "rates", "trials"):
        assert len(built.text(f"tables/{name}.csv").splitlines()) > 4


def test_every_table_file_is_latex_too(built: Any) -> None:
    folder = built.root / "tables"
    names = {path.stem for path in folder.glob("*.csv")}

    assert names == {path.stem for path in folder.glob("*.tex")}
    assert names >= {
        *("headline", "claims", "figure-04", "controls", "speakers", "speakers-summary"),
        *("selection", "sensitivity", "sensitivity-readings", "sensitivity-numbers"),
        *("rates-by-step", "rasters"),
        *("confusion-snn-fused", "confusion-dnn-audio"),
    }
    for name in names:
        rows = len(list(csv.reader(built.text(f"tables/{name}.csv").splitlines())))
        tex = built.text(f"tables/{name}.tex")
        body = tex.split(r"\midrule")[1].split(r"\bottomrule")[0]
        assert body.count("\\\\\n") == rows - 1, name


def test_claims_have_verdicts_under_both_readings(page: Page, built: Any) -> None:
    rows = list(csv.DictReader(built.text("tables/claims.csv").splitlines()))

    assert [row["Claim"] for row in rows] == [f"C{number}" for number in range(1, 25)]
    kinds = {
        row[f"Verdict: {title}"] for row in rows for title in ("Ours", "As the paper reports it")
    }
    untested = "not tested: trained too little"
    assert kinds == {"reproduced", "contradicted", "inconclusive", untested}
    # The neuron study was not run.
    assert {row["Verdict: Ours"] for row in rows if row["Claim"] == "C21"} == {"inconclusive"}


def test_settings_divergence_provenance_and_command(page: Page) -> None:
    text = page.text()

    assert re.search(r"\d+ networks were trained \(1 diverged, \d+ done\)", text)
    assert "network snn, modality audio, size S/3" in text
    assert "loss was nan in epoch 1" in text
    assert "spikefuse reproduce --profile quick" in text
    assert "versions.torch" in text
    assert "learning_rate" in text


def test_the_same_results_give_the_same_page(build: Callable[..., Any]) -> None:
    made = build(seeds=2, epochs=1, studies=("reset",))
    again = made.root / "again"

    path = build_report(made.root, again / "report.html")

    assert path.read_text(encoding="utf-8") == made.html
    files = list((made.root / "figures").iterdir())
    assert len(files) == 2
    for file in files:
        assert (again / "figures" / file.name).read_bytes() == file.read_bytes()


def test_embedded_data_is_said_aloud(build: Callable[..., Any]) -> None:
    made = build(seeds=1, epochs=1, studies=("reset",), source="builtin")

    page = Page(made.html)
    assert page.problems == []
    banner = next(p for p in page.all("p") if "banner" in (p.get("class") or ""))
    assert "loud" in (banner["class"] or "")
    assert "Not the paper\u2019s data" in page.text()
    assert "they say nothing about the paper" in page.text()
    # Figure 11's text says 99 %, but not of this data: only the table repeats it.
    assert not any("paper says" in (svg["aria-label"] or "") for svg in page.all("svg"))
    assert "Paper\u2019s text" in page.text()
    # One seed: no interval anywhere, and no size study for the headline.
    assert "Not measured yet" in page.text()
    assert "Fewer than 3 seeds have no interval" in page.text()
    assert "with 95 % t intervals" not in page.text()


def test_hostile_text_is_shown_and_does_nothing(
    synthetic: ModuleType, build: Callable[..., Any], tmp_path: Any
) -> None:
    # A record that holds half a character is not read at all, see `core.untrusted`.
    names = "".join(HOSTILE).encode(errors="ignore").decode()
    record = {
        "title": names,
        "banner": names,
        "profile": names,
        "command": names,
        "finished": names,
        names: {names: [names]},
        "provenance": {names: names},
    }
    claims = {"claims": [{"id": names, "statement": names, "verdict": names, "rule": names}]}
    made = build(seeds=2, epochs=1, studies=("reset",), record=record)
    (made.root / "claims.json").write_text(json.dumps(claims), encoding="utf-8")
    trial = next((made.root / "trials").iterdir())
    provenance = json.dumps({names: names})
    (trial / "provenance.json").write_text(provenance, encoding="utf-8")

    path = build_report(made.root, tmp_path / "report.html")

    page = Page(path.read_text(encoding="utf-8"))
    assert page.problems == []
    assert not page.all("script")
    assert not page.all("img")
    assert "49" not in page.text().split("Does a second modality")[0]
    assert "<script>document.title='hit'</script>" in "".join(data for _, data in page.texts)


def test_results_without_anything_else_still_make_a_report(built: Any, tmp_path: Any) -> None:
    (tmp_path / "results.csv").write_text("\n".join(lines(built, "reset")), encoding="utf-8")

    path = build_report(tmp_path, tmp_path / "out" / "report.html")

    page = Page(path.read_text(encoding="utf-8"))
    assert page.problems == []
    assert "The trial folders are missing" in page.text()
    assert "Figure 11. SNN: hard against soft reset" in page.text()
    assert "The run left no record of its command" in page.text()


@pytest.mark.parametrize(
    ("study", "modality", "reading", "has_figures"),
    [
        ("census", "image", "triangle-1-plain-leak-0.5", False),
        ("census", "fused", "triangle-1-plain-leak-0.5", False),
        ("model-size", "image", "base", True),
        ("noise-size", "image", "base", True),  # asked, and none is there
        ("controls", "image", "base", False),
    ],
)
def test_a_page_has_the_questions_that_were_asked(
    built: Any, tmp_path: Path, study: str, modality: str, reading: str, has_figures: bool
) -> None:
    """Figures and claims of the paper where one of its studies ran, the leak where pairs are."""
    rows = [
        row | {"study": study, "reading": reading}
        for row in read_tidy(built.root / "results.csv")
        if (row["study"], row["modality"]) == ("model-size", modality)
    ]
    write_tidy(rows, tmp_path / "results.csv")
    text = Page(build_report(tmp_path, tmp_path / "report.html").read_text("utf-8")).text()
    assert ("How much of it is a leak?" in text) == (modality == "fused")
    assert ("Every figure stands twice" in text) == has_figures
    assert ("Not measured in this run: Figures" in text) == has_figures
    lost = any(row["metric"] == "diverged" for row in rows)
    is_judged = reading == "base" or lost
    assert ("The paper\u2019s claims, one by one" in text) == is_judged


@pytest.mark.parametrize(
    ("study", "is_asked"), [("fusion", False), ("model-size", True), ("my-own", True)]
)
def test_the_leak_is_told_where_a_study_trains_under_both_pairings(
    built: Any, tmp_path: Path, study: str, is_asked: bool
) -> None:
    """A record names both protocols where nobody named one, also of a study that has its own."""
    rows = [
        row | {"study": study}
        for row in read_tidy(built.root / "results.csv")
        if (row["study"], row["modality"], row["protocol"]) == ("model-size", "fused", "disjoint")
    ]
    write_tidy(rows, tmp_path / "results.csv")
    record = {
        "protocols": ["paper", "disjoint"],
        "studies": [study, "robustness"],
        "profile": "quick",
        "source": "mnist-fsdd",
        "command": f"spikefuse run {study}",
    }
    (tmp_path / "run.json").write_text(json.dumps(record), encoding="utf-8")
    text = Page(build_report(tmp_path, tmp_path / "report.html").read_text("utf-8")).text()
    assert ("How much of it is a leak?" in text) == is_asked
    # No gain is measured here: a comparison of two cells would be refused.
    assert f"spikefuse run {study}" in text
    assert "spikefuse run robustness" not in text, "it has no rows here"
    assert "spikefuse compare network=snn,modality=fused network=snn" not in text


@pytest.mark.parametrize(
    ("record", "command"),
    [
        ({"base": {}}, "spikefuse run reset"),
        ({}, "spikefuse run reset --readings lab --precision bf16"),
    ],
)
def test_the_command_of_a_run_is_typed_as_it_is_today(
    built: Any, tmp_path: Path, record: dict[str, Any], command: str
) -> None:
    (tmp_path / "results.csv").write_text("\n".join(lines(built, "reset")), encoding="utf-8")
    precision = "float32" if record else "bf16"
    record = record | {
        "profile": "quick",
        "profile_settings": {"precision": precision},
        "source": "mnist-fsdd",
        "command": "spikefuse run reset",
    }
    (tmp_path / "run.json").write_text(json.dumps(record), encoding="utf-8")
    page = Page(build_report(tmp_path, tmp_path / "report.html").read_text("utf-8"))
    section = re.search(r'<section [^>]*id="remake".*?</section>', page.source, re.DOTALL)
    assert section is not None
    assert f"<pre>{command}</pre>" in section[0]


@pytest.mark.parametrize(
    ("studies", "named"),
    [
        (("census-smallest",), "census-smallest"),
        (("census-smallest", "census-leading"), "census-leading"),
        (("census-smallest", "census-leading", "census"), "census"),
    ],
)
def test_a_census_is_remade_by_the_largest_that_has_rows(
    tmp_path: Path, studies: tuple[str, ...], named: str
) -> None:
    committed = Path(__file__).parents[3] / "docs" / "results" / "census" / "results.csv"
    rows = [row | {"study": study} for row in read_tidy(committed) for study in studies]
    write_tidy(rows, tmp_path / "results.csv")
    record = {"profile": "quick", "source": "mnist-fsdd", "studies": list(studies)}
    record["command"] = "spikefuse run others"
    (tmp_path / "run.json").write_text(json.dumps(record), encoding="utf-8")
    page = Page(build_report(tmp_path, tmp_path / "report.html").read_text("utf-8"))
    section = re.search(r'<section [^>]*id="census".*?</section>', page.source, re.DOTALL)
    assert section is not None
    words = " ".join(re.sub(r"<[^>]+>", "", section[0]).split())
    assert re.findall(r"spikefuse run (\S+) ", words) == [named]


def test_contradicting_results_are_named_where_they_would_stand(built: Any, tmp_path: Any) -> None:
    once = lines(built, "reset", "model-size")
    twice = [line.replace(",0.9", ",0.8") for line in once if line.startswith("model-size")]
    (tmp_path / "results.csv").write_text("\n".join(once + twice), encoding="utf-8")

    page = Page(build_report(tmp_path, tmp_path / "report.html").read_text(encoding="utf-8"))

    assert page.problems == []
    assert "must have one number, got two for seed" in page.text()
    assert "Figure 11. SNN: hard against soft reset" in page.text()


def test_a_folder_without_results_is_refused(tmp_path: Any) -> None:
    with pytest.raises(StoreError, match=r"must be one that holds results\.csv"):
        build_report(tmp_path, tmp_path / "report.html")


def test_a_place_that_cannot_be_written_is_one_clear_error(built: Any, tmp_path: Any) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match="report: "):
        build_report(built.root, tmp_path / "file" / "report.html")
