"""The error tree. A user of the command line sees the message alone, never a traceback."""

from collections.abc import Sequence


class SpikefuseError(Exception):
    """Base of every error that a user can cause or mend."""


class InputError(SpikefuseError, ValueError):
    """An argument or option has a value that spikefuse does not accept."""


class ArgumentError(InputError):
    """One argument has a value that is not accepted, as `checks.require` finds it.

    Attributes:
        where: Who refuses it.
        argument: What it is called there; a command calls it by its option.
        refusal: The rest of the sentence.
    """

    def __init__(self, where: str, argument: str, refusal: str) -> None:
        super().__init__(f"{where}: {argument} {refusal}")
        self.where = where
        self.argument = argument
        self.refusal = refusal

    def __reduce__(self) -> tuple[type["ArgumentError"], tuple[str, str, str]]:
        # An exception comes back from a worker by its arguments, which are not its message alone.
        return type(self), (self.where, self.argument, self.refusal)


class DataError(SpikefuseError):
    """A data set is missing, damaged or not what it says it is."""


class StudyError(SpikefuseError):
    """A study, profile or plan does not make sense."""


class StoreError(SpikefuseError):
    """A result folder cannot be read or written."""


class MissingExtraError(SpikefuseError):
    """An optional dependency is needed and not installed."""

    def __init__(self, where: str, extra: str) -> None:
        super().__init__(
            f"{where}: needs the optional part {extra!r}, which is not installed. "
            f'Install it with: pip install "spikefuse[{extra}]"'
        )


class MissingPluginError(SpikefuseError):
    """Something stored was made with a plugin that is not loaded."""

    def __init__(self, label: str, others: Sequence[str] = ()) -> None:
        name, _, digest = label.rpartition(":")
        what = f"loaded is another version of it, {others[0]}" if others else "which is not loaded"
        super().__init__(
            f"plugin: this needs {name} with content {digest}, {what}. "
            f"Name the file it was made with: --plugin {name} (in Python: sf.plugin('{name}'))"
        )


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the machine had no memory for what was asked. PyTorch has no one type for that.

    Example:
        >>> is_out_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory: ..."))
        True
    """
    if isinstance(error, MemoryError) or "OutOfMemory" in type(error).__name__:
        return True
    said = str(error).lower()
    return isinstance(error, RuntimeError) and (
        "allocate memory" in said or "out of memory" in said or "not enough memory" in said
    )
