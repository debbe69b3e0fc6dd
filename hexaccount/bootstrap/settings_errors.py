"""Texts for the errors of msgspec that name the setting, the accepted values and where to set it."""

import re
from difflib import get_close_matches
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from hexaccount.bootstrap.capabilities import all_permissions
from hexaccount.bootstrap.settings import PREFIX, Settings
from hexaccount.bootstrap.settings_display import shown_settings

_LIST_EXAMPLE = '["one", "two"]'
_LIST_EXAMPLES = {"webhooks": '[{"name": "crm", "url": "https://crm.example.org/hook", "secret": "whsec_…"}]'}


def explain(error: msgspec.ValidationError) -> str:
    """Return the text of a SettingsError."""
    reason, _, path = str(error).partition(" - at `$")
    name = path.rstrip("`").lstrip(".")
    if "unknown field" in reason:
        return _unknown(name, reason.split("`")[1])
    variable = PREFIX + name.partition("[")[0].upper().replace(".", "__")
    if name.startswith("roles"):
        name, reason = "roles", f"each role is a name and a list of permissions; {valid_permissions()}"
    elif get_origin(hint := _type_of(name)) is Literal:
        reason = f"must be one of {', '.join(get_args(hint))}"
    elif reason.startswith("Expected `object`") and "[" not in name:
        return f"{name or 'the settings'}: it is a table; write [{name}] in the file, or set {variable}__…"
    elif reason.startswith("Expected `array`"):
        example = _LIST_EXAMPLES.get(name, _LIST_EXAMPLE)
        reason = f"must be a list, in the environment as JSON such as '{example}'"
    return f"{name or 'the settings'}: {reason}; set it in the file or as {variable}"


def _unknown(table: str, field: str) -> str:
    name = f"{table}.{field}".lstrip(".")
    siblings = _type_of(table).__struct_fields__
    # By the field alone: full names share the name of the table, and would all be close.
    near = [f"{table}.{like}".lstrip(".") for like in get_close_matches(field, siblings, n=1)]
    if not near and "[" not in table:
        near = get_close_matches(name, shown_settings(Settings()), n=1)
    if near:
        return f"{name} is not a setting; did you mean {near[0]}?"
    return f"{name} is not a setting; valid are {', '.join(f'{table}.{each}'.lstrip('.') for each in siblings)}"


def valid_permissions() -> str:
    """Return the part of an error about roles that names the permissions, and how to write them."""
    permissions = ", ".join(sorted(all_permissions()))
    return f'valid are {permissions}, in the environment as JSON such as \'{{"support": ["users.read"]}}\''


def _type_of(name: str) -> Any:
    """Return the type of a setting by its dotted name; for a list, that of its items."""
    hint: Any = Settings
    for part in filter(None, re.sub(r"\[\d+\]", "", name).split(".")):
        hint = get_type_hints(hint)[part]
        if get_origin(hint) is list:
            (hint,) = get_args(hint)
    return hint
