"""What the tests of the expert's pages share."""

from contextlib import contextmanager

import pytest
from django.urls import reverse

from tests.factories import ballot_of
from weighting.models import Score
from weighting.services import answers

CODES = ["infra", "industry", "fixed", "mobile", "retail", "finance", "travel"]
JSON = {"accept": "application/json"}
# Stores an answer whatever the page saw.
WITHOUT_LOOKING = answers.WRITE.replace(f"{answers.TABLE}.revision = %(seen)s", "%(seen)s >= 0")


def url(name, *args):
    return reverse(f"weighting:{name}", args=args)


def save(client, code, value, *, seen=0, page="page-1", **extra):
    return client.post(
        url("ballot-item-save", code), {"value": value, "seen": seen, "client": page}, headers=JSON, **extra
    )


def stored(invitation):
    scores = Score.objects.filter(ballot=ballot_of(invitation)).select_related("indicator")
    return {score.indicator.code: score.value for score in scores}


def pk_of(round_, code):
    return round_.framework.indicators.get(code=code).pk


@contextmanager
def answers_stored_by(**texts):
    """Have answers stored by other statements, which PostgreSQL keeps as a function."""
    with pytest.MonkeyPatch.context() as patch:
        for name, text in texts.items():
            patch.setattr(answers, name, text)
        answers.install_function("default")
        yield
    answers.install_function("default")
