"""The protocol audit as tables."""

from types import ModuleType
from typing import Any

import torch

from spikefuse.data import Assignment, Corpus, Pool, audit
from spikefuse.report.reading.sources import Trial
from spikefuse.report.sections.audit import audit_shares, audit_tables

MODALITIES = ("image", "audio", "fused")


def trial(record: object, modality: str = "fused", protocol: str = "paper") -> Trial:
    definition = {"modality": modality, "protocol": protocol}
    return Trial("x", "done", definition, (), {"audit": record}, {})


def made(synthetic: ModuleType, modality: str, protocol: str) -> Trial:
    record = synthetic.audit_record({"modality": modality, "protocol": protocol})
    return trial(record, modality, protocol)


def test_shares_of_clips_by_protocol(synthetic: ModuleType) -> None:
    trials = [made(synthetic, "fused", name) for name in ("paper", "disjoint")]

    assert audit_shares(trials, MODALITIES) == {"paper": 1.0, "disjoint": 0.0}


def test_tables_put_the_leaking_protocol_first(synthetic: ModuleType) -> None:
    trials = [
        made(synthetic, "image", "official"),
        made(synthetic, "fused", "disjoint"),
        made(synthetic, "fused", "paper"),
        made(synthetic, "fused", "paper"),
    ]

    shared, splits = audit_tables(trials, MODALITIES)

    assert shared.rows[0] == (
        *("paper", "fused", "validation in train"),
        *("0.0\u00a0% (0)", "100.0\u00a0% (2,400)", "100.0\u00a0% (6)", "2"),
    )
    assert [row[:2] for row in shared.rows[::3]] == [
        ("paper", "fused"),
        ("disjoint", "fused"),
        ("official", "image"),
    ]
    assert splits.rows[2] == ("paper", "fused", "test", "2,000", "2,000", "300", "6")
    assert splits.rows[-1] == ("official", "image", "test", "2,000", "2,000", "\u2013", "\u2013")


def test_trials_that_differ_give_a_range() -> None:
    records = [
        {"splits": [{"split": "train", "samples": samples}], "overlaps": []}
        for samples in (100, 2000)
    ]

    (_, splits) = audit_tables([trial(record) for record in records], MODALITIES)

    assert splits.rows[0][3] == "100 to 2,000"


def test_reads_what_the_data_package_writes() -> None:
    speakers = torch.zeros(6, dtype=torch.int64)
    labels = torch.zeros(6, dtype=torch.int64)
    image = Pool("image", torch.zeros(6, 1, 2, 2), labels, labels > 0, (), None, ())
    names = tuple("abcdef")
    audio = Pool("audio", torch.zeros(6, 1, 2, 2), labels, labels > 0, names, speakers, ("s",))
    corpus = Corpus("builtin", {"image": image, "audio": audio}, "f", "banner")
    pairs = {"train": [0, 1], "validation": [2, 3], "test": [4, 5]}
    clips = {"train": [0, 1], "validation": [1, 2], "test": [4, 4]}
    samples: dict[str, Any] = {
        split: {"image": torch.tensor(pairs[split]), "audio": torch.tensor(clips[split])}
        for split in pairs
    }
    assignment = Assignment("paper", samples, dict.fromkeys(pairs, labels[:2]))

    record = audit(corpus, assignment).to_json()

    assert audit_shares([trial(record)], MODALITIES) == {"paper": 0.5}
    shared, splits = audit_tables([trial(record)], MODALITIES)
    assert shared.rows[0][4] == "50.0\u00a0% (1)"
    assert splits.rows[2][5] == "1"


def test_no_audit_or_a_strange_one() -> None:
    assert audit_tables([trial(None), trial({}), trial("x")], MODALITIES) == []
    assert audit_shares([trial({"overlaps": 3, "splits": ["x"]})], MODALITIES) == {}
    assert [table.rows for table in audit_tables([trial({"overlaps": 3})], MODALITIES)] == [(), ()]
