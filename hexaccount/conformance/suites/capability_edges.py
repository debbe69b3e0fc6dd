from collections.abc import Iterator
from typing import Any

import click

from hexaccount.conformance.suites.capability_under_test import CapabilityUnderTest
from hexaccount.rate_limits.acquire_permit import WRITES
from hexaccount.testing.api_client import ApiClient
from hexaccount_flask.web.application import HttpApplication
from hexaccount_flask.web.authentication import BearerToken
from hexaccount_flask.web.inputs import DocumentedError
from hexaccount_flask.web.openapi import openapi
from hexaccount_flask.web.operations import Operation
from hexaccount_flask.web.problems import Problem


class CapabilityEdgesContract:
    """A capability's routes are described fully, and limited; its commands explain themselves."""

    def test_every_route_is_in_the_api_document(self, under_test: CapabilityUnderTest) -> None:
        paths = openapi(_application(under_test))["paths"]
        described = {each["operationId"] for methods in paths.values() for each in methods.values()}
        for operation in _operations(under_test):
            assert operation.name in described, f"{operation.method} {operation.path} is not described"

    def test_every_error_of_a_route_is_described(self, under_test: CapabilityUnderTest) -> None:
        app = _application(under_test)
        for operation in _operations(under_test):
            for error in (*operation.errors, *(each for part in operation.inputs for each in part.errors)):
                problem = _problem_of(app, error)
                named = f"{error!r} of {operation.method} {operation.path}"
                assert problem.code != "internal_error", f"{named} has no ProblemType"
                assert problem.detail, f"{named} has no text"

    def test_every_limit_of_a_route_is_declared(self, under_test: CapabilityUnderTest) -> None:
        for operation in _operations(under_test):
            if operation.limit not in {None, WRITES}:
                declared = operation.limit in under_test.capability.rate_limits
                assert declared, f"the rate limit {operation.limit.name} is not declared by the capability"

    def test_every_route_without_a_token_is_limited(self, under_test: CapabilityUnderTest) -> None:
        for operation in _operations(under_test):
            limited = operation.limit is not None or any(isinstance(part, BearerToken) for part in operation.inputs)
            assert limited, f"{operation.method} {operation.path} needs neither a token nor a permit of a rate limit"

    def test_every_permission_of_a_route_is_declared(self, under_test: CapabilityUnderTest) -> None:
        declared = {each for capability in under_test.capabilities for each in capability.permissions}
        for operation in _operations(under_test):
            for part in operation.inputs:
                needed = part.permission if isinstance(part, BearerToken) else None
                assert needed is None or needed in declared, f"no capability declares the permission {needed}"

    def test_every_command_and_option_has_a_help_text(self, under_test: CapabilityUnderTest) -> None:
        for command in under_test.commands:
            for name, part in _parts_of(command):
                if not isinstance(part, click.Argument):
                    assert part.help, f"{name} has no help text"


def _application(under_test: CapabilityUnderTest) -> HttpApplication:
    with under_test.open_service() as service:
        return ApiClient(service, further_routes=under_test.routes).app


def _operations(under_test: CapabilityUnderTest) -> Iterator[Operation]:
    for routes in under_test.routes:
        yield from routes.operations


def _problem_of(app: HttpApplication, error: DocumentedError) -> Problem:
    if isinstance(error, Problem):
        return error
    known = app.problem_types.get(error)
    return app.problem_of(known.example if known and known.example else error())


def _parts_of(command: click.Command) -> Iterator[tuple[str, Any]]:
    """Yield a command, its parameters and those of its subcommands, each with its name."""
    yield str(command.name), command
    for parameter in command.params:
        yield f"{command.name} {parameter.name}", parameter
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            for name, part in _parts_of(inner):
                yield f"{command.name} {name}", part
