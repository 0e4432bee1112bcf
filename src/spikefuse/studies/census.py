"""Which networks learn? Initial weights, surrogates and leaks, counted by their silent layers.

Behind a silent layer little or nothing is learned, so a table of accuracies mixes two questions:
how often a network has one, and how good the others are. The census asks both, of many seeds.
"""

from spikefuse.data import FUSED
from spikefuse.studies.design import EACH, Grid, Study
from spikefuse.studies.paper import SIZES
from spikefuse.studies.readings import CENSUS_READINGS

CENSUS = Study(
    "census",
    "Networks that learn",
    "Which surrogates, initial weights and leaks leave no layer silent, and how good are they?",
    (
        Grid(
            {
                "network": ("snn",),
                "modality": (EACH, FUSED),
                "size": SIZES,
                "reading": tuple(CENSUS_READINGS),
            }
        ),
    ),
    protocols=("disjoint",),
)
"""Every surrogate, both inits and both leaks, for each modality and their fusion at every size."""

CENSUS_SMALLEST = Study(
    "census-smallest",
    "Networks that learn, where silence is likeliest",
    "Of the smallest networks of one modality: how many have a silent layer?",
    (Grid({"network": ("snn",), "size": SIZES[-1:], "reading": tuple(CENSUS_READINGS)}),),
    protocols=("disjoint",),
)
"""The part of the census that decides: the leading modality alone, at S/3."""

CENSUS_LEADING = Study(
    "census-leading",
    "Networks that learn, of the leading modality",
    "Of the networks of one modality at every size: how many have a silent layer?",
    (Grid({"network": ("snn",), "size": SIZES, "reading": tuple(CENSUS_READINGS)}),),
    protocols=("disjoint",),
)
"""The part of the census of which the rule wants most seeds: the leading modality alone."""
