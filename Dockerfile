# Limner: `serve` (the gateway) by default, `work` (background jobs) or any other command as arguments.
#
#   docker build -t limner .
#   docker run -p 8000:8000 -v limner:/data --read-only --tmpfs /tmp --stop-timeout 180 \
#     -e GEMINI_API_KEY=... -e LIMNER_API_KEYS=sk-... limner
#
# Files for more than one container: deploy/. What each way of running promises: docs/deployment.md.

ARG PYTHON_VERSION=3.13

FROM python:${PYTHON_VERSION}-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
RUN python -m venv --without-pip /opt/limner
COPY requirements/build.txt requirements/runtime.txt requirements/
# Before the sources: a change of these alone installs nothing anew.
RUN python -m pip install --require-hashes --only-binary :all: -r requirements/build.txt \
    && python -m pip --python /opt/limner/bin/python install \
        --require-hashes --only-binary :all: -r requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN python -m pip wheel --no-deps --no-build-isolation --no-index --wheel-dir dist . \
    && python -m pip --python /opt/limner/bin/python install --no-deps --no-index dist/*.whl

FROM python:${PYTHON_VERSION}-slim
LABEL org.opencontainers.image.title="Limner" \
      org.opencontainers.image.description="A self-hosted gateway that lets any OpenAI chat client draw with Google Gemini." \
      org.opencontainers.image.licenses="Apache-2.0"
# A number, so that Kubernetes can see that it is not root. The folder is there for volumes to take its owner from.
RUN groupadd --system --gid 10001 limner \
    && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin limner \
    && install --directory --owner=10001 --group=10001 --mode=0700 /data
COPY --from=build /opt/limner /opt/limner
ENV PATH=/opt/limner/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    LIMNER_DATA_DIR=/data
USER 10001:10001
# Not the data folder: a file `.env` in the folder it is started in would count as settings.
WORKDIR /
VOLUME ["/data"]
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "from http.client import HTTPConnection; connection = HTTPConnection('127.0.0.1', 8000, timeout=4); connection.request('GET', '/healthz'); raise SystemExit(connection.getresponse().status != 200)"]
ENTRYPOINT ["limner"]
CMD ["serve", "--host", "0.0.0.0"]
