from pathlib import Path
from typing import TYPE_CHECKING

from hexaccount.bootstrap.drivers import check_driver
from hexaccount.bootstrap.settings import Settings, SettingsError
from hexaccount.kernel.files import reason_of

if TYPE_CHECKING:
    from hexaccount.mail.ports import MailTemplates


def open_templates(settings: Settings) -> "MailTemplates":
    """Return the words of messages, of which those in the folder `mail.templates` replace those of the package.

    Raises SettingsError if the library is not installed, or a file in the folder cannot be used.
    """
    from hexaccount_mail_templates import FileTemplates, InvalidTemplate

    folder = settings.mail.templates
    try:
        check_driver("mail", "babel", extra="mail")
        return FileTemplates(None if folder is None else Path(folder))
    except ValueError as error:
        raise SettingsError(f"mail.url: {error}") from None
    except InvalidTemplate as error:
        raise SettingsError(f"mail.templates: {error}") from error
    except OSError as error:
        raise SettingsError(f"mail.templates: {reason_of(error)}") from error
