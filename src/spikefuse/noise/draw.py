"""The noise of one draw on one batch: what each place of a network gets of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from spikefuse.core.checks import require
from spikefuse.core.streams import stream_seed
from spikefuse.noise.condition import NoiseCondition
from spikefuse.noise.contract import Strength
from spikefuse.noise.registry import NOISES

if TYPE_CHECKING:
    from torch import Tensor, nn


class NoiseDraw:
    """The noise of one draw on one batch, with a stream for each member, site and position.

    Args:
        condition: What to add and where.
        sites: The network's activations in order of execution.
        seeds: One per member.
        key: What else names the stream: split, draw, batch.
        native: Compute in C++, see `spikefuse.core.gaussian`.
        replacements: By modality, the raw input [P, B, ...] that takes an input's place; for kinds
            with a `fill`.
    """

    def __init__(
        self,
        condition: NoiseCondition,
        sites: Sequence[str],
        seeds: Sequence[int],
        key: tuple[str | int, ...],
        native: bool = False,
        replacements: Mapping[str, Tensor] | None = None,
    ) -> None:
        self.condition = condition
        self.kind = NOISES[condition.kind]
        self.native = native
        self.seeds = seeds
        # A frozen pattern is that of a draw, whatever the split and the batch.
        self.key = ("frozen", *key[1:2]) if condition.varies == "draw" else key
        self.replacements = replacements or {}
        if condition.sites == "all":
            self.sites = set(sites)
        elif condition.sites == "first":
            self.sites = {sites[0]} | {site for site in sites if site.endswith(".conv1")}
        else:
            self.sites = {sites[-1]}

    def _applies(self, position: str, site: str) -> bool:
        condition = self.condition
        return (
            condition.severity > 0 and condition.noise_position == position and site in self.sites
        )

    def _disturb(
        self,
        site: str,
        values: Tensor,
        time_steps: int,
        scale: Tensor | None = None,
        replacement: Tensor | None = None,
    ) -> Tensor:
        condition = self.condition
        # The first kind's streams are older than kinds.
        kind = () if condition.kind == "gaussian" else (condition.kind,)
        seeds = [stream_seed(seed, "noise", *kind, *self.key, site) for seed in self.seeds]
        if condition.unit == "std":
            scale = own_std(values)
        strength = Strength(
            condition.severity,
            seeds,
            self.native,
            scale,
            condition.common,
            condition.varies,
            replacement,
        )
        moved = self.kind.disturb(values, time_steps, strength)
        wanted = tuple(values.shape)
        told = f"a tensor of shape {wanted}, or with {time_steps} steps in its second axis"
        shape = tuple(getattr(moved, "shape", ()))
        is_fine = shape in (wanted, (wanted[0], time_steps, *wanted[2:]))
        got = shape or type(moved).__name__
        require(is_fine, "noise", f"what {condition.kind} gives back", told, got)
        return moved

    def input(
        self, modality: str, encoded: Tensor, time_steps: int, encode: Callable[[Tensor], Tensor]
    ) -> Tensor:
        """The input of a modality with noise, or with what takes its place."""
        import torch

        condition = self.condition
        chosen = not condition.modalities or modality in condition.modalities
        if condition.severity == 0 or condition.noise_position != "input" or not chosen:
            return encoded
        replacement = encode(self.replacements[modality]) if self.kind.fill else None
        site = f"{modality}.input"
        moved = self._disturb(site, encoded, time_steps, replacement=replacement)
        if condition.steps_share == 1.0:
            return moved
        count = max(encoded.shape[1], time_steps)
        lasting = round(condition.steps_share * count)
        told = f"a share of {count} steps that is at least one of them and not all"
        require(0 < lasting < count, "noise", "steps_share", told, condition.steps_share)
        is_late = torch.arange(count, device=encoded.device) >= count - lasting
        return torch.where(is_late.view(1, -1, *[1] * (encoded.dim() - 2)), moved, encoded)

    def before(
        self, site: str, current: Tensor, time_steps: int, neurons: nn.Module | None = None
    ) -> Tensor:
        """The current with noise of its own at every step, [P, T, B, ...]."""
        if self._applies("membrane", site):
            return self._on_membrane(site, current, time_steps, neurons)
        if not self._applies("before", site):
            return current
        return self._disturb(site, current, time_steps, self._threshold(current, neurons))

    def _on_membrane(
        self, site: str, current: Tensor, time_steps: int, neurons: nn.Module | None
    ) -> Tensor:
        """What the noise on the membrane after each step leaves of itself in the next.

        The membrane v becomes v + n, so the next step begins with leak * (v + n): as if the current
        had leak * n more. The membrane after the last step is nobody's.
        """
        import torch

        leaks = getattr(neurons, "leaks", None)
        require(
            leaks is not None,
            "noise",
            "noise_position",
            "one that the neurons have (no membrane with a leak here)",
            "membrane",
        )
        assert leaks is not None
        nothing = torch.zeros_like(current[:, :1])
        noise = self._disturb(site, nothing, time_steps, self._threshold(current, neurons))
        kept = leaks().to(noise).view(-1, *[1] * (noise.dim() - 1))
        carried = torch.zeros_like(noise.expand(-1, time_steps, *[-1] * (noise.dim() - 2)))
        carried[:, 1:] = (noise * kept)[:, : time_steps - 1]
        return current + carried.to(current.dtype)

    def _threshold(self, current: Tensor, neurons: nn.Module | None) -> Tensor | None:
        """Each member's threshold where severities count in it."""
        if self.condition.unit != "threshold":
            return None
        found: Tensor | None = getattr(neurons, "threshold", None)
        require(
            found is not None, "noise", "unit", "absolute or std (no threshold here)", "threshold"
        )
        assert found is not None
        return found.to(current.device).float().view(-1, *[1] * (current.dim() - 1))

    def reaches_output(self, site: str) -> bool:
        """Whether noise disturbs what leaves the activation at `site`, before pooling."""
        return self._applies("after", site)

    def after(self, site: str, output: Tensor) -> Tensor:
        """The output with noise; Gaussian noise makes spikes real-valued."""
        if not self.reaches_output(site):
            return output
        return self._disturb(site, output, output.shape[1])

    def reaches_pooled(self, site: str) -> bool:
        """Whether noise disturbs what leaves the activation at `site`, after pooling."""
        return self._applies("pooled", site)

    def pooled(self, site: str, output: Tensor) -> Tensor:
        """The pooled output with noise: no maximum of several noisy numbers is taken."""
        if not self.reaches_pooled(site):
            return output
        return self._disturb(site, output, output.shape[1])

    def weights(self, site: str, values: Tensor) -> Tensor:
        """A layer's weights [P, ...] with noise, once a draw."""
        chosen = self.condition.sites == "all" or site in self.sites
        if self.condition.severity == 0 or not chosen:
            return values
        # As one step of one sample: what a layer's activations are to other places.
        layer = values[:, None, None]
        return self._disturb(site, layer, 1)[:, 0, 0]


def own_std(values: Tensor) -> Tensor:
    """Standard deviation of each sample's values over steps and neurons, [P, 1, B, 1, ...]."""
    members, _, batch = values.shape[:3]
    flat = values.float().transpose(1, 2).flatten(2)
    return flat.std(dim=2, correction=0).view(members, 1, batch, *[1] * (values.dim() - 3))
