"""Traces are off without a collector; with one, messages and deliveries are traced."""

import pytest

from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.settings import Settings, SettingsError, TracingSettings
from hexaccount.bootstrap.settings_loading import load_settings
from hexaccount.bootstrap.tracing import open_traces, preload_for_tracing
from hexaccount.events.relay import Relay
from hexaccount.kernel.message_log import log_messages
from hexaccount.personal_data.readable import ReadingSubscriber
from hexaccount_otel.deliveries import TracedSubscriber

MEMORY = Settings(store="memory://")
TRACED = Settings(store="memory://", tracing=TracingSettings(endpoint="http://127.0.0.1:1", ratio=0))


def subscriber_of(relay: Relay) -> object:
    """Return the subscriber of a relay, out of what decrypts its events."""
    assert isinstance(relay._subscriber, ReadingSubscriber)
    return relay._subscriber.subscriber


def test_without_a_collector_messages_and_deliveries_are_not_wrapped() -> None:
    assert open_traces(MEMORY) is None
    assert preload_for_tracing(MEMORY) == ()
    with open_service(MEMORY, traces=open_traces(MEMORY)) as service:
        assert service.bus._middleware == (log_messages, service.container.security_log())
        assert [subscriber_of(relay) for relay in service.relays] == list(service.subscribers)


def test_with_a_collector_messages_and_deliveries_are_traced() -> None:
    with open_service(TRACED, traces=open_traces(TRACED)) as service:
        assert len(service.bus._middleware) == 3
        assert {type(subscriber_of(relay)) for relay in service.relays} == {TracedSubscriber}


@pytest.mark.parametrize(
    "endpoint",
    ["http://collector:4318", "https://collector", "http://[::1]:4318/", "https://otlp.example.org/tenant/one"],
)
def test_a_valid_endpoint_is_accepted(endpoint: str) -> None:
    assert load_settings(None, {"HEXACCOUNT_TRACING__ENDPOINT": endpoint}).tracing.endpoint == endpoint


@pytest.mark.parametrize(
    ("endpoint", "remedy"),
    [
        ("collector:4318", r"^tracing\.endpoint: write it as http://collector:4318; .* OTEL_EXPORTER_OTLP_HEADERS$"),
        ("http://user:secret@collector", r"^tracing\.endpoint: write it as"),
        ("http://collector?key=secret", r"^tracing\.endpoint: write it as"),
        ("http://collector:65536", r"^tracing\.endpoint: write it as"),
        ("http://collector:4318/v1/traces", r"^tracing\.endpoint: leave /v1/traces out, it is added$"),
    ],
)
def test_the_error_for_an_invalid_endpoint_names_the_remedy_without_the_url(endpoint: str, remedy: str) -> None:
    with pytest.raises(SettingsError, match=remedy) as refused:
        load_settings(None, {"HEXACCOUNT_TRACING__ENDPOINT": endpoint})
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("missing", ["opentelemetry", "opentelemetry.exporter.otlp.proto.http"])
def test_the_error_without_opentelemetry_names_the_extra(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def find_spec(name: str) -> object:
        assert name.startswith(missing)
        if missing == "opentelemetry":
            raise ModuleNotFoundError
        return None

    monkeypatch.setattr("hexaccount.bootstrap.tracing_checks.find_spec", find_spec)
    with pytest.raises(SettingsError, match=r"pip install .*\[otel\]'"):
        load_settings(None, {"HEXACCOUNT_TRACING__ENDPOINT": "http://collector:4318"})


@pytest.mark.parametrize("ratio", ["-0.1", "1.1", "all"])
def test_the_ratio_is_between_0_and_1(ratio: str) -> None:
    with pytest.raises(SettingsError, match=r"^tracing\.ratio: "):
        load_settings(None, {"HEXACCOUNT_TRACING__RATIO": ratio})
