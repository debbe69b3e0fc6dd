import re
from importlib.util import find_spec

from hexaccount.bootstrap.settings import SettingsError, TracingSettings
from hexaccount.bootstrap.store_urls import LAST_PORT

_ENDPOINT = re.compile(r"https?://(?:[\w.-]+|\[[0-9a-fA-F:.]+\])(?::(?P<port>\d{1,5}))?(?:/[\w.~/-]*)?")


def check_tracing(tracing: TracingSettings) -> None:
    """Raise SettingsError unless traces can be sent or are off; the text omits the URL, which may hold a password."""
    if tracing.endpoint is None:
        return
    found = _ENDPOINT.fullmatch(tracing.endpoint)
    if found is None or int(found["port"] or 0) > LAST_PORT:
        raise SettingsError(
            "tracing.endpoint: write it as http://collector:4318; put credentials into the variable "
            "OTEL_EXPORTER_OTLP_HEADERS"
        )
    if tracing.endpoint.rstrip("/").endswith("/v1/traces"):
        raise SettingsError("tracing.endpoint: leave /v1/traces out, it is added")
    if not _is_installed():
        from hexaccount.bootstrap.installation import install_command

        raise SettingsError(f"tracing.endpoint: traces need OpenTelemetry; install it with: {install_command('otel')}")


def _is_installed() -> bool:
    try:
        return find_spec("opentelemetry.exporter.otlp.proto.http") is not None
    except ModuleNotFoundError:  # of a package on the way
        return False
