"""The product with one fault: it acknowledges an answer before the answer is committed.

What writes keeps its connections, so that an injury to the database meets it; a loss is written to the log.
"""

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.db import connections

from config.wsgi import application  # noqa: F401
from tests.faults.autosave import LOST
from weighting.services.answers import SavedAnswer
from weighting.views import ballot

save_score = ballot.save_score
# Its threads begin with the first answer, after the web process was forked.
writers = ThreadPoolExecutor(16)


def save_later(claim, **answer):
    writers.submit(save, claim, answer)
    return SavedAnswer(indicator_id=0, value=answer["value"], revision=answer["seen_revision"] + 1)


def save(claim, answer):
    time.sleep(0.05)
    try:
        save_score(claim, **answer)
    except Exception as error:
        connections.close_all()
        print(f"{LOST}: {error}", file=sys.stderr, flush=True)


ballot.save_score = save_later
