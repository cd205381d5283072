"""Modules that may be called, where a builder has the name of its module.

`from zoo import resnet` and `import zoo.resnet as r` ask the package for the same
attribute. It is the module, so that `r.resnet18` works, and a call of it is a call of
the builder, so that `resnet((32, 32, 3), 10)` works.
"""

import importlib
import inspect
import sys
from types import ModuleType
from typing import Any


class BuilderModule(ModuleType):
    """A module whose call is that of its builder; it is pickled by its name."""

    def __call__(self, *arguments: Any, **settings: Any) -> Any:
        """What the builder of the same name returns."""
        return vars(self)[self.__name__.rpartition(".")[2]](*arguments, **settings)

    @property
    def __signature__(self) -> inspect.Signature:
        """The builder's signature, for help and completion."""
        return inspect.signature(vars(self)[self.__name__.rpartition(".")[2]])

    def __reduce__(self) -> tuple[Any, ...]:
        """Comes back as the imported module."""
        return importlib.import_module, (self.__name__,)


def callable_module(name: str) -> Any:
    """The imported module of this full name, made callable."""
    module = sys.modules[name]
    module.__class__ = BuilderModule
    return module
