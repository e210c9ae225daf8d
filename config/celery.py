"""The Celery application: settings come from Django under the CELERY_ prefix."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_process_init

from config.lifeline import end_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("quanheng")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_process_init.connect
def _end_with_worker(**kwargs: Any) -> None:
    """A killed worker must take its pool along: nobody would hear the pool's answers."""
    end_with_parent(os.getppid())
