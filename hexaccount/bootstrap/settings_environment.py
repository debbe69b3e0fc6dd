"""The settings of the environment, and of the files that it names, as containers are given their secrets."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from hexaccount.bootstrap.settings import PREFIX, SettingsError

_IN_A_FILE = "_FILE"


def settings_of(environment: Mapping[str, str]) -> Iterator[tuple[list[str], str]]:
    """Give the names that lead to each setting, and its text; raises SettingsError.

    `HEXACCOUNT_JWT__KEY` is `["jwt", "key"]`; `HEXACCOUNT_JWT__KEY_FILE` has the path of a file with its text.
    """
    for variable, text in environment.items():
        if not variable.startswith(PREFIX) or variable == PREFIX + "CONFIG" or variable.startswith(PREFIX + "TEST_"):
            continue
        setting = variable.removesuffix(_IN_A_FILE)
        names = setting.removeprefix(PREFIX).lower().split("__")
        if setting == variable:
            yield names, text
        elif setting in environment:
            raise SettingsError(f"{'.'.join(names)}: {setting} and {variable} are both set; leave one of them out")
        else:
            yield names, _text_of(Path(text), f"{'.'.join(names)}: the file {text}, which {variable} names,")


def _text_of(file: Path, told: str) -> str:
    """Return what a file holds, less the end of its last line, which editors put there."""
    try:
        text = file.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise SettingsError(f"{told} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise SettingsError(f"{told} is not UTF-8 text") from None
    if not text:
        raise SettingsError(f"{told} is empty")
    return text
