"""Settings in environment variables, and in the files that `…_FILE` variables name, such as secrets of containers."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from hexaccount.bootstrap.file_access import read_text
from hexaccount.bootstrap.settings import PREFIX, SettingsError

_FILE_SUFFIX = "_FILE"
# Kubernetes sets these in every container of the namespace for a Service whose name begins with "hexaccount", such as
# hexaccount-http (https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables).
_SERVICE_LINK = re.compile(
    rf"""{PREFIX}([A-Z0-9]+_)*(
        SERVICE_HOST=[0-9A-Fa-f.:]+
        | SERVICE_PORT(_[A-Z0-9_]+)?=\d+
        | PORT(_\d+_(TCP|UDP|SCTP))?=(tcp|udp|sctp)://[0-9A-Fa-f.:\[\]]+
        | PORT_\d+_(TCP|UDP|SCTP)_(PROTO=(tcp|udp|sctp)|PORT=\d+|ADDR=[0-9A-Fa-f.:]+)
    )""",
    re.ASCII | re.VERBOSE,
)


def read_environment(environment: Mapping[str, str]) -> Iterator[tuple[list[str], str]]:
    """Yield the path and text of each setting; raises SettingsError.

    `HEXACCOUNT_JWT__KEY` is `["jwt", "key"]`; `HEXACCOUNT_JWT__KEY_FILE` names a file that contains its text. A table
    comes before what overrides a part of it, in whatever order the environment has them.
    """
    for variable, text in sorted(environment.items(), key=lambda pair: pair[0].count("__")):
        if not variable.startswith(PREFIX) or variable == PREFIX + "CONFIG" or variable.startswith(PREFIX + "TEST_"):
            continue
        if _SERVICE_LINK.fullmatch(f"{variable}={text}"):
            continue
        setting = variable.removesuffix(_FILE_SUFFIX)
        path = setting.removeprefix(PREFIX).lower().split("__")
        if setting == variable:
            yield path, text
        elif setting in environment:
            raise SettingsError(f"{'.'.join(path)}: {setting} and {variable} are both set; unset one of them")
        elif not text:
            raise SettingsError(f"{'.'.join(path)}: let {variable} name a file, or unset it")
        else:
            yield path, _read(Path(text), f"{'.'.join(path)}: the file {text}, which {variable} names,")


def _read(file: Path, subject: str) -> str:
    """Return the text of a file without the end of its last line, which editors add."""
    text = read_text(file, subject).rstrip("\r\n")
    if not text:
        raise SettingsError(f"{subject} is empty")
    return text
