import json
from uuid import UUID

from hexaccount.accounts.get_profile import GetProfile


def test_an_empty_name_of_a_file_of_settings_is_misuse(run) -> None:
    done = run("--config", "", "config", "show")
    assert done.exit_code == 2
    assert "name a file after --config" in done.stderr


def test_http_listens_on_the_loopback_address_by_default(run, program):
    result = run("http")
    assert program.served == {"host": "127.0.0.1", "port": 8000, "workers": 1}
    assert (result.exit_code, result.stdout) == (0, "listening on http://127.0.0.1:8000\n")


def test_http_listens_on_the_given_address(run, program):
    run("http", "--host", "::1", "--port", "0", "--workers", "3")
    assert program.served == {"host": "::1", "port": 0, "workers": 3}


def test_http_refuses_ports_and_workers_out_of_range(run, program):
    for option, value in [("--port", "65536"), ("--port", "-1"), ("--workers", "0"), ("--workers", "two")]:
        result = run("http", option, value)
        assert result.exit_code == 2
        assert option in result.stderr
    assert not program.served


def test_migrate_prints_what_it_created(run):
    result = run("migrate")
    assert (result.exit_code, result.stdout) == (0, "schema memory\nsigning key: of this process only\n")


def test_relay_delivers_events(run, register, program):
    program.service.subscribe()
    user_id = UUID(register("ada"))
    result = run("relay")
    assert (result.exit_code, result.stdout) == (0, "delivering\n")
    assert program.service.bus.handle(GetProfile(user_id=user_id)).updated_at


def test_settings_are_listed_by_their_dotted_names(run):
    result = run("config", "show")
    shown = dict(line.split(None, 1) for line in result.stdout.splitlines())
    assert result.exit_code == 0
    assert shown["store"] == '"memory://"'
    assert shown["password.cost"] == "4"
    assert shown["jwt.key"] == "-"
    assert shown["events"] == "[]"


def test_json_has_the_same_settings(run, program):
    assert json.loads(run("config", "show", "--json").stdout) == {"data": dict(program.shown_settings())}


def test_the_settings_file_is_passed_to_the_program(run, program):
    run("--config", "some/file.toml", "config", "show")
    run("config", "show")
    assert [config and str(config) for config in program.configs] == ["some/file.toml", None]


def test_relay_exports_no_metrics_by_default(run, program):
    run("relay")
    assert program.metrics_address == ("127.0.0.1", None)
    run("relay", "--metrics-host", "::1", "--metrics-port", "9100")
    assert program.metrics_address == ("::1", 9100)
    assert run("relay", "--metrics-port", "65536").exit_code == 2
