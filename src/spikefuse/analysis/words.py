"""How numbers and levels are written: the same on the page, in its files and in the terminal.

Shares and differences of shares come in as fractions of 1 and go out in per cent and percentage
points. Two minus signs are wanted: the page sets a true one, while `signed` keeps the hyphen that
`claims.json`, scripts and any terminal can read.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from spikefuse.analysis.estimates import Estimate

NONE = "\u2013"
"""What stands where there is no number."""

FEWEST = 3
"""Seeds below which there is no interval."""

_ACRONYMS = ("snn", "dnn", "lif", "if")
_NAMES = {
    ("reset", "hard"): "Hard reset",
    ("reset", "soft"): "Soft reset",
    ("noise_position", "before"): "Before activation",
    ("noise_position", "after"): "After activation",
}


class Ends(Protocol):
    """An interval; None where there is none."""

    @property
    def low(self) -> float | None:
        """Its lower end."""

    @property
    def high(self) -> float | None:
        """Its upper end."""


def shown(value: object) -> str:
    """A level as text: short, and without what could steer a terminal.

    Example:
        >>> shown(0.1), shown(None)
        ('0.1', 'nothing')
    """
    text = f"{value:g}" if isinstance(value, float) else "" if value is None else str(value)
    if not text.isprintable():
        text = "".join(character if character.isprintable() else "?" for character in text)
    text = text.strip()
    return f"{text[:39]}\u2026" if len(text) > 40 else text or "nothing"


def level_name(column: str, level: object) -> str:
    """How a level is written in a figure or table.

    Example:
        >>> level_name("time_steps", 4), level_name("network", "snn"), level_name("size", "S/2")
        ('T = 4', 'SNN', 'S/2')
    """
    if column == "time_steps":
        return f"T = {level}"
    if column == "noise_std" and isinstance(level, int | float):
        return "No noise" if level == 0 else f"Noise {level:g}"
    text = str(level)
    if column in ("network", "neuron") and text in _ACRONYMS:
        return text.upper()
    if column == "modality":
        return text[:1].upper() + text[1:]
    return _NAMES.get((column, text), text)


_PLACES = {"before": "before the activation", "after": "after the activation"}
_PLACES |= {"pooled": "after pooling", "membrane": "on the membrane"}
_PLACES |= {"input": "at the input", "weights": "on the weights"}


def noise_place(position: object) -> str:
    """Where noise stands.

    Example:
        >>> noise_place("before"), noise_place("weights")
        ('before the activation', 'on the weights')
    """
    return _PLACES.get(str(position), shown(position))


_FAILS = {
    "mean": "missing (mean of training)",
    "zeros": "missing (zeros)",
    "static": "missing (noise)",
    "shuffle": "of another sample",
    "conflict": "of another class",
}


def disturbed(kind: str, modalities: Sequence[str], share: float = 1.0) -> str:
    """What is done to a network's inputs.

    Example:
        >>> disturbed("zeros", ["audio"], 0.5)
        'audio missing (zeros), last 50 % of the steps'
    """
    part = "" if share == 1.0 else f", last {100 * share:g} % of the steps"
    return f"{listing(modalities)} {_FAILS.get(kind, kind)}{part}"


def plural(count: int, noun: str, several: str = "") -> str:
    """`1 seed`, `2 seeds`; `2 studies` with the word for several."""
    return f"{count:,} {noun if count == 1 else several or f'{noun}s'}"


def under(protocol: str) -> str:
    """`under the disjoint pairing`; of samples that nobody paired, what they are.

    Example:
        >>> under("disjoint"), under("paired")
        ('under the disjoint pairing', 'on paired samples')
    """
    return "on paired samples" if protocol == "paired" else f"under the {protocol} pairing"


_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def all_of(count: int) -> str:
    """`both`, `all three`.

    Example:
        >>> all_of(2), all_of(3), all_of(12)
        ('both', 'all three', 'all 12')
    """
    if count == 2:
        return "both"
    return f"all {_COUNTS[count] if count < len(_COUNTS) else count}"


def better_of(count: int) -> str:
    """The comparative of two, the superlative of more."""
    return "better" if count == 2 else "best"


def listing(names: Sequence[str]) -> str:
    """`image and audio`; `picture, sonar and touch`.

    Example:
        >>> listing(["image", "audio"]), listing(["a", "b", "c"]), listing(["a"])
        ('image and audio', 'a, b and c', 'a')
    """
    *first, last = names or [""]
    return f"{', '.join(first)} and {last}" if first else last


def article(noun: str) -> str:
    """`a` or `an`.

    Example:
        >>> article("image"), article("touch")
        ('an', 'a')
    """
    return "an" if noun[:1].lower() in "aeiou" else "a"


def percent(share: float | None) -> str:
    """A share in per cent with two decimals.

    Example:
        >>> percent(0.985), percent(None)
        ('98.50', '\u2013')
    """
    return NONE if share is None else f"{100 * share:.2f}"


def short_percent(share: float) -> str:
    """A share as a number of per cent without needless zeros.

    Example:
        >>> short_percent(0.995)
        '99.5'
    """
    return f"{100 * share:.2f}".rstrip("0").rstrip(".")


def signed(difference: float) -> str:
    """A difference of shares in percentage points, with a hyphen for a minus.

    Example:
        >>> signed(-0.0123)
        '-1.23'
    """
    return f"{100 * difference:+.2f}"


def points(difference: float, *, sign: bool = True) -> str:
    """A difference of shares in percentage points, with a true minus sign.

    Example:
        >>> points(-0.0123), points(-0.00001), points(0.006, sign=False)
        ('\u22121.23', '0.00', '0.60')
    """
    text = f"{100 * difference:+.2f}" if sign else f"{100 * difference:.2f}"
    return "0.00" if text in ("-0.00", "+0.00") else text.replace("-", "\u2212")


def span(found: Ends | None, write: Callable[[float], str]) -> str:
    """An interval, each end written by `write`; of two seeds their values, else nothing."""
    if found is None or found.low is None or found.high is None:
        return " and ".join(both) if (both := two_values(found, write)) else NONE
    return f"{write(found.low)} to {write(found.high)}"


def two_values(found: object, write: Callable[[float], str]) -> tuple[str, ...]:
    """The values of an estimate of two seeds, which stand in place of an interval; else none."""
    # Where a seed diverged there is no mean either: two of three seeds are not the whole.
    values = getattr(found, "values", None) if getattr(found, "mean", 0.0) is not None else None
    numbers = list(values.values()) if isinstance(values, Mapping) else []
    return tuple(write(value) for value in numbers) if len(numbers) == 2 else ()


def rate(value: float) -> str:
    """Spikes per neuron and step."""
    return f"{value:.4f}"


def rate_span(found: Ends | None) -> str:
    """An interval of rates, which end at 0 and 1; of two seeds their values."""
    return span(found, lambda value: rate(min(max(value, 0.0), 1.0)))


def difference(value: "Estimate | None") -> tuple[str, str, str]:
    """A difference of accuracies in percentage points: mean, interval, n and what is apart."""
    if value is None:
        return NONE, NONE, NONE
    return points(value.mean), span(value, points), counted(value)


class Counted(Protocol):
    """A mean of some seeds, and the seeds that are not in it since their networks are silent."""

    @property
    def n(self) -> int:
        """How many seeds."""

    @property
    def values(self) -> Mapping[int, float]:
        """The number of each."""

    @property
    def silent(self) -> tuple[int, ...]:
        """The seeds that are apart."""


def counted(value: Counted) -> str:
    """An n with what is apart: `4, 1 silent`."""
    return f"{value.n}{apart(value)}"


def interval_words(counts: Iterable[int], what: str = "95 % interval") -> str:
    """What a caption or legend says of intervals, by the n of what it stands under.

    Below three seeds there is none, so nothing may be called one; empty where nothing has one.

    Example:
        >>> interval_words([5, 3]), interval_words([5, 2]), interval_words([1, 2])
        ('95 % interval', '95 % interval (from 3 seeds on)', '')
    """
    enough = [count >= FEWEST for count in counts if count]
    if not any(enough):
        return ""
    return what if all(enough) else f"{what} (from {FEWEST} seeds on)"


def apart(value: Counted) -> str:
    """Behind an n: how many seeds are not in it, since one of their networks is silent."""
    if value.silent and set(value.values) <= set(value.silent):
        return ", silent" if value.n == 1 else ", all silent"  # no other is there to be averaged
    return f", {len(value.silent)} silent" if value.silent else ""


def with_interval(value: "Estimate") -> str:
    """`+0.62 pp (95 % interval +0.41 to +0.83, n = 5)`, with spaces that do not break."""
    number = f"{points(value.mean)}\u00a0pp"
    count = f"n\u00a0=\u00a0{value.n}"
    if value.over:
        # Two numbers stand behind such an interval: of seeds and of test samples.
        samples = value.over.replace(" ", "\u00a0")
        count += f"\u00a0seeds, {samples}"
    count += apart(value).replace(" silent", "\u00a0silent")
    if value.low is None or value.high is None:
        both = two_values(value, points)
        told = " and ".join(f"{each}\u00a0pp" for each in both)
        told = told or ("too few for an interval" if value.n < FEWEST else "no interval")
        return f"{number} ({told}, {count})" if both else f"{number} ({count}, {told})"
    ends = f"{points(value.low)}\u00a0to\u00a0{points(value.high)}"
    return f"{number} (95\u00a0% interval {ends}, {count})"


def share(value: float) -> str:
    """An end of an accuracy's interval in per cent: no accuracy lies below 0 or above 1.

    Example:
        >>> share(1.1195), share(0.5)
        ('100.00', '50.00')
    """
    return percent(min(max(value, 0.0), 1.0))


def in_brackets(found: Ends, write: Callable[[float], str]) -> str:
    """`[+0.41, +0.83]`, as a narrow column of a terminal has it; of two seeds their values."""
    if found.low is None or found.high is None:
        return " and ".join(two_values(found, write)) or NONE
    return f"[{write(found.low)}, {write(found.high)}]"
