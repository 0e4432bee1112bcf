"""One sentence for cells, trials and folders; the reply a script reads; what is refused."""

import json
from pathlib import Path

import pytest

from spikefuse.analysis.compare import answer, answer_document
from spikefuse.core.errors import InputError, StudyError
from spikefuse.results import TrialStore

A = (0.981, 0.984, 0.979, 0.985, 0.983)
B = (0.968, 0.971, 0.969, 0.970, 0.972)


def test_two_cells(cell, table) -> None:
    folder = table(cell(A, modality="fused"), cell(B))
    found = answer("modality=fused", "modality=image", folder)
    assert found.sentence == (
        "modality=fused is better than modality=image by +1.24 pp (95 % interval "
        "+1.00 to +1.48, n = 5 seeds, paired t)."
    )
    assert found.reply == "yes"
    assert answer("modality=image", "modality=fused", folder).reply == "no"
    margin = answer("modality=image", "modality=fused", folder, margin_pp=2)
    assert margin.reply == "yes"
    assert "within 2 pp of each other (90 % interval" in margin.sentence
    assert answer("modality=image", "modality=fused", folder, margin_pp=0.3).reply == "no"
    assert answer("modality=image", "modality=fused", folder, margin_pp=1.3).reply == "open"


def test_two_cells_of_which_nothing_is_shown(cell, table) -> None:
    folder = table(cell((0.9, 0.95, 0.91), modality="fused"), cell((0.92, 0.9, 0.93)))
    found = answer("modality=fused", "modality=image", folder)
    assert found.reply == "open"
    assert found.sentence.startswith("No difference between modality=fused and modality=image is")


def test_two_seeds_have_their_values_and_no_interval(cell, table) -> None:
    """However clear they look: with one degree of freedom the width is luck."""
    folder = table(cell((0.9, 0.95), modality="fused"), cell((0.8, 0.849)))
    found = answer("modality=fused", "modality=image", folder, margin_pp=50)
    assert found.reply == "open"
    assert found.sentence == (
        "Whether modality=fused differs from modality=image cannot be tested: +10.05 pp (+10.00 "
        "and +10.10, n = 2 seeds, no test)."
    )
    (told,) = answer_document(found)["comparisons"]
    assert told["difference"] is None
    assert told["values"] == pytest.approx([0.1, 0.101])
    assert "at least 3 seeds" in told["advice"]
    assert "interval" not in found.sentence


def test_silent_networks_are_counted_apart(cell, table) -> None:
    """A silent network is no answer to which setting is better; a product of it neither."""
    image, audio = cell((0.9, 0.1, 0.91, 0.92)), cell((0.95,) * 4, modality="audio")
    rates = [
        row | {"split": "validation", "metric": "rate.image.hidden", "value": float(seed != 1)}
        for seed, row in enumerate(image)
    ]
    product = cell((0.97, 0.94, 0.98, 0.99), modality="fused", fusion="product-of-experts")
    for row, one, other in zip(product, image, audio, strict=True):
        row["trial"] = f"{one['trial']}+{other['trial']}"
    folder = table(image, audio, rates, product, cell((0.96, 0.97, 0.97, 0.96), modality="fused"))
    for other in ("modality=image", "modality=fused,fusion=product-of-experts"):
        (found,) = answer("modality=fused", other, folder).comparisons
        assert (found.difference.n, found.silent) == (3, (1,))
        assert found.notes == (f"{other}: 1 of 4 networks silent (0.6 to 80.6 %), counted apart",)
        assert "n = 3 seeds, 1 silent" in answer("modality=fused", other, folder).sentence
    found = answer(str(folder), str(folder), folder)
    alike = [each for each in found.comparisons if each.silent]
    assert [each.difference.n for each in alike] == [3, 3]


