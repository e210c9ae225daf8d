"""The Celery application: settings come from Django under the CELERY_ prefix."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_process_init, worker_shutting_down

from config.lifeline import end_with_parent
from config.stopping import tell_pool

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("quanheng")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_process_init.connect
def _end_with_worker(**kwargs: Any) -> None:
    """A killed worker must take its pool along: nobody would hear the pool's answers."""
    end_with_parent(os.getppid())


@worker_shutting_down.connect
def _tell_pool(**kwargs: Any) -> None:
    """What the pool holds when an orderly stop ends it did not kill it."""
    tell_pool()
