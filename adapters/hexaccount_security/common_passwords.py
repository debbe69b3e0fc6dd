from functools import cached_property
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

from hexaccount.domain.password import Password, fold_password


class ZxcvbnCommonPasswords:
    """The passwords that lead the frequency list of zxcvbn, as far as they are long enough to be set at all.

    The list is read when the first password is set: most processes never do. Of zxcvbn only the file with its lists is
    run, and let go of: importing the package takes three times the memory and time, for rules that are not ours.
    """

    def contains(self, text: str) -> bool:
        return fold_password(text) in self._folded

    @cached_property
    def _folded(self) -> frozenset[str]:
        known = map(fold_password, _frequent_passwords())
        return frozenset(text for text in known if len(text) >= Password.shortest)


def _frequent_passwords() -> list[str]:
    package = find_spec("zxcvbn")
    assert package is not None  # noqa: S101 - setup.cfg requires it
    folder = (package.submodule_search_locations or [""])[0]
    spec = spec_from_file_location("zxcvbn.frequency_lists", Path(folder, "frequency_lists.py"))
    assert spec is not None  # noqa: S101 - the name ends with .py
    assert spec.loader is not None  # noqa: S101 - likewise
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    passwords: list[str] = module.FREQUENCY_LISTS["passwords"]
    return passwords
