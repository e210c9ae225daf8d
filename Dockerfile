ARG PYTHON_IMAGE=python:3.11-slim
FROM ${PYTHON_IMAGE}

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    DJANGO_SETTINGS_MODULE=config.settings QUANHENG_VAR=/var/lib/quanheng \
    OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1

# Charts are drawn on the server too: without this font their Chinese labels are empty boxes.
RUN apt-get update \
    && apt-get install -y --no-install-recommends fonts-noto-cjk \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /srv/quanheng
COPY requirements-locked.txt .
RUN pip install --require-hashes -r requirements-locked.txt

COPY . .
# The image holds no repository: `docker compose build --build-arg QUANHENG_COMMIT=$(git rev-parse HEAD)`
# lets manifests and results name the commit beside the fingerprint of the code.
ARG QUANHENG_COMMIT=""
ENV QUANHENG_COMMIT=$QUANHENG_COMMIT
# The key serves this step alone; the running product is given its own.
RUN DJANGO_SECRET_KEY=only-for-the-build python -m config.catalogues \
    && DJANGO_SECRET_KEY=only-for-the-build python manage.py build_vendor_js \
    && DJANGO_SECRET_KEY=only-for-the-build python manage.py collectstatic --noinput \
    && python -m compileall -q config indexer upkeep weighting \
    && useradd --system --no-create-home quanheng \
    && chown quanheng "$QUANHENG_VAR" \
    && install -d -o quanheng -m 700 /copies

USER quanheng
EXPOSE 8000
CMD ["gunicorn", "config.wsgi", "--config", "python:config.gunicorn", "--bind", "0.0.0.0:8000", \
     "--worker-tmp-dir", "/dev/shm"]
