"""The product with one fault: it acknowledges an answer before it is committed, once another has come.

What writes keeps its connections, so that an injury to the database meets it; a loss is written to the log.
"""

import os
import sys
from collections import deque
from concurrent.futures import ThreadPoolExecutor

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.db import connections

from config.wsgi import application  # noqa: F401
from tests.faults.autosave import LOST
from weighting.services.answers import SavedAnswer
from weighting.views import ballot

save_score = ballot.save_score
# Its threads begin with the first answer, after the web process was forked.
writers, owed = ThreadPoolExecutor(16), deque()


def save_later(claim, **answer):
    owed.append((claim, answer))
    # The newest is always owed: whenever the process is killed, an acknowledged answer goes with it.
    if len(owed) > 1:
        writers.submit(save, *owed.popleft())
    return SavedAnswer(indicator_id=0, value=answer["value"], revision=answer["seen_revision"] + 1)


def save(claim, answer):
    try:
        save_score(claim, **answer)
    except Exception as error:
        connections.close_all()
        print(f"{LOST}: {error}", file=sys.stderr, flush=True)


ballot.save_score = save_later
