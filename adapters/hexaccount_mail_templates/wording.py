"""The templates in one language."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from traceback import extract_tb

from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateNotFound,
    TemplateSyntaxError,
    select_autoescape,
)

from hexaccount.mail.ports import MailText
from hexaccount_mail_templates.body import split
from hexaccount_mail_templates.catalogues import decoded, parse_locale, translations
from hexaccount_mail_templates.errors import InvalidTemplate
from hexaccount_mail_templates.values import in_words, is_link

LAYOUT = "layout.html"


class Wording:
    """Writes the messages of one language."""

    def __init__(self, folders: Sequence[Path], language: str) -> None:
        """Read the catalogues of the language; templates of earlier folders replace those of later ones."""
        self._folders = folders
        self._language = language
        self._locale = parse_locale(folders, language)
        self._environment = Environment(
            loader=FileSystemLoader(folders),
            autoescape=select_autoescape(["html"], default=False),
            undefined=StrictUndefined,
            auto_reload=False,  # what has not been checked is not sent
            extensions=["jinja2.ext.i18n"],
        )
        self._environment.policies["ext.i18n.trimmed"] = True
        sentences = translations(folders, language)
        self._environment.install_gettext_translations(sentences, newstyle=True)  # type: ignore[attr-defined]  # of the extension

    def write(self, template: str, values: Mapping[str, object]) -> MailText:
        """Return the words of a kind of message; raises InvalidTemplate."""
        shown = in_words(values, self._locale)
        rendered = self._render(f"{template}.txt", shown)
        subject, blocks = split(rendered, {str(value) for name, value in shown.items() if is_link(name)})
        parts = {"subject": subject, "blocks": blocks, "lang": self._language, "dir": self._locale.text_direction}
        text = "\n\n".join(block.as_text() for block in blocks)
        return MailText(subject=subject, text=f"{text}\n", html=self._render(LAYOUT, parts))

    def _render(self, name: str, values: Mapping[str, object]) -> str:
        try:
            return self._environment.get_template(name).render(values)
        except TemplateSyntaxError as error:
            place = error.filename or name, error.lineno
            raise InvalidTemplate(*place, f"correct the syntax; {error.message}") from error
        except TemplateNotFound as error:
            raise InvalidTemplate(*self._place(name, error), f"include a file that exists; not {error.name}") from error
        except OSError:
            raise
        except UnicodeDecodeError:
            for file in self._files():
                decoded(file)
            raise
        except Exception as error:  # the code in a template can raise anything
            remedy = f"use only the values that docs/mail-words.md names; {type(error).__name__}: {error}"
            raise InvalidTemplate(*self._place(name, error), remedy) from error

    def _place(self, name: str, error: Exception) -> tuple[str, int | None]:
        """Return the file and line of the innermost template that was running."""
        files = {str(file) for file in self._files()}
        frames = [frame for frame in extract_tb(error.__traceback__) if frame.filename in files]
        return (frames[-1].filename, frames[-1].lineno) if frames else (name, None)

    def _files(self) -> list[Path]:
        return [file for folder in self._folders for file in folder.iterdir() if file.is_file()]
