"""The section of the held-out speakers says what was measured."""

from dataclasses import replace

from spikefuse.analysis.estimates import Estimate
from spikefuse.analysis.groups import GroupNames, GroupSummary
from spikefuse.report.group_tables import group_table, summary_table
from spikefuse.report.sections.groups import groups_section
from spikefuse.stats import Interval

VALUE = Estimate({0: 0.80, 1: 0.84}, 0.82, 0.566, 1.074)
KNOWN = Estimate({0: 0.97}, 0.97, None, None)


def over_speakers(mean: float, low: float, high: float) -> Interval:
    return Interval(mean, low, high, n=6, method="cluster bootstrap", confidence=0.95, note="few")


FOUND = [
    GroupSummary(
        network="snn",
        modality="audio",
        groups={"lucas": KNOWN, "theo": VALUE},
        mean=over_speakers(0.82, 0.78, 0.9),
        known=KNOWN,
        cost=over_speakers(0.15, 0.1, 0.2),
        reason="",
    ),
    GroupSummary(
        network="dnn",
        modality="audio",
        groups={"theo": KNOWN},
        mean=None,
        known=None,
        cost=None,
        reason="1 speaker held out",
    ),
]


def test_tables_have_every_number_with_interval_and_n() -> None:
    each, over = group_table(FOUND, GroupNames()).rows, summary_table(FOUND, GroupNames()).rows

    none = "\u2013"
    assert each == (
        ("lucas", "SNN", "audio", "97.00", none, "1", "97.00"),
        ("theo", "SNN", "audio", "82.00", "56.60 to 100.00", "2", "80.00 84.00"),
        ("theo", "DNN", "audio", "97.00", none, "1", "97.00"),
    )
    assert over[0] == (
        *("SNN, audio", "82.00", "78.00 to 90.00", "6", "97.00", f"{none}, n\u00a0=\u00a01"),
        *("+15.00", "+10.00 to +20.00", "few"),
    )
    assert over[1] == ("DNN, audio", "97.00", none, "1", *[none] * 4, "1 speaker held out")


def test_section_says_the_cost_and_draws_each_speaker() -> None:
    section = groups_section(FOUND, GroupNames(), "spikefuse run speakers")

    assert section is not None
    words = " ".join(section.paragraphs).replace("\u00a0", " ")
    assert (
        "SNN, audio: unknown speakers cost 15.00 pp (95 % interval +10.00 to +20.00, "
        "n = 6 speakers)." in words
    )
    assert "DNN, audio: unknown" not in words
    assert "SNN, audio: from 82.00 % (theo) to 97.00 % (lucas)." in words
    assert "DNN, audio: from" not in words, "one group is no range"
    assert "resamples" not in words, "the interval is t over the means of the groups"
    assert "Student t over the mean of each" in words
    label = "theo: SNN audio 82.00 %, n = 2, DNN audio 97.00 %, n = 1."
    assert label in section.pictures[0].svg


def test_without_speakers_there_is_no_section() -> None:
    assert groups_section([], GroupNames(), "") is None


def test_words_follow_the_groups_name_and_files_keep_theirs() -> None:
    section = groups_section(FOUND, GroupNames("subject"), "")

    assert section is not None
    assert (section.name, section.title, section.link) == (
        "speakers",
        "Unknown subjects",
        "Subjects",
    )
    words = " ".join([*section.paragraphs, section.caption, section.pictures[0].svg])
    words += " ".join(str(each.table) for each in section.tables)
    assert "speaker" not in words.replace("speakers-chart", "").replace(
        "name='speakers", ""
    ).replace("1 speaker held out", "")
    assert "n = 6 subjects)." in words.replace("\u00a0", " ")


def test_a_group_of_silent_networks_is_named_where_it_is_left_out() -> None:
    silent = replace(KNOWN, silent=tuple(KNOWN.values))
    told = [replace(FOUND[0], groups={**FOUND[0].groups, "yweweler": silent})]
    assert (
        summary_table(told, GroupNames())
        .rows[0][-1]
        .endswith("without yweweler: silent networks alone")
    )
    assert "without" not in summary_table(FOUND, GroupNames()).rows[0][-1]
