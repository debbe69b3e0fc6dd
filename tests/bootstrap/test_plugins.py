"""What other installed packages add to the service, and how one of them that is faulty is named."""

import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from hexaccount.bootstrap.http import serve_http
from hexaccount.bootstrap.injector import InvalidCapability
from hexaccount.bootstrap.plugins import CAPABILITIES, COMMANDS, HASHERS, HTTP, PUBLISHERS, PluginError
from hexaccount.bootstrap.program import SettingsProgram
from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.settings import JwtSettings, PasswordSettings, Settings, SettingsError
from hexaccount.bootstrap.settings_loading import load_settings
from hexaccount.observability.diagnosis import Verdict
from hexaccount_click.cli import cli
from tests.bootstrap.findings import findings_of
from tests.bootstrap.planted_packages import PlantedPackages, forget_packages
from tests.people import PASSWORD, log_in, register
from tests.servers.processes import console_command, without_coverage
from tests.signing_key import SIGNING_KEY

CAPABILITY = """
from dataclasses import dataclass
from hexaccount.kernel.capability import Capability
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.messages import Query
from hexaccount.kernel.permission import Permission

@dataclass(frozen=True)
class Greet(Query[str]):
    name: str

def greet(query: Greet, *, clock: Clock) -> str:
    return f"hello {query.name}, it is {clock.now().year}"

capability = Capability(name="greeting", handlers={Greet: greet}, permissions=(Permission("greetings.read"),))
"""
COMMAND = """
import click

@click.command()
def greet():
    "Greet the world."
    click.echo("hello")

@click.command()
def fail():
    "Fail."
    raise KeyError("no hello")
"""
HASHER = """
from hexaccount.passwords.ports import Verification

class Reversing:
    def __init__(self, run):
        self.run = run

    def hash(self, password):
        return self.run(lambda: f"reversed {password[::-1]}")

    def verify(self, password, stored):
        return Verification(self.hash(password) == stored)
"""
PUBLISHER = """
from hexaccount_memory import MemoryPublisher

def open_publisher(url):
    if url.endswith("nowhere"):
        raise ValueError("write it as planted://somewhere")
    return MemoryPublisher()
"""
UNBOUND = r"^planted_greeting\.greet takes clock: no object of type <class 'dict'> is bound"
KEY = JwtSettings(key=SIGNING_KEY)


def load(**environment: str) -> Settings:
    return load_settings(None, {f"HEXACCOUNT_{name.upper()}": text for name, text in environment.items()})


def test_a_package_adds_a_capability(planted: PlantedPackages) -> None:
    planted.install("planted-greeting", CAPABILITIES, CAPABILITY, greeting="capability")
    from planted_greeting import Greet

    with open_service(Settings(store="memory://", jwt=KEY)) as service:
        assert service.bus.handle(Greet("Ada")).startswith("hello Ada")


def test_the_settings_give_a_permission_of_a_package_to_a_role(planted: PlantedPackages) -> None:
    roles = '{"host": ["greetings.read"]}'
    with pytest.raises(SettingsError, match=r"^roles: 'greetings\.read' is not a permission; valid are"):
        load(roles=roles)
    planted.install("planted-greeting", CAPABILITIES, CAPABILITY, greeting="capability")
    forget_packages()
    assert load(roles=roles).roles == {"host": ["greetings.read"]}


@pytest.mark.parametrize(
    ("module", "fault"),
    [
        ("import nothing_of_this_name", r"cannot be imported \(ModuleNotFoundError: No module named 'nothing_of"),
        ("raise RuntimeError('no')", r"cannot be imported \(RuntimeError: no\)"),
        ("raise SystemExit(3)", r"cannot be imported \(SystemExit: 3\)"),
        ("capability = {}", "is of type dict, not Capability"),
        ("", "cannot be imported .*has no attribute 'capability'"),
    ],
)
def test_a_faulty_package_is_named_with_its_entry_point(planted: PlantedPackages, module: str, fault: str) -> None:
    planted.install("planted-greeting", CAPABILITIES, module, greeting="capability")
    named = r"the package planted-greeting 1: its entry point greeting of hexaccount\.capabilities \(planted_greeting:"
    with pytest.raises(PluginError, match=f"^upgrade, reinstall or uninstall {named}capability\\) {fault}"):
        open_service(Settings(store="memory://"))


def test_a_handler_whose_dependency_nothing_provides_is_named(planted: PlantedPackages) -> None:
    planted.install(
        "planted-greeting", CAPABILITIES, CAPABILITY.replace("Clock) ->", "dict) ->"), greeting="capability"
    )
    with open_service(Settings(store="memory://", jwt=KEY)) as service, pytest.raises(InvalidCapability, match=UNBOUND):
        _ = service.bus


def test_a_package_adds_a_publisher_by_its_scheme(planted: PlantedPackages) -> None:
    planted.install("planted-publisher", PUBLISHERS, PUBLISHER, planted="open_publisher")
    settings = load(events='["planted://user:secret@somewhere"]', store="memory://")
    with open_service(settings) as service:
        assert service.publishers.keys() == {"planted://somewhere"}


def test_the_error_for_a_url_that_its_publisher_rejects_names_the_setting(planted: PlantedPackages) -> None:
    planted.install("planted-publisher", PUBLISHERS, PUBLISHER, planted="open_publisher")
    with pytest.raises(SettingsError, match=r"^events: write it as planted://somewhere$"):
        load(events='["planted://nowhere"]')
    with pytest.raises(SettingsError, match=r"rediss://, planted://; .* entry point of hexaccount\.publishers$"):
        load(events='["other://nowhere"]')


