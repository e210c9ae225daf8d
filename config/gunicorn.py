"""How gunicorn serves the product, embedded and in a container alike."""

from typing import Any

import environ

from config.lifeline import end_with_parent

env = environ.Env()
# Two workers without threads gave steadier latency than threads; slow clients are the buffering proxy's work.
workers = env.int("QUANHENG_WEB_WORKERS", default=2)
threads = env.int("QUANHENG_WEB_THREADS", default=1)
worker_class = "sync" if threads == 1 else "gthread"
timeout = 60
graceful_timeout = 10
control_socket_disable = True


def post_fork(server: Any, worker: Any) -> None:
    """Tie each worker to the process that started it."""
    end_with_parent(server.pid)