def test_two_trials(tmp_path: Path, trial) -> None:
    one = trial(tmp_path, [True] * 50, {"image": range(50)})["trial"]
    two = trial(tmp_path, [False] * 20 + [True] * 30, {"image": range(50)}, network="dnn")["trial"]
    found = answer(one, two, tmp_path)
    assert found.sentence.startswith(f"{one} is better than {two} by +40.00 pp (95 % interval +")
    assert found.sentence.endswith("n = 50 samples, exact McNemar).")
    by_folder = answer(str(tmp_path / "trials" / one), two, tmp_path)
    assert by_folder.comparisons == found.comparisons
    assert answer(one, two, tmp_path, split="validation").comparisons[0].test == "none"


def test_trials_that_share_clips_show_the_interval_that_decides(tmp_path: Path, trial) -> None:
    """All gains come from one clip of ten: sure over samples, open over clips."""
    clips = [i % 10 for i in range(300)]
    samples = {"image": range(300), "audio": clips}
    fused = trial(tmp_path, [True] * 300, samples, modality="fused")["trial"]
    image = trial(tmp_path, [clip != 0 for clip in clips], {"image": range(300)})["trial"]
    found = answer(fused, image, tmp_path, margin_pp=20)
    low, high = found.comparisons[0].clusters.low, found.comparisons[0].clusters.high
    assert found.comparisons[0].difference.low > 0.0 > low
    assert found.sentence.startswith(
        f"No difference between {fused} and {image} is shown: +10.00 pp (95 % interval "
        f"{100 * low:+.2f} to {100 * high:+.2f}, n = 10 samples of audio, Student t over their "
        "means beside exact McNemar on 300 samples); it is open"
    )
    assert found.sentence.endswith("two one-sided tests, and the interval over samples of audio).")
    assert found.reply == "open"


def test_two_folders_are_corrected_for_the_number_of_cells(cell, table) -> None:
    """Of four cells, two have a p value below 0.05 alone and none after Holm."""
    weak = (0.981, 0.982, 0.984, 0.983, 0.9822)
    sizes = ("S", "S/2", "S/3")
    first = table(
        cell(A, size="S"), *(cell(weak, size=size) for size in sizes[1:]), cell(A, network="dnn")
    )
    base = (0.980, 0.9817, 0.9825, 0.982, 0.982)
    second = table(
        cell(B, size="S"),
        *(cell(base, size=size) for size in sizes[1:]),
        cell(A, network="dnn"),
        name="other",
    )
    found = answer(str(first), str(second), first)
    by_label = {each.a: each for each in found.comparisons}
    assert set(by_label) == {f"network=snn,size={size}" for size in sizes} | {"network=dnn,size=S"}
    raw = sorted(each.difference.p_value for each in found.comparisons)
    adjusted = sorted(each.p_value for each in found.comparisons)
    assert adjusted[0] == pytest.approx(4 * raw[0])
    assert adjusted[1] == pytest.approx(min(1.0, 3 * raw[1]))
    assert by_label["network=snn,size=S"].outcome == "better"
    assert by_label["network=snn,size=S/2"].difference.p_value < 0.05
    assert by_label["network=snn,size=S/2"].outcome == "undecided"
    assert found.sentence.startswith(f"Of 4 shared cells {first} is better than {second} in 1 and ")
    assert "of which 1 have equal means" in found.sentence
    assert found.reply == "yes"
    assert answer(str(second), str(first), first).reply == "no"
    assert answer(str(first), str(second), first, margin_pp=3).reply == "yes"
    assert answer(str(first), str(second), first, margin_pp=0.2).reply == "no"


def test_a_cell_without_fair_numbers_is_told_and_leaves_the_margin_open(cell, table) -> None:
    diverged = cell([1.0], first_seed=2, metric="diverged", split="", size="S/2")
    first = table(cell(A), [*cell(A[:2], size="S/2"), *diverged])
    second = table(cell(A), cell(A[:2], size="S/2"), name="other")
    found = answer(str(first), str(second), first, margin_pp=1)
    assert len(found.comparisons) == 1
    assert found.refused[0][0] == "size=S/2"
    assert "diverged" in found.refused[0][1]
    assert found.reply == "open"
    assert "1 could not be compared" in found.sentence


