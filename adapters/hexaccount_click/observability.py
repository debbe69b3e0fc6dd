from collections.abc import Sequence

import click

from hexaccount.observability.diagnosis import Finding, Verdict
from hexaccount_click.errors import ExitCode
from hexaccount_click.options import configured_program, json_option
from hexaccount_click.output import print_json, print_result
from hexaccount_click.program import ConfigurationError
from hexaccount_click.table import align, printable


@click.command()
@json_option
def doctor(*, as_json: bool) -> None:
    """Check every part of the service and show what to do.

    It checks the settings, the data directory, the key, the store and its contents, the cache and the receivers of
    events. It changes nothing and publishes no event. Exit codes: 0 no problem, 1 action needed, 2 invalid settings,
    3 a part is unreachable.
    """
    findings, code = _run_checks()
    if as_json:
        print_json({"data": [_document(finding) for finding in findings]})
    else:
        print_result("\n".join(_lines(findings)))
    raise click.exceptions.Exit(code)


def _run_checks() -> tuple[Sequence[Finding], ExitCode]:
    try:
        program = configured_program()
    except ConfigurationError as error:
        return [Finding(part="settings", verdict=Verdict.TO_DO, message=str(error))], ExitCode.MISUSED
    valid = Finding(part="settings", verdict=Verdict.OK, message="valid; `hexaccount config show` shows them")
    findings = [valid, *program.run_checks()]
    verdicts = {finding.verdict for finding in findings}
    if Verdict.TO_DO in verdicts:
        return findings, ExitCode.REFUSED
    return findings, ExitCode.UNAVAILABLE if Verdict.UNREACHABLE in verdicts else ExitCode.DONE


def _lines(findings: Sequence[Finding]) -> list[str]:
    """Return a line for each finding, followed by its remedy in the same column."""
    lines = []
    prefixes = align([(finding.part, finding.verdict.value, ".") for finding in findings])
    for prefix, finding in zip(prefixes, findings, strict=True):
        start = prefix.removesuffix(".")
        lines.append(start + printable(finding.message))
        if finding.remedy:
            lines.append(" " * len(start) + printable(finding.remedy))
    return lines


def _document(finding: Finding) -> dict[str, str]:
    return {
        "part": finding.part,
        "verdict": finding.verdict.value.replace(" ", "_"),
        "message": finding.message,
        "remedy": finding.remedy,
    }
