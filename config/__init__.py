import gc

from config.celery import app as celery_app

# Thousands of modules are never garbage: by Python's own numbers, looking through them again and again took a
# fifth of each process's start, and would hold up a thread that saves a ballot later.
gc.set_threshold(100_000, 20, 50)

__all__ = ["celery_app"]
