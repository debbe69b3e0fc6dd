"""Settings in environment variables, and in the files that `…_FILE` variables name, such as secrets of containers."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from hexaccount.bootstrap.file_access import WORLD_WRITABLE, refuse_shared
from hexaccount.bootstrap.settings import PREFIX, SettingsError

_FILE_SUFFIX = "_FILE"


def read_environment(environment: Mapping[str, str]) -> Iterator[tuple[list[str], str]]:
    """Yield the path and text of each setting; raises SettingsError.

    `HEXACCOUNT_JWT__KEY` is `["jwt", "key"]`; `HEXACCOUNT_JWT__KEY_FILE` names a file that contains its text.
    """
    for variable, text in environment.items():
        if not variable.startswith(PREFIX) or variable == PREFIX + "CONFIG" or variable.startswith(PREFIX + "TEST_"):
            continue
        setting = variable.removesuffix(_FILE_SUFFIX)
        path = setting.removeprefix(PREFIX).lower().split("__")
        if setting == variable:
            yield path, text
        elif setting in environment:
            raise SettingsError(f"{'.'.join(path)}: {setting} and {variable} are both set; unset one of them")
        else:
            yield path, _read(Path(text), f"{'.'.join(path)}: the file {text}, which {variable} names,")


def _read(file: Path, subject: str) -> str:
    """Return the text of a file without the end of its last line, which editors add."""
    refuse_shared(file, WORLD_WRITABLE, subject=subject)
    try:
        text = file.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise SettingsError(f"{subject} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise SettingsError(f"{subject} is not UTF-8 text") from None
    if not text:
        raise SettingsError(f"{subject} is empty")
    return text
