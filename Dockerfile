ARG PYTHON_IMAGE=python:3.11-slim
FROM ${PYTHON_IMAGE} AS base
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    DJANGO_SETTINGS_MODULE=config.settings QUANHENG_VAR=/var/lib/quanheng \
    OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1
WORKDIR /srv/quanheng

# Apart from what is served, so that nothing that is thrown away again is part of the image.
FROM base AS built
COPY requirements-locked.txt deploy/lean.sh /tmp/
RUN python -m venv --without-pip /opt/quanheng \
    && python -m pip --python /opt/quanheng/bin/python install --require-hashes -r /tmp/requirements-locked.txt \
    && sh /tmp/lean.sh /opt/quanheng
ENV PATH=/opt/quanheng/bin:$PATH
COPY . .
# The key serves this step alone; the running product is given its own. What was collected need not lie there twice.
RUN export DJANGO_SECRET_KEY=only-for-the-build \
    && python -m config.catalogues \
    && python manage.py build_vendor_js \
    && python manage.py collectstatic --noinput \
    && rm -r /opt/quanheng/lib/python3*/site-packages/drf_spectacular_sidecar/static \
    && python -m compileall -q config indexer upkeep weighting

FROM base
RUN useradd --system --no-create-home quanheng && install -d -o quanheng -m 700 /copies "$QUANHENG_VAR"
COPY --from=built /opt/quanheng /opt/quanheng
COPY --from=built /srv/quanheng /srv/quanheng
ENV PATH=/opt/quanheng/bin:$PATH
# The image holds no repository: `docker compose build --build-arg QUANHENG_COMMIT=$(git rev-parse HEAD)`
# lets manifests and results name the commit beside the fingerprint of the code.
ARG QUANHENG_COMMIT=""
ENV QUANHENG_COMMIT=$QUANHENG_COMMIT
USER quanheng
EXPOSE 8000
CMD ["gunicorn", "config.wsgi", "--config", "python:config.gunicorn", "--bind", "0.0.0.0:8000", \
     "--worker-tmp-dir", "/dev/shm"]
