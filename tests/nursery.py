"""Programs of the product that begin at once, for tests that kill them again and again.

A nursery is a process that has loaded the product in one environment, and becomes a program by a fork, as
gunicorn and Celery make their own processes. test_launcher.py sees that a program begins from nothing.
"""

import gc
import json
import os
import runpy
import signal
import subprocess
import sys
from functools import cache

import psutil

from config.lifeline import end_with_parent

# What a web server or a worker loads beside the product itself.
LOADED = ("config.wsgi", "config.gunicorn", "gunicorn.app.wsgiapp", "celery.bin.celery", "celery.apps.worker")


def begin(environment, program, *arguments, log):
    """Begin ``python -m program arguments``, whose words are added to `log`; return its process.

    It ends, as its nursery does, at the latest with the test run.
    """
    nursery = _nursery(tuple(sorted(environment.items())))
    print(json.dumps([str(log), program, *map(str, arguments)]), file=nursery.stdin, flush=True)
    return psutil.Process(int(nursery.stdout.readline()))


@cache
def _nursery(environment):
    test_run = os.getpid()
    return subprocess.Popen(
        [sys.executable, "-m", __name__],
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: end_with_parent(test_run, signal.SIGTERM),
    )


def main():
    """Load the product, and become one program after the other."""
    for module in LOADED:
        __import__(module)
    gc.freeze()
    # Nobody waits for those that end.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        log, program, *arguments = json.loads(line)
        nursery = os.getpid()
        if not (pid := os.fork()):
            become(log, program, arguments, nursery)
            return
        print(pid, flush=True)


def become(log, program, arguments, nursery):
    """Be a program that was just begun."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    end_with_parent(nursery, signal.SIGTERM)
    with open(os.devnull, "rb") as nothing, open(log, "ab") as words:
        for number, file in enumerate((nothing, words, words)):
            os.dup2(file.fileno(), number)
    sys.argv = [program, *arguments]
    runpy.run_module(program, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
