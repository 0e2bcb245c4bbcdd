"""Options filled from the environment and from configuration files, below what the command line says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand

from acwcli.cli import narrate
from acwcli.cli.config_places import files_that_count, has_variables
from acwcli.cli.hiding import unknown_yet
from acwcli.cli.plain_options import take_plain_values
from acwcli.errors import AcwError, UsageError

if TYPE_CHECKING:
    from acwcli.cli.config_values import Setting


_SETTINGS = "acwcli.settings"


def settings(command: str, forced: str | None) -> dict[str, Setting]:
    """What environment and files set for a command: by option, the strongest setting.

    Raises:
        UsageError: a mistake in a file or variable.
    """
    if not files_that_count(forced) and not has_variables():
        return {}
    from acwcli.cli import catalogue, config_files

    files = config_files.config_files(forced)
    found: dict[str, Setting] = {}
    for name, option in catalogue.options(command).items():
        if not option.configured:
            continue
        layers = (file.setting(command, name) for file in files)
        setting = config_files.environment(command, option) or next((item for item in layers if item), None)
        if setting is not None:
            found[name] = setting
    return found


def configure(context: typer.Context, forced: str | None) -> str | None:
    """Put the settings below the options; runs before any other option is looked at."""
    try:
        found = settings(context.command.name or "", forced)
    except UsageError:
        if context.resilient_parsing:
            return forced
        raise
    context.meta[_SETTINGS] = found
    if not found:
        return forced
    from acwcli.cli import catalogue

    options = catalogue.options(context.command.name or "")
    context.default_map = {options[name].parameter: setting.value for name, setting in found.items()}
    return forced


class ConfiguredCommand(TyperCommand):
    """Names the file or variable behind a wrong value, and tells the command what was set."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401  # typer's context class is private
        """Parse; a value out of range is blamed on its origin."""
        take_plain_values(self.get_params(ctx))
        try:
            return super().parse_args(ctx, args)
        except AcwError:
            raise
        except Exception as error:
            if hasattr(error, "format_message") and (
                origin := _origin(ctx.meta.get(_SETTINGS, {}), error.format_message())
            ):
                raise UsageError(f"{origin}: {error.format_message()}") from error
            raise

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401
        """Run, and say first what was set: it may change the figures."""
        for said in _told(ctx):
            narrate.note(said, quiet=bool(ctx.params.get("quiet")))
        if ctx.params.get("anonymize") or ctx.params.get("anonymize_key_file"):
            narrate.hide_with(unknown_yet)
        try:
            return super().invoke(ctx)
        except UsageError as error:
            if origin := _origin(used(ctx), str(error)):
                raise UsageError(f"{origin}: {error}") from error
            raise


def used(context: Any) -> dict[str, Setting]:  # noqa: ANN401
    """The settings that the command line did not replace."""
    parameters = {name: parameter.name for parameter in context.command.params for name in parameter.opts}
    return {
        name: setting
        for name, setting in context.meta.get(_SETTINGS, {}).items()
        if str(getattr(context.get_parameter_source(parameters[f"--{name}"]), "name", "")) == "DEFAULT_MAP"
    }


def _origin(found: dict[str, Setting], message: str) -> str | None:
    """Where the option was set that a message is about: it names the option, or quotes its value."""
    words = [word.strip("':,") for word in message.split(";")[0].split()]
    for name, setting in found.items():
        values = setting.value if isinstance(setting.value, list) else [setting.value]
        if f"--{name}" in words or any(f"'{value}'" in message for value in values):
            return setting.origin
    return None


def _told(context: Any) -> list[str]:  # noqa: ANN401
    """`settings: tz, max-wrap from acw.toml; limit from ACW_LIMIT`, and variables that are nearly an option."""
    by_place: dict[str, list[str]] = {}
    for name, setting in used(context).items():
        by_place.setdefault(setting.origin.rpartition(":")[0] or setting.origin, []).append(name)
    settings_told = "; ".join(f"{', '.join(names)} from {place}" for place, names in by_place.items())
    said = [f"settings: {settings_told}"] if settings_told else []
    if has_variables():
        from acwcli.cli.config_files import stray_variables

        said += stray_variables()
    return said
