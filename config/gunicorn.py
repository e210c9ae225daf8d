"""How gunicorn serves the product, embedded and in a container alike."""

import sys
from typing import Any

import environ

from config.lifeline import end_with_parent

env = environ.Env()
# One process for each of two processors. Threads mostly wait: for slow clients, for the database, and for
# the turn that strangers, pictures and large files take (weighting/crowds.py, weighting/desk.py). There are
# more of them than can wait so: some are always free for whoever saves a ballot.
workers = env.int("QUANHENG_WEB_WORKERS", default=2)
threads = env.int("QUANHENG_WEB_THREADS", default=40)
worker_class = "sync" if threads == 1 else "gthread"
timeout = 60
graceful_timeout = 10
# Saving an answer waits for the disk a dozen times, and after each for whatever thread computes, which
# otherwise hands over every 5 ms.
SWITCH_SECONDS = 0.0005
control_socket_disable = True


def post_fork(server: Any, worker: Any) -> None:
    """Tie each worker to the process that started it, and let no thread keep the others waiting."""
    end_with_parent(server.pid)
    sys.setswitchinterval(SWITCH_SECONDS)
