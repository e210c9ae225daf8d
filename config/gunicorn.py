"""How gunicorn serves the product, embedded and in a container alike."""

import contextlib
import gc
import logging
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
from typing import Any, NoReturn

from django.apps import apps

from config import environment as env
from config.garbage import keep_what_is_loaded
from config.lifeline import end_with_parent
from config.logs import HideRequests
from config.memory import share_memory_between_threads

# One process for each of two processors. Threads mostly wait: for slow clients, for the database, and for
# the turn that strangers, pictures and large files take (weighting/crowds.py, weighting/desk.py). There are
# more of them than can wait so: some are always free for whoever saves a ballot.
workers = env.whole("QUANHENG_WEB_WORKERS", 2, least=1)
threads = env.whole("QUANHENG_WEB_THREADS", 40, least=1)
worker_class = "sync" if threads == 1 else "config.web_worker.WebWorker"
timeout = 60
graceful_timeout = 10
# Saving an answer waits for the disk a dozen times, and after each for whatever thread computes, which
# otherwise hands over every 5 ms.
SWITCH_SECONDS = 0.0005
control_socket_disable = True
# Whoever is heard on this machine, a proxy that hands on all that it is sent among them, could otherwise say
# what every link of an answer begins with, and so of one that is kept for others.
forwarder_headers = ""
if env.choice("QUANHENG_LOG_FORMAT", env.LOG_FORMATS, "line") == "json":
    # Told by its own handler alone: what went on to the others, too, would stand there twice.
    logconfig_dict = {
        "formatters": {"generic": {"()": "config.logs.JsonLines"}},
        "loggers": {"gunicorn.error": {"level": "INFO", "handlers": ["error_console"], "propagate": False}},
    }

# Names the folder where the processes write what each of them counts.
COUNTS = "PROMETHEUS_MULTIPROC_DIR"


def on_starting(server: Any) -> None:
    """Load the product before anybody may connect, once for all processes.

    A server that listens while it still loads keeps whoever is sent to it waiting, where the proxy would have
    gone on to another. The folder of the counts comes first: they are begun as the product is loaded.
    """
    server.log.error_log.addFilter(HideRequests())
    os.environ[COUNTS] = os.environ.get(COUNTS) or tempfile.mkdtemp(prefix="quanheng-counts-")
    server.app.wsgi()


def when_ready(server: Any) -> None:
    """Keep what is loaded, and refuse connections from the moment on that the server is told to end.

    Its workers first finish what they began, with the socket open: whoever connected then waited as long.
    """
    # A look at what is loaded would also copy it for each worker.
    keep_what_is_loaded()
    told = signal.getsignal(signal.SIGTERM)

    def end(number: int, frame: Any) -> None:
        server.is_told_to_end = True
        for listener in server.LISTENERS:
            # For all processes that hold it; to close it would do so for this one alone.
            with contextlib.suppress(OSError):
                listener.sock.shutdown(socket.SHUT_RDWR)
        told(number, frame)  # type: ignore[operator, misc]  # gunicorn's own

    signal.signal(signal.SIGTERM, end)


def post_fork(server: Any, worker: Any) -> None:
    """Tie each worker to the process that started it, and let no thread keep the others waiting."""
    end_with_parent(server.pid)
    sys.setswitchinterval(SWITCH_SECONDS)
    share_memory_between_threads()
    if apps.ready:
        _forget_what_was_left()


def _forget_what_was_left() -> None:
    """Hide who came when for a process that was killed before it had; this one may stand in its place."""
    # Needs the product loaded: these settings serve any program.
    from weighting.services.residue import forget_what_was_left

    threading.Thread(target=forget_what_was_left, name="forgetting").start()


def worker_exit(server: Any, worker: Any) -> None:
    """End at once where all that was begun is finished; a worker that failed says so by its own number."""
    ended = sys.exc_info()[1]
    if isinstance(ended, SystemExit) and not ended.code:
        if worker_class != "sync":
            # Its threads end, and their connections to the database with them; those to SQLite are cycles.
            worker.tpool.shutdown()
            gc.collect()
        _wait_for_threads()
        _vanish()


def child_exit(server: Any, worker: Any) -> None:
    """Keep what an ended worker has counted, and not what it was just doing."""
    # Imported any sooner, it would not know of the folder.
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)


def on_exit(server: Any) -> None:
    """Leave nothing behind."""
    shutil.rmtree(os.environ[COUNTS], ignore_errors=True)
    if getattr(server, "is_told_to_end", False):
        _vanish()


def _wait_for_threads() -> None:
    """Let end what requests left to threads, as Python by itself does; daemons are none of these."""
    for thread in threading.enumerate():
        if not thread.daemon and thread is not threading.current_thread():
            thread.join()


def _vanish() -> NoReturn:
    """End without taking the product apart in memory, which takes a fifth of a second of a processor each."""
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)
