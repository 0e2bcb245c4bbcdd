"""Options whose value is there already, as text or as their default, need no validation library.

typer checks every option, given or not, with an adapter of pydantic: to import that and to build some thirty adapters
takes longer than to parse the command line. What is more than text goes to typer's own check as ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_TEXT, _TEXTS = str, list[str]


def take_plain_values(parameters: Sequence[Any]) -> None:
    """Let text options, and defaults that nobody replaced, keep their value; typer's private classes stay typed Any."""
    for parameter in parameters:
        descriptor = getattr(parameter, "type_descriptor", None)
        if descriptor is not None and hasattr(parameter, "_runtime_param"):
            parameter._runtime_param = _Plain(descriptor)


class _Plain:
    """Stands where typer keeps the check of an option."""

    def __init__(self, descriptor: Any) -> None:  # noqa: ANN401
        self._descriptor = descriptor

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:  # noqa: ANN401
        """The value as it is where it can be nothing else; else what typer makes of it."""
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        if self._is_as_it_should_be(value, param):
            return list(value) if isinstance(value, tuple) else value
        from typer._coercion import build_runtime_param

        return build_runtime_param(self._descriptor).coerce(value, param=param, ctx=ctx)

    def _is_as_it_should_be(self, value: Any, param: Any) -> bool:  # noqa: ANN401
        own = self._descriptor
        if own.is_choice or own.is_path or own.is_file or own.parameter_info.parser is not None:
            return False
        if own.annotation == _TEXTS:
            return isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)
        return isinstance(value, str) if own.annotation is _TEXT else _is_default(value, param.default, own.annotation)


def _is_default(value: Any, default: Any, annotation: Any) -> bool:  # noqa: ANN401
    return type(value) is annotation and type(value) is type(default) and bool(value == default)
