"""The planner: how many networks the paper needs, what they share, what is skipped."""

import hashlib
from pathlib import Path

import pytest

from spikefuse.core.errors import InputError
from spikefuse.data import DataSettings, assign, load_corpus, locate
from spikefuse.planning import Plan, make_plan
from spikefuse.planning.plan import resolve_studies, studies_under
from spikefuse.results import TrialStore
from spikefuse.studies import PROFILES
from spikefuse.studies.paper import EXPERIMENTS
from spikefuse.studies.registry import REPRODUCTION
from spikefuse.training import TrialDefinition

QUICK = PROFILES["quick"]


def _plan(folder: Path, **more) -> Plan:
    settings = {"protocols": ("paper", "disjoint"), "seeds": 1} | more
    names = settings.pop("names", ())
    return make_plan(resolve_studies(names), QUICK, "mnist-fsdd", TrialStore(folder), **settings)


@pytest.mark.parametrize(
    ("protocols", "seeds", "networks"),
    [
        (("disjoint",), 1, 32),
        (("paper",), 1, 30),
        (("paper", "disjoint"), 1, 42),
        (("paper", "disjoint"), 2, 84),
    ],
)
def test_distinct_networks(
    tmp_path: Path, protocols: tuple[str, ...], seeds: int, networks: int
) -> None:
    plan = _plan(tmp_path, protocols=protocols, seeds=seeds)
    assert len(plan.trials) == networks
    planned = [t.definition.name for group in plan.populations for t in group]
    assert sorted(planned) == sorted(t.definition.name for t in plan.trials)


def test_unimodal_networks_serve_every_protocol(tmp_path: Path) -> None:
    unimodal = [t for t in _plan(tmp_path).trials if t.definition.modality != "fused"]
    assert len(unimodal) == 20
    for trial in unimodal:
        assert {use.cell.protocol for use in trial.uses} == {"paper", "disjoint"}


def test_the_default_network_serves_every_study_of_the_reproduction(tmp_path: Path) -> None:
    plan = _plan(tmp_path)
    default = next(
        t
        for t in plan.trials
        if (t.definition.network, t.definition.modality, t.definition.size) == ("snn", "image", "S")
        and (t.definition.neuron, t.definition.reset, t.definition.time_steps) == ("lif", "soft", 4)
    )
    assert {use.study for use in default.uses} == set(REPRODUCTION)
    assert {(c.noise_std, c.noise_position) for c in default.conditions} == {
        (0.1, "before"),
        (0.1, "after"),
        (5.0, "before"),
    }


def test_curves_come_with_every_run_and_train_nothing(tmp_path: Path) -> None:
    bare, plan = _plan(tmp_path, seeds=2), _plan(tmp_path, seeds=2, with_curves=True)

    assert [t.name for t in plan.trials] == [t.name for t in bare.trials]
    assert plan.seeds == bare.seeds, "the study's own least number of seeds is for who names it"
    assert [study.name for study in plan.studies] == [*REPRODUCTION, "robustness"]
    named = _plan(tmp_path, names=["robustness"], seeds=2)
    met = {t.name: {(c.noise_std, c.noise_position) for c in t.conditions} for t in plan.trials}
    for trial in named.trials:
        if "disjoint" in {use.cell.protocol for use in trial.uses}:
            assert {(c.noise_std, c.noise_position) for c in trial.conditions} <= met[trial.name]


def test_curves_are_of_the_networks_that_a_run_has(tmp_path: Path) -> None:
    def curves(*names: str, **settings) -> set[str]:
        plan = _plan(tmp_path, names=names, with_curves=True, **settings)
        assert len({study.name for study in plan.studies}) == len(plan.studies)
        asked = (use for trial in plan.trials for use in trial.uses if use.study == "robustness")
        return {f"{use.cell.network} {use.cell.modality}" for use in asked}

    everyone = {f"{n} {m}" for n in ("snn", "dnn") for m in ("image", "audio", "fused")}
    assert curves("controls") == everyone
    assert curves("robustness", "controls") == everyone
    assert curves("reset") == {"snn image", "snn audio", "snn fused"}
    assert not curves("speakers")
    assert not curves("fusion"), "its networks begin with other weights"
    assert not curves("controls", "model-size", protocols=("paper",))


def test_members_share_a_shape(tmp_path: Path) -> None:
    for group in _plan(tmp_path, seeds=3).populations:
        assert len({trial.definition.population_key() for trial in group}) == 1


