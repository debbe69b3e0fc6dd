import click

from hexaccount_click.options import ProgramChoice, pass_program
from hexaccount_click.output import print_message, print_result
from hexaccount_click.program import Program


@click.group()
def mail() -> None:
    """Preview messages."""


@mail.command()
@click.argument("name", type=ProgramChoice("name", lambda program: program.mail_samples()))
@click.option(
    "--locale", default="en", show_default=True, metavar="TAG", help="The language, such as fa, or an Accept-Language."
)
@click.option("--html", is_flag=True, help="Print the HTML part.")
@pass_program
def preview(program: Program, *, name: str, locale: str, html: bool) -> None:
    """Print a message with sample values; nothing is sent.

    If there are no words in a language, messages are in English.
    """
    templates = program.mail_templates()
    chosen = templates.locale(locale)
    words = templates.write(name, chosen, program.mail_samples()[name])
    print_message(f"The language is {chosen}.")
    print_result(words.html if html else f"{words.subject}\n\n{words.text}".rstrip())
