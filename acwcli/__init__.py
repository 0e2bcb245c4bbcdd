"""Rebuild every wrap-up interval from contact-centre exports and tell who is over, why, and how sure one may be.

`import acwcli` gives the questions of the command line as functions (docs/library.md); the engine is imported when one
of them is first used.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from acwcli.model.version import VERSION

if TYPE_CHECKING:
    from acwcli.pipeline.library import (
        Data,
        Length,
        Reading,
        Source,
        Sources,
        diagnose,
        explain,
        flag,
        load,
        report,
        summarise,
    )
    from acwcli.pipeline.library import reconstruct as reconstruct

__version__ = VERSION

__all__ = [
    "Data",
    "Length",
    "Reading",
    "Source",
    "Sources",
    "diagnose",
    "explain",
    "flag",
    "load",
    "reconstruct",
    "report",
    "summarise",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name not in __all__:
        raise AttributeError(f"module 'acwcli' has no attribute '{name}'")
    from acwcli.pipeline import library

    return getattr(library, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """Keeps `acwcli.reconstruct` the function: importing the package of that name would put itself there."""

    @property
    def reconstruct(self) -> Any:  # noqa: ANN401
        return __getattr__("reconstruct")

    @reconstruct.setter
    def reconstruct(self, package: ModuleType) -> None:
        pass


sys.modules[__name__].__class__ = _Package
