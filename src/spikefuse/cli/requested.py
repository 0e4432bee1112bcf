"""What a user asks of studies, put together: options, a study's own file, data of one's own."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from spikefuse.cli.request import Request
from spikefuse.core.checks import one_of, require
from spikefuse.core.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from spikefuse.data import Location, Source
    from spikefuse.studies.design import Study
    from spikefuse.studies.profiles import Profile

WHERE = "spikefuse"


@dataclass(frozen=True)
class Requested:
    """A request, and what a study's file or further options add to it.

    Args:
        request: The options.
        effort: Fields of the profile that are said otherwise.
        studies: Studies of the user's own; where there are none, the request names them.
    """

    request: Request
    effort: Mapping[str, Any] = field(default_factory=dict)
    studies: tuple["Study", ...] = ()


def requested(given: Mapping[str, Any], changes: Sequence[str] = ()) -> Requested:
    """Options as a request; a study's file gives what they leave out.

    Args:
        given: Fields of `Request` and of a profile, as they were typed.
        changes: What `--set` says otherwise in the file, "key=value" each.

    Raises:
        InputError: A file does not stand alone, says something unknown, or is not there.
    """
    from spikefuse.studies.profiles import EFFORT

    effort = {name: value for name, value in given.items() if name in EFFORT}
    asked = {name: value for name, value in given.items() if name not in EFFORT}
    words = asked.get("studies") or ()
    files = [word for word in words if word.lower().endswith(".toml")]
    if not files:
        if changes:
            raise InputError(
                "run: --set needs a study's file, as in spikefuse run my_study.toml --set seeds=2. "
                "Here it would change nothing."
            )
        return Requested(Request(**asked), effort)
    if len(words) > 1:
        raise InputError(
            f"run: {files[0]} must stand alone, got {', '.join(words)}. Run the others apart."
        )
    return _of_file(Path(files[0]).expanduser(), asked, effort, changes)


def _of_file(
    path: Path, asked: dict[str, Any], effort: dict[str, Any], changes: Iterable[str]
) -> Requested:
    from spikefuse.data.sources.registry import choices
    from spikefuse.studies.file import read_study

    found = read_study(path, changes)
    said: dict[str, Any] = {"profile": found.profile, "data": found.data}
    if found.data not in choices():
        said["data"] = str(path.parent / Path(found.data).expanduser())
    if found.seeds is not None:
        said["seeds"] = found.seeds
    if found.protocols:
        said["protocols"] = ",".join(found.protocols)
    if "out" not in asked:
        said["out"] = Path("runs") / found.name
    both = dict(found.effort) | effort
    epochs = [each["epochs"] for each in (found.effort, effort) if "epochs" in each]
    if len(epochs) == 2 and isinstance(epochs[0], Mapping):
        both["epochs"] = {**epochs[0], **epochs[1]}
    options = said | {name: value for name, value in asked.items() if name != "studies"}
    return Requested(Request(**options), both, (found.study(),))


def location_of(request: Request, console: "Console") -> "Location":
    """Where a request's data is; data of one's own is read and made a source first.

    Raises:
        InputError: It cannot be used as it is, or results would lie in it.
        DataError: A named data folder is missing or incomplete.
    """
    from spikefuse.cli.checked import refuse_folder
    from spikefuse.cli.downloads import download_progress
    from spikefuse.cli.own import source_of
    from spikefuse.data import locate
    from spikefuse.data.own.outside import results_apart, root_of
    from spikefuse.data.sources.registry import FALLBACK

    wanted = FALLBACK if request.profile == "smoke" and request.data == "auto" else request.data
    results_apart(root_of(wanted), request.out, "runs/{}", WHERE, events=request.events)
    source = source_of(wanted, console)
    with download_progress(console) as progress:
        location = locate(source, request.data_dir, progress=progress)
    refuse_folder(WHERE, location, request.data_dir)
    return location


def changed_by(effort: Mapping[str, Any], profile: "Profile") -> "Profile":
    """A profile with what is said otherwise, whatever the data is.

    Raises:
        InputError: A value is not allowed.
    """
    from spikefuse.core.validation import refusal_of

    try:
        return profile.changed(effort)
    except ValidationError as error:
        raise InputError(refusal_of(WHERE, error, _option)) from None


def profile_for(name: str, effort: Mapping[str, Any], source: "Source") -> "Profile":
    """A profile with what is said otherwise.

    Raises:
        InputError: A value is not allowed, or more samples are asked for than there are.
    """
    from spikefuse.studies.effort import profile_named

    profile = profile_named(name, source.name)
    if not effort:
        return profile
    changed = changed_by(effort, profile)
    for modality in effort.get("epochs", {}):
        one_of(WHERE, "--epochs", modality, source.choices)
    leading, *others = source.modalities
    there = {"images": leading.train, "test_images": leading.test}
    there["clips"] = max((each.train for each in others), default=0)
    for field_name, most in there.items():
        wanted = effort.get(field_name)
        constraint = f"at most {most:,} for {source.name}"
        require(wanted is None or wanted <= most, WHERE, _option(field_name), constraint, wanted)
    return changed


def _option(path: str) -> str:
    name, _, rest = path.partition(".")
    return f"--{name.replace('_', '-')}{f' {rest}' if rest else ''}"


def require_groups(studies: Iterable["Study"], source: "Source") -> None:
    """Refuse to leave groups out of data that has none.

    Raises:
        InputError: It has fewer than two.
    """
    for study in studies:
        if study.each_group and len(source.groups) < 2:
            raise InputError(
                f"{WHERE}: {study.name} needs data of two groups or more, got {source.name} with "
                f"{len(source.groups)}. A TOML file names the column or field of one's own data "
                '(group = "subject"; spikefuse new data writes one).'
            )
