"""The tree of commands: every parameter with its type and default, and the text of `--help`."""

from collections.abc import Iterator
from typing import Any

import click

from tests.documented.contract.declared import program

_STRUCTURE = ("param_type_name", "required", "nargs", "multiple", "envvar", "is_flag", "count", "hidden")
_WIDTH = 100


def commands() -> dict[str, dict[str, Any]]:
    """Return every command by its full name, `hexaccount outbox forget` as `outbox forget`, and the program as ``."""
    group = program()
    return dict(_commands(group, _context(group, "hexaccount", None), ()))


def _context(command: click.Command, name: str, parent: click.Context | None) -> click.Context:
    return click.Context(command, info_name=name, parent=parent, terminal_width=_WIDTH, **command.context_settings)


def _commands(
    command: click.Command, context: click.Context, path: tuple[str, ...]
) -> Iterator[tuple[str, dict[str, Any]]]:
    arguments, options = [], {}
    for parameter in command.get_params(context):
        described = _parameter(parameter, context)
        if isinstance(parameter, click.Option):
            options[" ".join(sorted([*parameter.opts, *parameter.secondary_opts]))] = described
        else:
            arguments.append(described)
    yield (
        " ".join(path),
        {
            "arguments": arguments,
            "options": options,
            "hidden": command.hidden,
            "deprecated": bool(command.deprecated),
            "help": command.help,
            "help_text": command.get_help(context),
        },
    )
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None, name
            yield from _commands(inner, _context(inner, name, context), (*path, name))


def _parameter(parameter: click.Parameter, context: click.Context) -> dict[str, Any]:
    described = parameter.to_info_dict()
    default = parameter.get_default(context)
    return {
        **{name: described.get(name) for name in _STRUCTURE},
        "default": default if isinstance(default, str | int | float | bool | list | tuple | None) else "none",
        "prompt": bool(described.get("prompt")),
        "type": _type(parameter.type),
        "help": described.get("help"),
        "metavar": parameter.make_metavar(context),
    }


def _type(kind: click.ParamType) -> dict[str, Any]:
    """Return a type of Click as Click describes it, and of one that is ours no more than that it is."""
    if not type(kind).__module__.startswith("click."):
        return {"custom": True}
    described = kind.to_info_dict()
    described.pop("name", None)
    if "choices" in described:
        described["choices"] = [str(choice) for choice in described["choices"]]
    return described