def test_a_package_adds_a_hasher_and_logins_renew_the_hashes_of_bcrypt(
    planted: PlantedPackages, tmp_path: Path
) -> None:
    planted.install("planted-hasher", HASHERS, HASHER, reversing="Reversing")
    store = f"sqlite:///{tmp_path}/hexaccount.db"
    with open_service(Settings(store=store, jwt=KEY, password=PasswordSettings(cost=4))) as service:
        service.store.migrate()
        register(service.bus, "juliet")
    with open_service(Settings(store=store, jwt=KEY, password=PasswordSettings(hasher="reversing"))) as service:
        register(service.bus, "romeo")
        assert stored_hash(service, "juliet").startswith("$bcrypt")
        assert stored_hash(service, "romeo") == f"reversed {PASSWORD[::-1]}"
        log_in(service.bus, "juliet")
        assert stored_hash(service, "juliet") == stored_hash(service, "romeo")
        log_in(service.bus, "juliet")


def stored_hash(service, user_name: str) -> str:
    from hexaccount.accounts.users import Users

    with service.store.unit_of_work() as uow:
        return Users(uow).find_by_name(user_name).password_hash


def test_the_error_for_an_unknown_hasher_names_the_known_ones(planted: PlantedPackages) -> None:
    planted.install("planted-hasher", HASHERS, HASHER, reversing="Reversing")
    with pytest.raises(SettingsError, match=r"^password\.hasher: it must be one of bcrypt, reversing; for another"):
        load(password__hasher="argon3")


def test_a_package_adds_a_command(planted: PlantedPackages) -> None:
    planted.install("planted-command", COMMANDS, COMMAND, greet="greet", users="greet")
    run = CliRunner().invoke
    listed = run(cli, ["--help"], obj=SettingsProgram()).stdout
    assert "  greet     Greet the world.\n" in listed
    assert listed.count("  users ") == 1
    assert run(cli, ["greet"], obj=SettingsProgram()).stdout == "hello\n"
    assert "Register, list and administer" in run(cli, ["users", "--help"], obj=SettingsProgram()).stdout


def test_a_faulty_command_is_named_where_it_is_listed_and_used(planted: PlantedPackages) -> None:
    planted.install("planted-command", COMMANDS, "greet = 5", greet="greet")
    listed = CliRunner().invoke(cli, ["--help"], obj=SettingsProgram())
    assert (listed.exit_code, "uninstall the package planted-command" in " ".join(listed.stdout.split())) == (0, True)
    used = CliRunner().invoke(cli, ["greet"], obj=SettingsProgram())
    assert used.exit_code == 2
    assert "(planted_command:greet) is of type int, not Command" in used.stderr


def test_an_unexpected_error_of_a_package_is_not_called_ours(planted: PlantedPackages, tmp_path: Path) -> None:
    planted.install("planted-command", COMMANDS, COMMAND, fail="fail")
    failed = CliRunner().invoke(cli, ["fail"], obj=SettingsProgram())
    assert failed.exit_code == 70
    assert "this is a bug in planted-command: unexpected KeyError at planted_command.py:12" in failed.stderr


def test_faulty_routes_keep_the_service_from_starting(planted: PlantedPackages) -> None:
    planted.install("planted-routes", HTTP, "routes = None", planted="routes")
    with pytest.raises(PluginError, match=r"planted-routes 1: .* is of type NoneType, not Routes"):
        serve_http(Settings(store="memory://"), host="127.0.0.1", port=0, workers=1, echo=print)


ROUTES = """
from hexaccount_flask import Routes
from hexaccount_flask.web.responses import Done

routes = Routes()

@routes.add("GET", "/api/v1/planted", tag="me")
def list_users() -> Done:
    "Do nothing."
    return Done()
"""


def test_routes_that_cannot_be_served_are_named_with_what_they_lack(planted: PlantedPackages) -> None:
    planted.install("planted-routes", HTTP, ROUTES, planted="routes")
    fault = r"planted-routes 1: .* cannot be served: the view list_users does not declare a name of its own"
    with pytest.raises(PluginError, match=fault):
        serve_http(Settings(store="memory://"), host="127.0.0.1", port=0, workers=1, echo=print)


def test_a_capability_that_cannot_be_served_keeps_the_service_from_starting(planted: PlantedPackages) -> None:
    unbound = CAPABILITY.replace("Clock) ->", "dict) ->")
    planted.install("planted-greeting", CAPABILITIES, unbound, greeting="capability")
    with pytest.raises(InvalidCapability, match=UNBOUND):
        serve_http(Settings(store="memory://", jwt=KEY), host="127.0.0.1", port=0, workers=1, echo=print)


@pytest.mark.parametrize(
    ("module", "verdict", "message"),
    [
        (CAPABILITY, Verdict.OK, "1 can be imported"),
        ("capability = 5", Verdict.TO_DO, "the package planted-greeting 1: its entry point greeting"),
    ],
)
def test_the_doctor_checks_plug_ins(planted: PlantedPackages, module: str, verdict: Verdict, message: str) -> None:
    planted.install("planted-greeting", CAPABILITIES, module, greeting="capability")
    finding = findings_of(Settings())["plug-ins"]
    assert finding.verdict is verdict
    assert message in finding.message


def test_nothing_of_a_package_is_imported_for_the_command_of_another(planted: PlantedPackages, tmp_path: Path) -> None:
    planted.install("planted-command", COMMANDS, "import os; os._exit(9)", greet="greet")
    environment = {**without_coverage(), "PYTHONPATH": str(planted.folder)}
    for arguments in (["users", "--help"], ["config", "show"], ["migrate"]):
        command = [*console_command("hexaccount"), *arguments]
        subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