def test_small_networks_train_as_one_batch(tmp_path: Path) -> None:
    plan = make_plan(
        resolve_studies(["reset", "neuron"]),
        PROFILES["smoke"],
        "builtin",
        TrialStore(tmp_path),
        seeds=2,
        workers=1,
    )
    kinds = {(t.definition.neuron, t.definition.reset) for t in plan.populations[0]}
    assert len(kinds) > 1, "LIF, IF, soft and hard stand in one population"


@pytest.mark.parametrize("modality", ["image", "audio", "fused"])
def test_sizes_are_met(tmp_path: Path, modality: str) -> None:
    from spikefuse.networks.budget import count_parameters, solve_width

    for trial in _plan(tmp_path).trials:
        if trial.definition.modality == modality:
            spec = trial.definition.network_spec()
            miss = abs(count_parameters(spec, solve_width(spec)) - spec.budget)
            assert miss <= 0.01 * spec.budget


def test_seeds_must_be_positive(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="seeds"):
        _plan(tmp_path, seeds=0)
    with pytest.raises(InputError, match="seeds must be at most 100,000"):
        _plan(tmp_path, seeds=100_001)


def test_unknown_study_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError, match="Did you mean time-steps"):
        resolve_studies(["time-step"])


@pytest.mark.parametrize(
    ("profile", "source", "fingerprint"),
    [
        ("smoke", "builtin", "7765f80ef5ac57c8"),
        ("quick", "mnist-fsdd", "5890d41908c303a6"),
        ("paper", "mnist-fsdd", "d858167b48d5adb0"),
    ],
)
def test_networks_that_users_have_stored_keep_their_names(
    tmp_path: Path, profile: str, source: str, fingerprint: str
) -> None:
    """A new factor must not change what a trial or a noise condition is called.

    The fingerprints are of the first release, taken over all names and conditions of the paper's
    experiments, whose networks are those of the reading `lab` now. Change one only with a reason to
    train everything again.
    """
    store = TrialStore(tmp_path)
    studies = studies_under(EXPERIMENTS, ["lab"])
    plan = make_plan(studies, PROFILES[profile], source, store, seeds=2)
    names = sorted(trial.definition.name for trial in plan.trials)
    conditions = sorted(str(c.naming()) for t in plan.trials for c in t.conditions)
    assert hashlib.sha256("".join(names + conditions).encode()).hexdigest()[:16] == fingerprint


def test_shuffled_networks_are_trained_apart_and_only_as_disjoint(tmp_path: Path) -> None:
    plan = _plan(tmp_path, names=["controls"], protocols=("paper", "disjoint"))
    shuffled = [t for t in plan.trials if t.definition.selection.shuffle_audio]
    assert [t.definition.network for t in shuffled] == ["dnn", "snn"]
    assert {t.definition.protocol for t in shuffled} == {"disjoint"}
    assert {use.cell.pairing for t in shuffled for use in t.uses} == {"shuffled"}
    assert len(plan.trials) == 8
    assert not _plan(tmp_path, names=["controls"], protocols=("paper",)).trials


@pytest.mark.parametrize(("source", "speakers"), [("mnist-fsdd", 6), ("builtin", 5)])
def test_each_speaker_is_held_out_once(tmp_path: Path, source: str, speakers: int) -> None:
    plan = make_plan(resolve_studies(["speakers"]), QUICK, source, TrialStore(tmp_path), seeds=1)
    assert len(plan.trials) == 4 * speakers
    held_out = {t.definition.selection.held_out_speaker for t in plan.trials}
    assert len(held_out) == speakers
    assert None not in held_out
    for trial in plan.trials:
        assert trial.definition.protocol == "speaker"
        cells = {use.cell.held_out for use in trial.uses}
        assert cells == {trial.definition.selection.held_out_speaker}


def test_every_profile_fits_the_embedded_data() -> None:
    corpus = load_corpus(DataSettings(source="builtin"), locate("builtin"))
    for profile in PROFILES.values():
        for modality in ("image", "audio", "fused"):
            settings = profile.settings(modality, "S", "builtin")
            definition = TrialDefinition.create(modality=modality, **settings)
            assigned = assign(corpus, modality, "disjoint", 0, definition.selection)
            assert len(assigned.labels["train"]) > 0
    assert PROFILES["quick"].settings("image", "S", "builtin")["selection"].images is None
