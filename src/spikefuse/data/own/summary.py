"""What was found, as plain values for JSON, tables and reports."""

from typing import Any

from spikefuse.data.own.description import SPLITS
from spikefuse.data.own.read import OwnData, OwnModality


def summary(data: OwnData) -> dict[str, Any]:
    """Everything about data but the data: counts, pairing, splits, remarks.

    Returns:
        `name`, `fingerprint`, `banner`, `classes`, `pairing`, `group`, `groups`, `made_splits`,
        `split_by`, `modalities` (by name: `kind`, `shape`, `units`, `decoding` and `counts` by
        class and split) and `remarks` (`check`, `weight`, `sentence`, `names`).
    """
    return {
        "name": data.name,
        "fingerprint": data.fingerprint,
        "banner": data.banner,
        "classes": list(data.classes),
        "pairing": data.pairing,
        "group": data.group,
        "groups": list(data.group_names),
        "made_splits": list(data.made_splits),
        "split_by": data.split_by,
        "modalities": {
            name: {
                "kind": modality.kind,
                "shape": list(modality.inputs.shape[1:]),
                "units": modality.units,
                "decoding": dict(modality.settings),
                "counts": counts(modality, data.classes),
            }
            for name, modality in data.modalities.items()
        },
        "remarks": [
            {
                "check": remark.check,
                "weight": remark.weight,
                "sentence": remark.sentence,
                "names": list(remark.names),
            }
            for remark in data.remarks
        ],
    }


def counts(modality: OwnModality, classes: tuple[str, ...]) -> dict[str, dict[str, int]]:
    """Samples of each class in each split."""
    by_split = {
        split: modality.labels[modality.of(split)].bincount(minlength=len(classes)).tolist()
        for split in SPLITS
    }
    return {
        label: {split: by_split[split][place] for split in SPLITS}
        for place, label in enumerate(classes)
    }
