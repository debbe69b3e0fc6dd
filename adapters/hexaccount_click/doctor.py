from collections.abc import Sequence

import click

from hexaccount.observability.diagnosis import Finding, Verdict
from hexaccount_click.errors import ExitCode
from hexaccount_click.options import configured_program, json_option
from hexaccount_click.output import say, say_json
from hexaccount_click.program import ConfigurationError
from hexaccount_click.table import align, printable


@click.command()
@json_option
def doctor(*, as_json: bool) -> None:
    """See what is wrong, and what to do about it.

    It looks at the settings, the data directory, the key, the store and what it holds, the cache, and those who get
    events; it changes nothing and sends no event. Exit codes: 0 all is well, 1 something is to be done, 2 the settings
    are wrong, 3 something is away.
    """
    findings, code = _examine()
    if as_json:
        say_json({"data": [_document(finding) for finding in findings]})
    else:
        say("\n".join(_lines(findings)))
    raise click.exceptions.Exit(code)


def _examine() -> tuple[Sequence[Finding], ExitCode]:
    try:
        program = configured_program()
    except ConfigurationError as error:
        return [Finding(part="settings", verdict=Verdict.TO_DO, message=str(error))], ExitCode.MISUSED
    well = Finding(
        part="settings", verdict=Verdict.WELL, message="they can be used; `hexaccount config show` shows them"
    )
    findings = [well, *program.examine()]
    verdicts = {finding.verdict for finding in findings}
    if Verdict.TO_DO in verdicts:
        return findings, ExitCode.REFUSED
    return findings, ExitCode.UNAVAILABLE if Verdict.AWAY in verdicts else ExitCode.DONE


def _lines(findings: Sequence[Finding]) -> list[str]:
    """Return a line for each finding, with the remedy on a line of its own below."""
    lines = []
    heads = align([(finding.part, finding.verdict.value, ".") for finding in findings])
    for head, finding in zip(heads, findings, strict=True):
        before = head.removesuffix(".")
        lines.append(before + printable(finding.message))
        if finding.remedy:
            lines.append(" " * len(before) + printable(finding.remedy))
    return lines


def _document(finding: Finding) -> dict[str, str]:
    return {
        "part": finding.part,
        "verdict": finding.verdict.value.replace(" ", "_"),
        "told": finding.message,
        "remedy": finding.remedy,
    }
