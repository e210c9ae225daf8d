"""The floor under autosave: one Django view that upserts the same row.

It has no middleware, and Django's own engines.
"""

import os
import uuid

import django
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
OWN = {"config.sqlite": "django.db.backends.sqlite3", "config.postgresql": "django.db.backends.postgresql"}
settings.DATABASES["default"]["ENGINE"] = OWN[settings.DATABASES["default"]["ENGINE"]]
django.setup()

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
