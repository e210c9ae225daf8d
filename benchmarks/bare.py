"""The floor under autosave: one Django view without middleware that upserts the same row."""

import os
import uuid

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.http import HttpRequest, HttpResponse, JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402

from weighting.models import Score  # noqa: E402


def upsert(request: HttpRequest) -> HttpResponse:
    """Write one answer, asking nothing."""
    if request.method == "POST":
        score = Score(
            ballot_id=uuid.UUID(request.POST["ballot"]),
            indicator_id=int(request.POST["indicator"]),
            value=int(request.POST["value"]),
            client="bare",
        )
        Score.objects.bulk_create(
            [score],
            update_conflicts=True,
            unique_fields=["ballot", "indicator"],
            update_fields=["value", "client"],
        )
    return JsonResponse({"state": "saved"})


urlpatterns = [path("", upsert)]
settings.ROOT_URLCONF = __name__
settings.MIDDLEWARE = []
application = WSGIHandler()
