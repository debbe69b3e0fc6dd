"""The words of messages, from templates of Jinja and catalogues of gettext."""

from hexaccount_mail_templates.errors import InvalidTemplate
from hexaccount_mail_templates.samples import SAMPLES
from hexaccount_mail_templates.templates import FileTemplates

__all__ = ["SAMPLES", "FileTemplates", "InvalidTemplate"]
