# syntax=docker/dockerfile:1
FROM python:3.11-slim-bookworm AS build
COPY --from=ghcr.io/astral-sh/uv:0.13.9 /uv /usr/local/bin/uv
WORKDIR /src
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PROJECT_ENVIRONMENT=/opt/lineproof
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN uv sync --frozen --no-dev --no-install-project
COPY . .
RUN uv sync --frozen --no-dev --no-editable

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin lineproof \
    && install -d -o lineproof -g lineproof -m 0700 /data
COPY --from=build /opt/lineproof /opt/lineproof
ENV PATH=/opt/lineproof/bin:$PATH LINEPROOF_DATA=/data
USER 10001
VOLUME /data
ENTRYPOINT ["lineproof"]
CMD ["serve", "--port", "5000"]
