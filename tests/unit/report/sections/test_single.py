"""Numbers of single networks in the report."""

from spikefuse.report.sections.single import single_table


def test_a_number_that_a_meter_could_not_give_is_a_dash() -> None:
    row = {
        **{"trial": "t", "network": "snn", "modality": "image", "size": "S", "seed": 0},
        **{"time_steps": 4, "neuron": "lif", "reset": "soft", "fusion": "none", "budget": 9},
        **{"protocol": "disjoint", "pairing": "true", "held_out": "", "reading": "base"},
        **{"noise_std": 0.0, "noise_position": "before", "disturbance": "", "study": "trials"},
        **{"split": "test", "metric": "mine.mean", "value": None, "samples": ""},
    }
    (cells,) = single_table([row]).rows
    assert "\u2013" in cells[5]
    (cells,) = single_table([row | {"value": 0.25}]).rows
    assert cells[5] == "0.25"
