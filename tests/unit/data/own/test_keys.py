"""A key that nobody reads is refused with the one that was meant, at the top and in every table."""

from pathlib import Path

import pytest
from own_files import class_folders

from spikefuse.core.checks import nearest
from spikefuse.core.errors import InputError
from spikefuse.data.own import read
from spikefuse.studies.file import study_of


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("modality = 1", "Did you mean modalities?"),
        ("[modality.sight]\nsize = [8, 8]", "Did you mean modalities?"),
        ("[sight]\nsize = [8, 8]", "got 'sight'. Write [modalities.sight]."),
        ("pairing = 'stem'", "Did you mean pair?"),
        ("name-pattern = '{label}'", "Did you mean name_pattern?"),
        ("xyzzy = 1", "got 'xyzzy'. Take it out."),
        ("[modalities.sight]\nfoldr = 'sight'", "Did you mean folder?"),
        ("[modalities.sight]\nknd = 'image'", "Did you mean kind?"),
        ("[modalities.sound]\nrate = 8000", "Did you mean rate_hz?"),
        ("[modalities.sigth]\nsize = [8, 8]", "Did you mean sight?"),
        ("[modalities.sight]\n[modalities.sound]\nrat_hz = 8000", "Did you mean rate_hz?"),
        ("[modalities]\nsight = 3", "Write [modalities.sight] above"),
    ],
)
def test_a_key_of_data_has_the_nearest_before_a_file_is_opened(
    text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decode(*_: object) -> None:
        raise AssertionError("a file was opened")

    monkeypatch.setattr(read, "decode", decode)
    class_folders(tmp_path / "pets")
    file = tmp_path / "pets.toml"
    file.write_text(f'data = "pets"\n{text}\n')
    with pytest.raises(InputError) as caught:
        read.read_own(file)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"factor": 1}, "Did you mean factors?"),
        ({"seed": 1}, "Did you mean seeds?"),
        ({"factors": {"neurons": ["lif"]}}, "Did you mean neuron?"),
        ({"effort": {"image": 3}}, "Did you mean images?"),
        ({"time_steps": [2]}, "Write it below [factors]."),
        ({"images": 20}, "Write it below [effort]."),
        ({"factors": {"images": [20]}}, "Write it below [effort]."),
        ({"effort": {"neuron": "lif"}}, "Write it below [factors]."),
        ({"effort": {"seeds": 3}}, "Write it above all tables."),
    ],
)
def test_a_key_of_a_study_has_the_nearest(values: dict[str, object], said: str) -> None:
    with pytest.raises(InputError) as caught:
        study_of({"name": "mine", **values}, "mine.toml")
    assert said in str(caught.value)


def test_what_is_much_further_off_than_the_closest_is_not_named() -> None:
    assert nearest("modality", ("data", "validation", "modalities")) == ["modalities"]
    assert nearest("sizf", ("size", "sizes")) == ["size", "sizes"]
    assert nearest("qqq", ("size",)) == []
