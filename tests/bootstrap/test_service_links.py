"""Kubernetes describes each Service of a namespace in variables of every container: those are no settings."""

import pytest

from hexaccount.bootstrap.settings import Settings, SettingsError
from hexaccount.bootstrap.settings_display import shown_settings
from hexaccount.bootstrap.settings_environment import read_environment
from hexaccount.bootstrap.settings_loading import load_settings


def links_of(prefix: str, address: str = "10.96.0.7", host: str = "10.96.0.7") -> dict[str, str]:
    """Return what Kubernetes sets for a Service with a named and another port."""
    return {
        f"{prefix}_SERVICE_HOST": address,
        f"{prefix}_SERVICE_PORT": "8000",
        f"{prefix}_SERVICE_PORT_HTTP_API": "8000",
        f"{prefix}_PORT": f"tcp://{host}:8000",
        f"{prefix}_PORT_8000_TCP": f"tcp://{host}:8000",
        f"{prefix}_PORT_8000_TCP_PROTO": "tcp",
        f"{prefix}_PORT_8000_TCP_PORT": "8000",
        f"{prefix}_PORT_8000_TCP_ADDR": address,
        f"{prefix}_PORT_53_UDP": f"udp://{host}:53",
        f"{prefix}_PORT_53_UDP_PROTO": "udp",
        f"{prefix}_PORT_53_UDP_PORT": "53",
        f"{prefix}_PORT_53_UDP_ADDR": address,
    }


@pytest.mark.parametrize("prefix", ["HEXACCOUNT", "HEXACCOUNT_HTTP", "HEXACCOUNT_REDIS_MASTER", "HEXACCOUNT_2"])
@pytest.mark.parametrize(("address", "host"), [("10.96.0.7", "10.96.0.7"), ("fd00:10:96::7", "[fd00:10:96::7]")])
def test_the_variables_of_a_service_are_passed_over(prefix: str, address: str, host: str) -> None:
    links = links_of(prefix, address, host)
    assert load_settings(None, {**links, "HEXACCOUNT_STORE": "memory://"}) == Settings(store="memory://")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PORT", "8000"),
        ("HTTP__PORT", "tcp://10.96.0.7:8000"),
        ("HTTP__SERVICE_PORT", "8000"),
        ("SERVICE_HOST", "db.example.org"),
        ("SERVICE_PORT", "8000,8001"),
        ("SERVICE_PORTS", "8000"),
        ("PORT_8000_TCP_NAME", "8000"),
        ("PORT_8000_TCP_PROTO", "http"),
        ("PORTAL", "tcp://10.96.0.7:8000"),
        ("STORE_HOST", "10.96.0.7"),
    ],
)
def test_a_variable_of_another_shape_is_a_setting_or_an_error(name: str, text: str) -> None:
    with pytest.raises(SettingsError, match="is not a setting"):
        load_settings(None, {**links_of("HEXACCOUNT"), f"HEXACCOUNT_{name}": text})


@pytest.mark.parametrize("text", ["8000", "10.96.0.7", "tcp", "tcp://10.96.0.7:8000"])
def test_no_setting_has_the_name_of_a_service_link(text: str) -> None:
    names = [name.split(".") for name in shown_settings(Settings())]
    variables = {f"HEXACCOUNT_{'__'.join(name).upper()}": text for name in names}
    assert sorted(read_environment(variables)) == sorted((name, text) for name in names)
