"""The Celery application: settings come from Django under the CELERY_ prefix."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_process_init, worker_shutting_down

from config.garbage import keep_what_is_loaded
from config.lifeline import end_with_parent
from config.stopping import tell_pool

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("quanheng")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def _log_as_the_settings_say(**kwargs: Any) -> None:
    """Celery would put its own handlers in the place of those that hide keys."""


@worker_process_init.connect
def _begin_child(**kwargs: Any) -> None:
    """A killed worker must take its pool along: nobody would hear the pool's answers."""
    end_with_parent(os.getppid())
    keep_what_is_loaded()


@worker_shutting_down.connect
def _tell_pool(**kwargs: Any) -> None:
    """What the pool holds when an orderly stop ends it did not kill it."""
    tell_pool()
