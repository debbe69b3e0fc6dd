"""The settings and secrets in the compose files fit the service and its monitoring."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from hexaccount.bootstrap.settings_loading import load_settings
from tests.deployment.conftest import OURS, PROD
from tests.monitoring.files import ALERTMANAGER, CONFIG, PROMETHEUS

GRAFANA_SOURCE = CONFIG / "grafana/provisioning/datasources/prometheus.yml"


def test_the_script_creates_every_secret(prod: dict[str, Any], secrets_folder: Path) -> None:
    for secret in prod["secrets"].values():
        assert Path(secret["file"]).parent == secrets_folder
        assert Path(secret["file"]).stat().st_size > 30
    assert secrets_folder.stat().st_mode & 0o777 == 0o700, "only the owner may read the folder"


def test_no_file_contains_a_secret(compose, secrets_folder: Path, root: Path) -> None:
    secrets = {file.read_text().strip() for file in secrets_folder.iterdir()}
    for file in ("compose.yaml", PROD):
        for name, service in compose(file)["services"].items():
            assert not any(secret in str(service) for secret in secrets), name
            for variable, value in service.get("environment", {}).items():
                # A setting with the name of a secret is the path of its file.
                if re.search("PASSW|SECRET|TOKEN|KEY|CREDENTIAL", variable.rpartition("__")[2]):
                    assert value.startswith("/run/secrets"), (name, variable)
                assert not re.search(r"://[^/@]*:[^/@]+@", value or ""), (name, variable)
    ignored = (root / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {".env", "/secrets/"} <= set(ignored)


@pytest.mark.parametrize("store", ["postgresql", "mongodb"])
def test_the_service_accepts_the_settings_of_the_file(compose, secrets_folder: Path, store: str) -> None:
    services = compose(PROD, profile=store, STORE=store)["services"]
    settings = set()
    for name in OURS:
        available = {secret["source"]: secret for secret in services[name]["secrets"]}
        environment = {}
        for variable, value in services[name]["environment"].items():
            place = Path(value)
            if place.parent == Path("/run/secrets"):
                assert place.name in available, (name, variable)
                file = f"{store}_url" if place.name == "store_url" else place.name
                value = str(secrets_folder / file)  # noqa: PLW2901 - the file here in place of the container's
            environment[variable] = value
        loaded = load_settings(None, environment)
        settings.add(repr(loaded))
        assert loaded.store_kind == store
        assert (loaded.cache_kind, loaded.jwt.key) == ("redis", (secrets_folder / "jwt_key").read_text().strip())
    assert len(settings) == 1, "they share a store, so they must agree on which deliveries are pending"


def test_only_the_proxy_is_trusted(prod: dict[str, Any], services: dict[str, Any]) -> None:
    (edge,) = prod["networks"]["edge"]["ipam"]["config"]
    variable = "HEXACCOUNT_HTTP__TRUSTED_PROXIES"
    loaded = load_settings(None, {variable: services["http-one"]["environment"][variable]})
    assert loaded.http.trusted_proxies == [edge["subnet"]]
    others = {name for name, service in services.items() if "edge" in service.get("networks", {})}
    assert others == {"proxy", "http-one", "http-two", "realtime"}


def test_prometheus_and_grafana_reach_the_targets_of_their_files(services: dict[str, Any]) -> None:
    names = {name for name, service in services.items() if "watch" in service.get("networks", {})}
    settings = yaml.safe_load(PROMETHEUS.read_text())
    (sender,) = settings["alerting"]["alertmanagers"]
    assert sender["static_configs"] == [{"targets": ["alertmanager:9093"]}]
    assert "alertmanager" in names
    found = {}
    for job in settings["scrape_configs"]:
        # Static targets: a stopped instance has `up` 0.
        (place,) = job["static_configs"]
        found[job["job_name"]] = place["targets"]
    assert found == {
        "hexaccount": ["http-one:8000", "http-two:8000"],
        "hexaccount-realtime": ["realtime:8001"],
        "hexaccount-relay": ["relay:9100"],
        "prometheus": ["localhost:9090"],
        "alertmanager": ["alertmanager:9093"],
    }
    ours = {name for name in OURS if name in names}
    targets = {target.partition(":")[0] for job in found.values() for target in job}
    assert targets == {*ours, "localhost", "alertmanager"}
    commands = {name: " ".join(services[name]["command"]) for name in ours}
    assert commands == {
        "http-one": "http --host 0.0.0.0 --workers 2",
        "http-two": "http --host 0.0.0.0 --workers 2",
        "realtime": "realtime --host 0.0.0.0 --workers 2",
        "relay": "relay --metrics-host 0.0.0.0 --metrics-port 9100",
    }
    (source,) = yaml.safe_load(GRAFANA_SOURCE.read_text())["datasources"]
    assert source["url"] == "http://prometheus:9090"
    assert {"prometheus", "grafana"} <= names


def test_alertmanager_has_the_credentials_that_its_file_names(services: dict[str, Any]) -> None:
    available = {f"/run/secrets/{secret['source']}" for secret in services["alertmanager"]["secrets"]}
    wanted = set(re.findall(r"credentials_file: (\S+)", ALERTMANAGER.read_text()))
    assert wanted == available


def test_the_service_accepts_the_settings_of_the_development_file(compose) -> None:
    services = compose("compose.yaml")["services"]
    for name in ("migrate", "http", "realtime"):
        assert load_settings(None, services[name]["environment"]).store_kind == "postgresql"
    assert all(p["host_ip"] == "127.0.0.1" for service in services.values() for p in service.get("ports", []))
