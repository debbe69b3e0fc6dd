"""The compose files are taken by Docker Compose itself, and keep what the documents promise of them."""

import re
from collections.abc import Callable, Iterator
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from hexaccount.bootstrap.settings_loading import load_settings
from tests.monitoring.files import ALERTMANAGER, CONFIG, PROMETHEUS

PROD = "compose.prod.yaml"
# They end when they are done, and others wait for that.
ONE_SHOTS = {"migrate", "logs-setup", "kibana-setup"}
OURS = {"http-one", "http-two", "realtime", "relay", "migrate"}
GRAFANA_SOURCE = CONFIG / "grafana/provisioning/datasources/prometheus.yml"
OPERATORS = {"prometheus", "alertmanager", "grafana", "kibana"}


@pytest.fixture(scope="module")
def prod(compose: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    return compose(PROD)


@pytest.fixture(scope="module")
def services(prod: dict[str, Any]) -> dict[str, Any]:
    return prod["services"]


def mounted(services: dict[str, Any]) -> Iterator[str]:
    """Give the files and folders of this machine that containers are shown."""
    for service in services.values():
        for volume in service.get("volumes", []):
            if volume["type"] == "bind":
                yield volume["source"]


@pytest.mark.parametrize("file", ["compose.yaml", PROD])
@pytest.mark.parametrize("store", ["postgresql", "mongodb"])
def test_docker_compose_takes_them_with_either_store(compose, file: str, store: str) -> None:
    stores = {"postgres", "mongodb"} & set(compose(file, profile=store, STORE=store)["services"])
    always = {"postgres"} if file == "compose.yaml" else set()
    assert stores == always | ({"postgres"} if store == "postgresql" else {"mongodb"})


def test_everything_that_runs_a_service_is_there(services: dict[str, Any]) -> None:
    stores = {"postgres", "mongodb", "redis", "kafka"}
    logs = {"elasticsearch", "logs-setup", "logstash", "kibana-setup", "filebeat"}
    assert set(services) == OURS | stores | logs | OPERATORS | {"proxy"}


def test_every_service_has_limits(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}, name


def test_every_service_is_looked_after_and_started_again(services: dict[str, Any]) -> None:
    for name, service in services.items():
        check = service["healthcheck"]
        if name in ONE_SHOTS:
            assert check == {"disable": True}
            assert service["restart"].startswith("on-failure"), name
        else:
            assert check["test"][0] in {"CMD", "CMD-SHELL"}, name
            assert service["restart"] == "unless-stopped", name
    awaited = {
        other
        for service in services.values()
        for other, how in service.get("depends_on", {}).items()
        if how["condition"] == "service_completed_successfully"
    }
    assert awaited == ONE_SHOTS - {"kibana-setup"}, "nobody needs its searches to start"


def test_a_health_check_asks_where_its_command_listens(services: dict[str, Any]) -> None:
    ports = {name: "".join(services[name]["healthcheck"]["test"]) for name in OURS - ONE_SHOTS}
    asked = {name: re.findall(r"http://127\.0\.0\.1:(\d+)/(\w+)", text) for name, text in ports.items()}
    # `http` and `realtime` listen on their own ports where none is named.
    assert asked == {
        # An instance that starts and can never serve ends its replacement, and the other one is left as it is.
        "http-one": [("8000", "ready")],
        "http-two": [("8000", "ready")],
        "realtime": [("8001", "ready")],
        "relay": [("9100", "metrics")],
    }
    named = {name: re.findall(r"--(?:metrics-)?port (\d+)", " ".join(services[name]["command"])) for name in asked}
    assert named == {"http-one": [], "http-two": [], "realtime": [], "relay": ["9100"]}


def test_the_log_of_no_service_fills_the_disk(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert set(service["logging"]["options"]) == {"max-size", "max-file"}, name


def test_only_the_proxy_is_reached_from_other_machines(services: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert set(published) == OPERATORS | {"proxy"}
    outside = {name for name, ports in published.items() if any(p.get("host_ip") != "127.0.0.1" for p in ports)}
    assert outside == {"proxy"}
    # Without IPv6 in `edge` all clients of IPv6 would have one address.
    assert [port["host_ip"] for port in services["proxy"]["ports"]] == ["0.0.0.0"]


def test_no_store_is_reached_from_other_networks(prod: dict[str, Any], services: dict[str, Any]) -> None:
    for name in ("postgres", "mongodb", "redis", "kafka", "elasticsearch"):
        assert all(prod["networks"][network]["internal"] for network in services[name]["networks"]), name


def test_no_image_is_a_moving_one(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert re.search(r":v?\d[\w.-]*$", service["image"]), name


def test_our_image_is_of_this_version(services: dict[str, Any], root: Path) -> None:
    setup = ConfigParser()
    setup.read(root / "setup.cfg", encoding="utf-8")
    version = setup["metadata"]["version"]
    assert {services[name]["image"] for name in OURS} == {f"hexaccount:{version}"}
    assert f"docker build -t hexaccount:{version} ." in (root / PROD).read_text(encoding="utf-8")
    assert f"hexaccount:{version}" in (root / "docs/operations.md").read_text(encoding="utf-8")


def test_our_containers_can_do_little(services: dict[str, Any]) -> None:
    for name in OURS:
        service = services[name]
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert {place.partition(":")[0] for place in service["tmpfs"]} == {"/tmp", "/var/lib/hexaccount"}, name
        assert "volumes" not in service, name


def test_two_instances_differ_in_nothing(services: dict[str, Any]) -> None:
    assert services["http-one"] == services["http-two"]


def test_a_service_has_as_long_to_stop_as_it_may_take(services: dict[str, Any]) -> None:
    # `http.drain_delay`, then 30 seconds until what is in hand is ended by force.
    delay = float(services["http-one"]["environment"]["HEXACCOUNT_HTTP__DRAIN_DELAY"])
    assert services["http-one"]["stop_grace_period"] == "45s"
    assert delay + 30 < 45


def test_every_file_that_is_mounted_is_there(compose, services: dict[str, Any], root: Path) -> None:
    sources = {*mounted(services), *mounted(compose("compose.yaml")["services"])}
    ours = {Path(source).relative_to(root) for source in sources if source.startswith(str(root))}
    assert {Path(source) for source in sources if not source.startswith(str(root))} == {
        Path("/var/lib/docker/containers")
    }
    assert not [str(path) for path in ours if not (root / path).exists()]


def test_every_secret_is_made_by_the_script(prod: dict[str, Any], secrets_folder: Path) -> None:
    for secret in prod["secrets"].values():
        assert Path(secret["file"]).parent == secrets_folder
        assert Path(secret["file"]).stat().st_size > 30
    assert secrets_folder.stat().st_mode & 0o777 == 0o700, "none but its owner looks into it"


def test_there_is_no_secret_in_any_file(compose, secrets_folder: Path, root: Path) -> None:
    made = {file.read_text().strip() for file in secrets_folder.iterdir()}
    for file in ("compose.yaml", PROD):
        for name, service in compose(file)["services"].items():
            assert not any(secret in str(service) for secret in made), name
            for variable, value in service.get("environment", {}).items():
                # A setting that is named like a secret is the place of one.
                if re.search("PASSW|SECRET|TOKEN|KEY|CREDENTIAL", variable.rpartition("__")[2]):
                    assert value.startswith("/run/secrets"), (name, variable)
                assert not re.search(r"://[^/@]*:[^/@]+@", value or ""), (name, variable)
    ignored = (root / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {".env", "/secrets/"} <= set(ignored)


@pytest.mark.parametrize("store", ["postgresql", "mongodb"])
def test_the_service_takes_its_settings(compose, secrets_folder: Path, store: str) -> None:
    services = compose(PROD, profile=store, STORE=store)["services"]
    settings = set()
    for name in OURS:
        held = {secret["source"]: secret for secret in services[name]["secrets"]}
        environment = {}
        for variable, value in services[name]["environment"].items():
            place = Path(value)
            if place.parent == Path("/run/secrets"):
                assert place.name in held, (name, variable)
                file = f"{store}_url" if place.name == "store_url" else place.name
                value = str(secrets_folder / file)  # noqa: PLW2901 - where the container has it, and we
            environment[variable] = value
        loaded = load_settings(None, environment)
        settings.add(repr(loaded))
        assert loaded.store_kind == store
        assert (loaded.cache_kind, loaded.jwt.key) == ("redis", (secrets_folder / "jwt_key").read_text().strip())
    assert len(settings) == 1, "they share a store, so they must agree on what is owed to whom"


def test_the_proxy_is_believed_and_nobody_else(prod: dict[str, Any], services: dict[str, Any]) -> None:
    (edge,) = prod["networks"]["edge"]["ipam"]["config"]
    variable = "HEXACCOUNT_HTTP__TRUSTED_PROXIES"
    loaded = load_settings(None, {variable: services["http-one"]["environment"][variable]})
    assert loaded.http.trusted_proxies == [edge["subnet"]]
    others = {name for name, service in services.items() if "edge" in service.get("networks", {})}
    assert others == {"proxy", "http-one", "http-two", "realtime"}


def test_whoever_watches_finds_whom_the_files_name(services: dict[str, Any]) -> None:
    names = {name for name, service in services.items() if "watch" in service.get("networks", {})}
    settings = yaml.safe_load(PROMETHEUS.read_text())
    (sender,) = settings["alerting"]["alertmanagers"]
    assert sender["static_configs"] == [{"targets": ["alertmanager:9093"]}]
    assert "alertmanager" in names
    found = {}
    for job in settings["scrape_configs"]:
        # Named, so that one that has stopped is missed.
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
    asked = {target.partition(":")[0] for job in found.values() for target in job}
    assert asked == {*ours, "localhost", "alertmanager"}
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


def test_alertmanager_has_the_token_that_its_file_names(services: dict[str, Any]) -> None:
    held = {f"/run/secrets/{secret['source']}" for secret in services["alertmanager"]["secrets"]}
    wanted = set(re.findall(r"credentials_file: (\S+)", ALERTMANAGER.read_text()))
    assert wanted == held


def test_the_development_file_is_taken_by_the_service(compose) -> None:
    services = compose("compose.yaml")["services"]
    for name in ("migrate", "http", "realtime"):
        assert load_settings(None, services[name]["environment"]).store_kind == "postgresql"
    assert all(p["host_ip"] == "127.0.0.1" for service in services.values() for p in service.get("ports", []))
