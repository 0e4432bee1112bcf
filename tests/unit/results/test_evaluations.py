import json
from collections.abc import Callable
from typing import Any

import pytest

from spikefuse.core.errors import InputError
from spikefuse.results import TrialFolder, definition_hash

CONDITION = {"noise_std": 0.5, "noise_position": "before", "draws": 2}
PAYLOAD = {"accuracy": {"validation": [0.1 + 0.2, 0.25], "test": [1 / 3, 0.5]}}


def test_payload_comes_back_exactly_under_its_condition(folder: TrialFolder) -> None:
    assert folder.evaluation(CONDITION) is None
    folder.write_evaluation(CONDITION, PAYLOAD)
    assert folder.evaluation(dict(reversed(CONDITION.items()))) == PAYLOAD
    assert folder.evaluation({**CONDITION, "noise_std": 1.0}) is None
    files = [path.name for path in (folder.path / "evaluations").iterdir()]
    assert files == [f"{definition_hash(CONDITION)}.json"]


def test_later_payload_replaces(folder: TrialFolder) -> None:
    folder.write_evaluation(CONDITION, PAYLOAD)
    folder.write_evaluation(CONDITION, {"accuracy": float("nan")})
    assert folder.evaluation(CONDITION) == {"accuracy": None}


def test_finished_trial_stays_sound(folder: TrialFolder, finish: Callable[..., None]) -> None:
    finish(folder)
    folder.write_evaluation(CONDITION, PAYLOAD)
    assert folder.state() == "done"
    assert folder.record().evaluations == {
        definition_hash(CONDITION): {"condition": CONDITION, **PAYLOAD}
    }


def test_every_flipped_byte_is_noticed_or_harmless(folder: TrialFolder) -> None:
    folder.write_evaluation(CONDITION, PAYLOAD)
    (path,) = (folder.path / "evaluations").iterdir()
    content = path.read_bytes()
    noticed = 0
    for position in range(len(content)):
        damaged = bytearray(content)
        damaged[position] ^= 0x01
        path.write_bytes(bytes(damaged))
        read = folder.evaluation(CONDITION)
        # A flipped bit in the layout may leave the same document; the numbers never change.
        assert read in (None, PAYLOAD)
        noticed += read is None
    assert noticed > 0.9 * len(content)


def test_edited_number_is_noticed(folder: TrialFolder, caplog: pytest.LogCaptureFixture) -> None:
    folder.write_evaluation(CONDITION, PAYLOAD)
    (path,) = (folder.path / "evaluations").iterdir()
    document: dict[str, Any] = json.loads(path.read_bytes())
    document["payload"]["accuracy"]["test"][1] = 0.9
    path.write_text(json.dumps(document))
    assert folder.evaluation(CONDITION) is None
    assert folder.record().evaluations == {}
    assert "does not match the hash that it carries; it counts as missing" in caplog.text


def test_file_under_a_wrong_name_is_noticed(folder: TrialFolder) -> None:
    folder.write_evaluation(CONDITION, PAYLOAD)
    (path,) = (folder.path / "evaluations").iterdir()
    other = {**CONDITION, "draws": 3}
    path.rename(path.with_name(f"{definition_hash(other)}.json"))
    assert folder.evaluation(other) is None


def test_condition_must_be_json(folder: TrialFolder) -> None:
    with pytest.raises(InputError, match="noise_std must be a finite number"):
        folder.write_evaluation({"noise_std": float("inf")}, {})
