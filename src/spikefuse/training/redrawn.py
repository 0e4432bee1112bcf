"""What is drawn anew for each epoch: which samples make a pair, and which modality is lost.

Both are functions of a member's seed and the epoch, as the order of the samples is: where training
is stopped, and who trains beside, changes nothing.
"""

import torch
from torch import Tensor

from spikefuse.core.streams import torch_stream
from spikefuse.data import Assignment, Pool
from spikefuse.data.splits.sampling import pair
from spikefuse.training.definition import TrialDefinition

KEPT = -1
"""In place of the number of a modality that is lost."""


def fresh_partners(
    definition: TrialDefinition, assignment: Assignment, name: str, pool: Pool, epoch: int
) -> Tensor:
    """A modality's sample [n] for each training sample of the leading one, drawn for an epoch.

    They are the samples that the modality's training split has, in balanced repetition, so that no
    sample changes its side. Shuffled partners say nothing of the class in any epoch.

    Args:
        definition: Whose seed and selection.
        assignment: Its splits.
        name: The modality.
        pool: Its samples.
        epoch: Counted from 1.
    """
    own = assignment.samples["train"][name].unique()
    labels, seed = assignment.labels["train"], definition.seed
    found = pair(labels, own, pool.labels[own], seed, "fresh-pairs", name, epoch)
    modality = next(each for each in definition.seen if each.name == name)
    if not definition.selection.is_shuffled(modality):
        return found
    generator = torch_stream(seed, f"shuffle-{name}", "fresh-pairs", epoch)
    return found[torch.randperm(len(found), generator=generator)]


def lost_modalities(definition: TrialDefinition, samples: int, epoch: int) -> Tensor:
    """Which modality each training sample [n] loses in an epoch, `KEPT` where none.

    Args:
        definition: A share `modality_dropout` of the samples lose one of their modalities, each of
            these equally often.
        samples: n.
        epoch: Counted from 1.
    """
    generator = torch_stream(definition.seed, "modality-dropout", epoch)
    loses = torch.rand(samples, generator=generator) < definition.modality_dropout
    which = torch.randint(len(definition.modalities), (samples,), generator=generator)
    return torch.where(loses, which, KEPT)
