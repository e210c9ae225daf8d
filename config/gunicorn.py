"""How gunicorn serves the product, embedded and in a container alike."""

from typing import Any

from config.lifeline import end_with_parent

# Two sync workers gave steadier latency than threads; slow clients are the buffering proxy's work.
workers = 2
worker_class = "sync"
timeout = 60
graceful_timeout = 10
control_socket_disable = True


def post_fork(server: Any, worker: Any) -> None:
    """Tie each worker to the process that started it."""
    end_with_parent(server.pid)
