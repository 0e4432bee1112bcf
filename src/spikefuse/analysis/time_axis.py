"""What a network gains where it meets a modality in its own time, from the study `time-axis`.

The same layers on the whole map at every step and on its parts in turn, paired by seed. Holm's
correction is over all modalities and numbers of steps of one network.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from spikefuse.analysis.estimates import LEVEL, Estimate, adjusted, estimate
from spikefuse.analysis.row_index import Level, Row
from spikefuse.analysis.series import Series, minus, resolution
from spikefuse.analysis.table import Table
from spikefuse.studies.readings import BASE, TIME_READINGS, composed
from spikefuse.studies.time_axis import TIME_AXIS

WHOLE, PARTS = TIME_READINGS


@dataclass(frozen=True)
class TimeGain:
    """One network, modality and number of steps.

    Attributes:
        usual: Test accuracy of the usual network, with convolutions on the whole map; None where
            it has other steps, or a seed diverged.
        whole: Of the layers without convolutions on the whole map; None where a seed diverged.
        parts: Of the same layers on its parts in turn; likewise.
        gain: `parts` minus `whole`, paired by seed; None where a seed of either diverged.
        p_value: That both are equal, after Holm; None without an interval.
        reason: Why there is no gain; empty where there is one.
    """

    network: str
    modality: str
    time_steps: int
    usual: Estimate | None
    whole: Estimate | None
    parts: Estimate | None
    gain: Estimate | None
    p_value: float | None = None
    reason: str = ""

    @property
    def sign(self) -> int:
        """1 where the parts are shown to be better, -1 where worse, 0 where neither is."""
        is_shown = self.gain is not None and self.p_value is not None and self.p_value < LEVEL
        return self.gain.sign if is_shown and self.gain is not None else 0


def time_gains(rows: Iterable[Row]) -> list[TimeGain]:
    """Every network, modality and number of steps of the study.

    Raises:
        StudyError: A row cannot be read, or two say different things of one cell and seed.
    """
    table, found = Table(rows), []
    study: dict[str, Level] = {"study": TIME_AXIS.name}
    parts = composed(table.reading_of(TIME_AXIS.name), PARTS)
    for network in table.levels("network", **study, reading=parts):
        own: list[TimeGain] = []  # one family
        for modality in table.levels("modality", **study, reading=parts, network=network):
            levels = study | {"network": network, "modality": modality}
            own += [
                _gain(table, levels | {"time_steps": int(float(steps))})
                for steps in table.levels("time_steps", **levels, reading=parts)
            ]
        p_values = adjusted({place: each.gain for place, each in enumerate(own)})
        found += [replace(each, p_value=p_values.get(place)) for place, each in enumerate(own)]
    return found


def _gain(table: Table, levels: dict[str, Level]) -> TimeGain:
    reading = table.reading_of(TIME_AXIS.name)
    usual, whole, parts = (
        table.series(**levels, reading=composed(reading, own), noise_std=0.0)
        for own in (BASE, WHOLE, PARTS)
    )
    step, gap = resolution(whole, parts), minus(parts, whole)
    return TimeGain(
        network=str(levels["network"]),
        modality=str(levels["modality"]),
        time_steps=int(levels["time_steps"]),
        usual=estimate(usual, resolution(usual)),
        whole=estimate(whole, step),
        parts=estimate(parts, step),
        gain=estimate(gap, step),
        reason=gap.reason or _missing(whole, gap),
    )


def _missing(whole: Series, gap: Series) -> str:
    if not whole.is_there:
        return "the whole map is not stored"
    return "" if gap.is_there else "no seed has both"
