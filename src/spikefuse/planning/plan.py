"""A plan: which networks the studies need, which are stored, how the rest is grouped.

Populations are dealt out by what they cost, so the plan knows how long the rest will take.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pydantic import ValidationError

from spikefuse.core.checks import one_of, require
from spikefuse.core.errors import InputError
from spikefuse.core.validation import refusal_of
from spikefuse.data import PROTOCOLS, SOURCES, Source
from spikefuse.planning.populations import group_trials, place_of
from spikefuse.planning.stages import assign_stages
from spikefuse.planning.trials import PlannedTrial, Use, cost_of, find_missing, macs_of
from spikefuse.results import TrialStore
from spikefuse.results.documents import hashes_with
from spikefuse.results.seen import Seen
from spikefuse.studies.design import MOST_SEEDS, Cell, Study
from spikefuse.studies.fusion import FUSION
from spikefuse.studies.profiles import Profile
from spikefuse.studies.readings import BASE
from spikefuse.studies.registry import REPRODUCTION, STUDIES
from spikefuse.studies.robustness import ROBUSTNESS
from spikefuse.studies.sensitivity import SENSITIVITY, sensitivity_studies
from spikefuse.training import TrialDefinition


@dataclass(frozen=True)
class Plan:
    """Everything a run will do, before it does it.

    Attributes:
        adds_curves: Whether the study of robustness is there for the networks of the others alone.
    """

    studies: tuple[Study, ...]
    profile: Profile
    source: str
    protocols: tuple[str, ...]
    seeds: tuple[int, ...]
    trials: tuple[PlannedTrial, ...]
    populations: tuple[tuple[PlannedTrial, ...], ...]
    fingerprint: str | None = None
    stages: tuple[str, ...] = ("everything",)
    adds_curves: bool = False

    @property
    def cost(self) -> float:
        """Work that is left, in multiply-accumulates of a forward pass."""
        return sum(trial.cost for population in self.populations for trial in population)

    @property
    def may_end_early(self) -> bool:
        """Whether a network stops where its accuracy no longer rises: then `cost` is the most."""
        trials = (trial for population in self.populations for trial in population)
        return any(trial.is_to_train and trial.definition.stop == "plateau" for trial in trials)


PARTS = {"--studies": SENSITIVITY, "--sizes": FUSION.name}
"""Options of a run that take a part of one study, and are refused without it."""


def resolve_studies(
    names: Iterable[str],
    readings: Sequence[str] = (),
    experiments: Sequence[str] = (),
    sizes: Sequence[str] = (),
) -> tuple[Study, ...]:
    """Studies by name; those of the reproduction when none is named.

    Args:
        names: Names in `STUDIES`, or "sensitivity" alone.
        readings: Of the sensitivity study, only these; all if empty. Of others one of
            `NETWORK_READINGS`, which their networks have; the base network's if empty.
        experiments: Of the sensitivity study, only these of the paper's experiments.
        sizes: Of the study of fusions, only these, under every profile; its own if empty.

    Raises:
        InputError: A name is unknown, "sensitivity" does not stand alone, or something is chosen
            without the study that it is chosen of.
    """
    known = (*STUDIES, SENSITIVITY)
    chosen = tuple(dict.fromkeys(one_of("studies", "name", name, known) for name in names))
    if sizes and chosen != (FUSION.name,):
        raise InputError(
            f"studies: sizes are chosen for {FUSION.name} alone, got "
            f"{', '.join(chosen) or 'no study'}. Name {FUSION.name}."
        )
    if chosen == (SENSITIVITY,):
        return sensitivity_studies(readings, experiments)
    if SENSITIVITY in chosen:
        raise InputError(
            f"studies: {SENSITIVITY} must stand alone, got {', '.join(chosen)}. "
            "It repeats the paper's experiments by itself; run the other studies apart."
        )
    if experiments:
        raise InputError(
            f"studies: experiments are chosen for {SENSITIVITY}, got "
            f"{', '.join(chosen) or 'no study'}. Name {SENSITIVITY}."
        )
    studies = [STUDIES[name] for name in chosen or REPRODUCTION]
    return studies_under([FUSION.of_sizes(sizes)] if sizes else studies, readings)


def studies_under(studies: Iterable[Study], readings: Sequence[str]) -> tuple[Study, ...]:
    """The studies under the reading that is named, or as they are where none is.

    Raises:
        InputError: There are several, it is unknown, or a study says itself what its networks have.
    """
    if len(readings) > 1:
        raise InputError(
            f"studies: a study is run under one reading, got {', '.join(readings)}. Name one, or "
            f"{SENSITIVITY}, which takes several."
        )
    return tuple(each.of_reading(*readings) if readings else each for each in studies)


def usual_protocols(source: Source) -> tuple[str, ...]:
    """The protocols that stand side by side where nothing is asked for, in their order.

    Example:
        >>> usual_protocols(SOURCES["builtin"])
        ('paper', 'disjoint')
    """
    return tuple(
        name for name, rule in PROTOCOLS.items() if rule.fits(source) and not rule.holds_out
    )


def make_plan(
    studies: Sequence[Study],
    profile: Profile,
    source: str,
    store: TrialStore,
    *,
    protocols: Sequence[str] = (),
    seeds: int | None = None,
    fingerprint: str | None = None,
    workers: int | None = None,
    device: str = "cpu",
    backend: str = "auto",
    is_shared: bool = False,
    with_curves: bool = False,
) -> Plan:
    """Find the distinct networks of the studies and group what is not stored into populations.

    Cells of several studies that need the same network share it. Members of a population have one
    shape, one number of steps and one stage.

    Args:
        studies: What is to be answered.
        profile: How much effort.
        source: The data's source.
        store: Where the trial folders are.
        protocols: Pairing protocols of the fused networks; by default `usual_protocols`.
        seeds: Number of seeds; the profile's own if None.
        fingerprint: Of the data's content, from `data.content_at`; None where it is pinned.
        workers: Processes among which the populations will be dealt.
        device: Where they will train; it decides how large they are, see `populations`.
        backend: The neuron's implementation.
        is_shared: Group all networks, stored ones too, as if nothing were stored: the shares of a
            job array must cut the same plan, whichever of them starts first.
        with_curves: Those of its networks that the study of robustness has too meet the noise of
            that study as well: evaluations alone, no further network.

    Raises:
        InputError: seeds is below 1 or too large, or the device has too little memory for a share.
    """
    studies = [each.under(profile.name) for each in studies]
    count = max([profile.seeds, *(each.fewest_seeds for each in studies)])
    count = count if seeds is None else seeds
    require(count >= 1, "plan", "seeds", "at least 1", count)
    require(count <= MOST_SEEDS, "plan", "seeds", f"at most {MOST_SEEDS:,}", count)
    numbers = tuple(range(count))
    protocols = tuple(protocols) or usual_protocols(SOURCES[source])
    trials = _Trials(profile, (source, fingerprint), Seen(store), protocols, numbers)
    for study in studies:
        trials.add(study)
    named = {each.name for each in studies}
    wanted = with_curves and ROBUSTNESS.name not in named
    curves = replace(ROBUSTNESS, reading=studies[0].reading if studies else BASE)
    adds_curves = wanted and trials.add(curves, trains=False) > 0
    studies += [curves] if adds_curves else []
    planned = trials.all
    for trial in planned:
        find_missing(trial)
        trial.cost = cost_of(trial, is_shared)
    grouped = [t for t in planned if is_shared or not t.is_ready]
    stages = assign_stages(grouped, numbers, device)
    place = place_of(device, workers=workers, backend=backend, is_shared=is_shared)
    populations = tuple(group_trials(grouped, place, is_shared))
    return Plan(
        studies=tuple(studies),
        profile=profile,
        source=source,
        protocols=protocols,
        seeds=numbers,
        trials=planned,
        populations=populations,
        fingerprint=fingerprint,
        stages=stages,
        adds_curves=adds_curves,
    )


def definition_of(
    cell: Cell, seed: int, profile: Profile, source: str, fingerprint: str | None = None
) -> TrialDefinition:
    """The network that a cell needs for a seed, with a profile's effort.

    Raises:
        InputError: A level is not allowed.
    """
    try:
        return cell.trial(seed, **profile.settings(cell.modality, cell.size, source, fingerprint))
    except ValidationError as error:
        raise InputError(refusal_of("plan", error)) from None


class _Trials:
    """The distinct networks of studies, with every use and every noise they will meet."""

    def __init__(
        self,
        profile: Profile,
        data: tuple[str, str | None],
        seen: Seen,
        protocols: Sequence[str],
        seeds: Sequence[int],
    ) -> None:
        self._profile, self._data, self._seen = profile, data, seen
        self._protocols, self._seeds = protocols, seeds
        # By name of the first seed's network, and seed: making and naming a record takes
        # milliseconds, and the cells of a network differ from each other in their noise alone.
        self._known: dict[tuple[str, int], PlannedTrial] = {}

    @property
    def all(self) -> tuple[PlannedTrial, ...]:
        """In the order in which they were asked for."""
        return tuple(self._known.values())

    def add(self, study: Study, *, trains: bool = True) -> int:
        """Add the cells of a study; returns how many.

        Args:
            study: What is to be answered.
            trains: Its networks that no study before it asks for as well; else they are left out.
        """
        added = 0
        for cell in study.cells(self._protocols, SOURCES[self._data[0]]):
            first = definition_of(cell, self._seeds[0], self._profile, *self._data)
            network, condition = first.name, cell.condition(self._profile.draws)
            if (network, self._seeds[0]) not in self._known:
                if not trains:
                    continue
                for trial in _of_seeds(first, self._seeds, self._seen):
                    self._known[network, trial.definition.seed] = trial
            added += 1
            for seed in self._seeds:
                trial = self._known[network, seed]
                trial.uses.append(Use(study.name, cell, seed))
                if condition is not None and condition not in trial.conditions:
                    trial.conditions.append(condition)
        return added


def _of_seeds(first: TrialDefinition, seeds: Sequence[int], seen: Seen) -> Iterator[PlannedTrial]:
    """A network's trials, one a seed; what they share is worked out once."""
    macs = macs_of(first)
    for seed, name in zip(seeds, hashes_with(first.naming(), "seed", seeds), strict=True):
        found = seen.look(name)
        trial = PlannedTrial(first.model_copy(update={"seed": seed}), found.state, 0.0)
        trial.name, trial.macs, trial.evaluations = name, macs, found.evaluations
        yield trial
