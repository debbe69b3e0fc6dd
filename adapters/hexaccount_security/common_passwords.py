from functools import cached_property
from importlib.machinery import SourceFileLoader
from importlib.metadata import distribution
from types import ModuleType

from hexaccount.passwords.password import Password, fold_password


class ZxcvbnCommonPasswords:
    """The passwords of zxcvbn's frequency list that are long enough to be set at all.

    The list is read when the first password is set, which most processes never do. Only zxcvbn's file of lists is
    executed: importing the package takes three times the memory and time.
    """

    def contains(self, text: str) -> bool:
        return fold_password(text) in self._folded

    @cached_property
    def _folded(self) -> frozenset[str]:
        folded = map(fold_password, _frequent_passwords())
        return frozenset(text for text in folded if len(text) >= Password.shortest)


def _frequent_passwords() -> list[str]:
    file = distribution("zxcvbn").locate_file("zxcvbn/frequency_lists.py")
    # As an import does it, so that the compiled file is used.
    loader = SourceFileLoader("zxcvbn.frequency_lists", str(file))
    module = ModuleType(loader.name)
    loader.exec_module(module)
    passwords: list[str] = module.FREQUENCY_LISTS["passwords"]
    return passwords
