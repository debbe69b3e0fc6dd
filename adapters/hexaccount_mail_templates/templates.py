from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from hexaccount.mail.ports import MailTemplates, MailText
from hexaccount_mail_templates.languages import available_languages, best_match

if TYPE_CHECKING:
    from hexaccount_mail_templates.wording import Wording

WORDS = Path(__file__).parent / "words"


class FileTemplates(MailTemplates):
    """The words of this package, of which a folder may replace templates, the layout and translations."""

    def __init__(self, folder: Path | None = None) -> None:
        """Write every kind of message in every language with the files of the folder, if there is one, to check them.

        Raises InvalidTemplate for a file that cannot be used, and OSError for one that cannot be read.
        """
        self._folders = [WORDS] if folder is None else [folder, WORDS]
        self.languages = available_languages(self._folders)
        self._wordings: dict[str, Wording] = {}
        if folder is not None:
            from hexaccount_mail_templates.checks import check  # noqa: PLC0415 - few have a folder of templates

            check(folder, self.languages, self.wording)

    def locale(self, wanted: str) -> str:
        return best_match(wanted, self.languages)

    def write(self, template: str, locale: str, values: Mapping[str, object]) -> MailText:
        return self.wording(locale).write(template, values)

    def wording(self, language: str) -> "Wording":
        """Return the templates in one of `languages`."""
        if language not in self._wordings:
            from hexaccount_mail_templates.wording import Wording  # noqa: PLC0415 - Babel is an extra, and slow

            self._wordings[language] = Wording(self._folders, language)
        return self._wordings[language]
