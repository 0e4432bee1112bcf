"""Packages whose names are loaded when somebody asks for them, so that a CSV is read without torch.

A package says what it offers as ever, below `if TYPE_CHECKING:`, for readers and type checkers:

    if TYPE_CHECKING:
        from spikefuse.stats.equivalence import tost

    on_demand(__name__)

and `from spikefuse.stats import tost` imports the module `spikefuse.stats.equivalence` then.
"""

import ast
import sys
from collections.abc import Iterator
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any


def on_demand(package: str) -> None:
    """Make a package load the imports below its `if TYPE_CHECKING:` one by one, when asked for.

    Args:
        package: Its `__name__`; called at the end of its `__init__.py`.
    """
    sys.modules[package].__class__ = _OnDemand


def alone(name: str) -> ModuleType:
    """A module of a library, without executing the package that it lies in.

    For a package that takes long to say what it offers, where one module of it is all that is
    wanted. Whoever imports the package later gets it as ever, with this same module in it.

    Args:
        name: Of the module, "library.package.module", which needs nothing that the package's own
            file makes.
    """
    package = name.rpartition(".")[0]
    spec = None if package in sys.modules else find_spec(package)
    if spec is None:
        return import_module(name)
    # An import asks its package for no more than the path, which stands before it is executed.
    sys.modules[package] = module_from_spec(spec)
    try:
        return import_module(name)
    finally:
        del sys.modules[package]


class _OnDemand(ModuleType):
    @cached_property
    def _origins(self) -> dict[str, str]:
        """The module of each name; from the source, so that the list stands once."""
        loader = self.__spec__.loader if self.__spec__ else None
        source: str = loader.get_source(self.__name__)  # type: ignore[union-attr]
        return dict(_typed_imports(ast.parse(source)))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name not in self._origins:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = getattr(import_module(self._origins[name]), name)
        self.__dict__[name] = value
        return value

    def __setattr__(self, name: str, value: object) -> None:
        # A module is bound to its package when it is imported. Where it has the name of what the
        # package offers (`networks.build`), the name stays what that says.
        if not (isinstance(value, ModuleType) and name in self._origins):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*self.__dict__, *self._origins})


def _typed_imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for block in tree.body:
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING":
            for node in block.body:
                if isinstance(node, ast.ImportFrom) and node.module:
                    yield from ((alias.name, node.module) for alias in node.names)
