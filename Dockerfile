# The image of `stripe-bridge`. Build it with: docker build -t stripe-chat-bridge .

FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1
WORKDIR /build

# What is locked comes first: it changes less often than the code.
COPY requirements.txt requirements-build.txt ./
RUN python -m venv /opt/build \
    && /opt/build/bin/pip install --require-hashes --only-binary :all: -r requirements-build.txt
RUN python -m venv /opt/stripe-bridge \
    && /opt/stripe-bridge/bin/pip install --require-hashes --only-binary :all: -r requirements.txt

# The wheel carries the migrations (bridge/_alembic).
COPY pyproject.toml README.md ./
COPY alembic alembic
COPY bridge bridge
RUN /opt/build/bin/python -m hatchling build -t wheel -d dist \
    && /opt/stripe-bridge/bin/pip install --no-index --no-deps dist/*.whl \
    && /opt/stripe-bridge/bin/pip check \
    && /opt/stripe-bridge/bin/pip uninstall --yes pip setuptools


FROM python:3.11-slim
# A name for the number below, and the one folder that is written to.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /tmp --shell /usr/sbin/nologin bridge \
    && install -d -o 10001 -g 10001 -m 0750 /var/lib/stripe-bridge
COPY --from=build /opt/stripe-bridge /opt/stripe-bridge
# Nothing is written beside the code: the root may be read-only.
ENV PATH=/opt/stripe-bridge/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    STRIPE_BRIDGE_CONFIG=/etc/stripe-bridge/bridge.yaml
WORKDIR /var/lib/stripe-bridge
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["stripe-bridge"]
CMD ["run", "--config", "/etc/stripe-bridge/bridge.yaml"]