def test_document_is_plain_json(cell, table) -> None:
    folder = table(cell(A, modality="fused"), cell(B))
    found = answer("modality=fused", "modality=image", folder, margin_pp=0.3)
    document = json.loads(json.dumps(answer_document(found), allow_nan=False))
    assert document["sentence"] == found.sentence
    assert document["margin"] == 0.003
    (only,) = document["comparisons"]
    assert only["difference"]["low"] == found.comparisons[0].difference.low
    assert only["equivalence"]["p_value"] == found.comparisons[0].equivalence.p_value
    assert (only["outcome"], only["within"], document["reply"]) == ("better", "outside", "no")


class TestWhatIsRefused:
    def test_kinds_that_differ(self, cell, table) -> None:
        folder = table(cell(A))
        with pytest.raises(InputError, match="of one kind, got a cell and a folder"):
            answer("network=snn", str(folder), folder)

    def test_the_same_cell_twice(self, cell, table) -> None:
        with pytest.raises(InputError, match="different cells"):
            answer("network=snn", "modality=image", table(cell(A)))

    def test_a_folder_by_its_nearest_name(self, cell, table) -> None:
        folder = table(cell(A), name="quick-mnist")
        wrong = str(folder).replace("quick", "qiuck")
        with pytest.raises(InputError, match=f"Did you mean {folder}"):
            answer(wrong, str(folder), folder)
        with pytest.raises(InputError, match=f"Did you mean {folder}"):
            answer("network=snn", "network=dnn", Path(wrong))

    def test_a_folder_without_a_table(self, cell, table, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"must hold results\.csv"):
            answer(str(table(cell(A))), str(tmp_path), tmp_path)

    def test_folders_that_share_nothing(self, cell, table) -> None:
        other = table(cell(A, size="S/2"), name="other")
        with pytest.raises(InputError, match="must share a cell"):
            answer(str(table(cell(A))), str(other), other)

    def test_a_trial_by_its_nearest_name(self, tmp_path: Path, trial) -> None:
        name = trial(tmp_path, [True], {"image": [0]})["trial"]
        wrong = name[:-1] + ("0" if name[-1] != "0" else "1")
        for text in (wrong, name[:-2]):
            with pytest.raises(InputError, match=f"Did you mean .*{name}"):
                answer(text, name, tmp_path)

    def test_a_trial_that_is_not_done(self, tmp_path: Path) -> None:
        name = TrialStore(tmp_path).open({"seed": 1}).trial
        with pytest.raises(InputError, match="which is partial"):
            answer(name, name, tmp_path)

    @pytest.mark.parametrize("margin", [0.0, -1.0, 100.0, float("nan")])
    def test_a_margin_out_of_range(self, cell, table, margin: float) -> None:
        with pytest.raises(InputError, match="--margin must be between 0 and 100"):
            answer("size=S", "size=S/2", table(cell(A)), margin_pp=margin)

    def test_a_diverged_cell(self, cell, table) -> None:
        diverged = cell([1.0], first_seed=5, metric="diverged", split="")
        folder = table([*cell(A), *diverged], cell(B, size="S/2"))
        with pytest.raises(StudyError, match="diverged"):
            answer("size=S", "size=S/2", folder)


def test_where_only_silent_networks_are_left_none_is_apart_and_it_is_said(cell, table) -> None:
    image = cell((0.1, 0.1, 0.1))
    rates = [
        row | {"split": "validation", "metric": "rate.image.hidden", "value": 0.0} for row in image
    ]
    folder = table(image, rates, cell((0.96, 0.97, 0.97), modality="fused"))
    (found,) = answer("modality=fused", "modality=image", folder).comparisons
    assert (found.difference.n, found.silent) == (3, ())
    (note,) = found.notes
    assert note == "silent networks are in it, 0 of 3 and 3 of 3: without them nothing is left."
    assert "counted apart" not in answer("modality=fused", "modality=image", folder).sentence
