"""Docker Compose accepts the compose files, and they fulfil the promises of docs/operations.md."""

import re
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest

from tests.deployment.conftest import OURS, PROD

# They end after their work, and other services wait for the end.
ONE_SHOTS = {"migrate", "logs-setup", "kibana-setup"}
OPERATORS = {"prometheus", "alertmanager", "grafana", "kibana"}


def mounted(services: dict[str, Any]) -> Iterator[str]:
    """Yield the files and folders of the host that containers mount."""
    for service in services.values():
        for volume in service.get("volumes", []):
            if volume["type"] == "bind":
                yield volume["source"]


@pytest.mark.parametrize("file", ["compose.yaml", PROD])
@pytest.mark.parametrize("store", ["postgresql", "mongodb"])
def test_docker_compose_accepts_the_files_with_either_store(compose, file: str, store: str) -> None:
    stores = {"postgres", "mongodb"} & set(compose(file, profile=store, STORE=store)["services"])
    always = {"postgres"} if file == "compose.yaml" else set()
    assert stores == always | ({"postgres"} if store == "postgresql" else {"mongodb"})


def test_the_production_file_has_every_service(services: dict[str, Any]) -> None:
    stores = {"postgres", "mongodb", "redis", "kafka"}
    logs = {"elasticsearch", "logs-setup", "logstash", "kibana-setup", "filebeat"}
    assert set(services) == OURS | stores | logs | OPERATORS | {"proxy"}


def test_every_service_has_resource_limits(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}, name


def test_every_service_has_a_health_check_and_restarts(services: dict[str, Any]) -> None:
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
    assert awaited == ONE_SHOTS - {"kibana-setup"}, "no service waits for the saved searches"


def test_a_health_check_requests_the_port_of_its_command(services: dict[str, Any]) -> None:
    ports = {name: "".join(services[name]["healthcheck"]["test"]) for name in OURS - ONE_SHOTS}
    targets = {name: re.findall(r"http://127\.0\.0\.1:(\d+)/(\w+)", text) for name, text in ports.items()}
    # `http` and `realtime` listen on their default ports.
    assert targets == {
        # An instance that starts and can never serve ends a rolling update, and the other one stays up.
        "http-one": [("8000", "ready")],
        "http-two": [("8000", "ready")],
        "realtime": [("8001", "ready")],
        "relay": [("9100", "metrics")],
    }
    named = {name: re.findall(r"--(?:metrics-)?port (\d+)", " ".join(services[name]["command"])) for name in targets}
    assert named == {"http-one": [], "http-two": [], "realtime": [], "relay": ["9100"]}


def test_every_service_limits_the_size_of_its_log(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert set(service["logging"]["options"]) == {"max-size", "max-file"}, name


def test_only_the_proxy_is_reachable_from_other_machines(services: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert set(published) == OPERATORS | {"proxy"}
    outside = {name for name, ports in published.items() if any(p.get("host_ip") != "127.0.0.1" for p in ports)}
    assert outside == {"proxy"}
    # `edge` has no IPv6, so Docker would give all IPv6 clients one address.
    assert [port["host_ip"] for port in services["proxy"]["ports"]] == ["0.0.0.0"]


def test_no_store_is_reachable_from_other_networks(prod: dict[str, Any], services: dict[str, Any]) -> None:
    for name in ("postgres", "mongodb", "redis", "kafka", "elasticsearch"):
        assert all(prod["networks"][network]["internal"] for network in services[name]["networks"]), name


def test_every_image_has_a_version(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert re.search(r":v?\d[\w.-]*$", service["image"]), name


def test_our_image_is_of_this_version(services: dict[str, Any], root: Path) -> None:
    setup = ConfigParser()
    setup.read(root / "setup.cfg", encoding="utf-8")
    version = setup["metadata"]["version"]
    assert {services[name]["image"] for name in OURS} == {f"hexaccount:{version}"}
    assert f"docker build -t hexaccount:{version} ." in (root / PROD).read_text(encoding="utf-8")
    assert f"hexaccount:{version}" in (root / "docs/operations.md").read_text(encoding="utf-8")


def test_our_containers_are_read_only_and_unprivileged(services: dict[str, Any]) -> None:
    for name in OURS:
        service = services[name]
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert {place.partition(":")[0] for place in service["tmpfs"]} == {"/tmp", "/var/lib/hexaccount"}, name
        assert "volumes" not in service, name


def test_the_two_instances_are_identical(services: dict[str, Any]) -> None:
    assert services["http-one"] == services["http-two"]


def test_the_grace_period_covers_an_orderly_stop(services: dict[str, Any]) -> None:
    # `http.drain_delay`, then 30 seconds until requests in flight are aborted.
    delay = float(services["http-one"]["environment"]["HEXACCOUNT_HTTP__DRAIN_DELAY"])
    assert services["http-one"]["stop_grace_period"] == "45s"
    assert delay + 30 < 45


def test_every_mounted_file_exists(compose, services: dict[str, Any], root: Path) -> None:
    sources = {*mounted(services), *mounted(compose("compose.yaml")["services"])}
    ours = {Path(source).relative_to(root) for source in sources if source.startswith(str(root))}
    assert {Path(source) for source in sources if not source.startswith(str(root))} == {
        Path("/var/lib/docker/containers")
    }
    assert not [str(path) for path in ours if not (root / path).exists()]
