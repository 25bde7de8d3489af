# The kit as a container: docker build -t ocpp-tck . ; see docs/container.md.
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY ocpp_tck ocpp_tck
COPY testcases testcases
RUN python -m pip wheel --no-cache-dir --no-deps --wheel-dir /wheel .

FROM python:3.13-slim
LABEL org.opencontainers.image.title="ocpp-tck" \
      org.opencontainers.image.description="The open conformance test kit for OCPP" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# hadolint ignore=DL3013
RUN --mount=type=bind,from=build,source=/wheel,target=/wheel \
    set -- /wheel/*.whl \
    && python -m pip install --no-cache-dir --root-user-action=ignore "$1[parallel]" \
    && useradd --create-home --uid 10001 kit \
    && install -d -o kit -g kit /reports /work
USER 10001
WORKDIR /work
ENTRYPOINT ["ocpp-tck"]
CMD ["--help"]
