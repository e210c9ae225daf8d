"""The product with one fault: it acknowledges an answer before the answer is committed."""

import os
import threading
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.db import connections

from config.wsgi import application  # noqa: F401
from weighting.services.answers import SavedAnswer
from weighting.views import ballot

save_score = ballot.save_score


def save_later(claim, **answer):
    def save():
        time.sleep(0.05)
        save_score(claim, **answer)
        connections.close_all()

    threading.Thread(target=save).start()
    return SavedAnswer(indicator_id=0, value=answer["value"], revision=answer["seen_revision"] + 1)


ballot.save_score = save_later
