# syntax=docker/dockerfile:1
# One image for `hexaccount http`, `realtime`, `relay`, `migrate` and all other commands (docs/operations.md, ADR 21).
ARG PYTHON_VERSION=3.13

# The whole image, as it has the compiler for the extension that hashes passwords.
FROM python:${PYTHON_VERSION}-bookworm AS build
WORKDIR /source
COPY . .
# Wheels of the service and its dependencies, in the versions of constraints.txt.
RUN pip wheel --no-cache-dir --wheel-dir /wheels --constraint constraints.txt ".[archive,kafka,mail,mongo,otel,postgres,realtime,redis]"
# Install only these; the runtime environment has no pip.
RUN python -m venv --without-pip /opt/hexaccount \
    && pip --python /opt/hexaccount/bin/python install --no-cache-dir --no-index /wheels/*.whl

FROM python:${PYTHON_VERSION}-slim-bookworm
LABEL org.opencontainers.image.title="hexaccount" \
      org.opencontainers.image.description="An account service with a hexagonal core" \
      org.opencontainers.image.licenses="MIT"
# A fixed number that no user of the machine has, so that files and policies can name it.
RUN groupadd --gid 10001 hexaccount \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/hexaccount --shell /usr/sbin/nologin hexaccount \
    && install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/hexaccount
COPY --from=build /opt/hexaccount /opt/hexaccount
ENV PATH=/opt/hexaccount/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
# The service writes only here (SQLite, a signing key it has created) and to /tmp; the rest may be read-only.
WORKDIR /var/lib/hexaccount
USER 10001:10001
EXPOSE 8000 8001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=2)"]
ENTRYPOINT ["hexaccount"]
CMD ["http", "--host", "0.0.0.0"]
