"""Guesses at secrets, counted per address and quarter of an hour."""

import hashlib
import hmac

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from weighting.models import CodeAttempts

# A room of people may share one address: failures count, not visits.
MOST_FAILURES = 20
WINDOW_SECONDS = 15 * 60


def current_window() -> int:
    """Return the number of the quarter of an hour that it is."""
    return int(timezone.now().timestamp()) // WINDOW_SECONDS


def count_attempt(secret: str, address: str) -> CodeAttempts | None:
    """Count a guess at a kind of secret; None, and nothing counted, once there were too many."""
    window = current_window()
    # One transaction waits for SQLite's lock once and in turn; single statements, with many guesses
    # at once, starve each other for as long as they may wait.
    with transaction.atomic():
        CodeAttempts.objects.filter(window__lt=window).delete()
        attempts, _made = CodeAttempts.objects.get_or_create(origin=_origin(secret, address), window=window)
        allowed = CodeAttempts.objects.filter(pk=attempts.pk, failures__lt=MOST_FAILURES)
        return attempts if allowed.update(failures=F("failures") + 1) else None


def is_spent(secret: str, address: str) -> bool:
    """Whether there were too many guesses already: for secrets so short that a right one must wait, too."""
    spent = CodeAttempts.objects.filter(origin=_origin(secret, address), window=current_window())
    return spent.filter(failures__gte=MOST_FAILURES).exists()


def is_first_use(secret: str, owner: str, code: str) -> bool:
    """Note that a code let somebody in; False where it did before, whichever process was asked.

    It is remembered to the end of the next window, longer than any clock lets it live.
    """
    window, origin = current_window(), _origin(f"used {secret}", f"{owner} {code}")
    with transaction.atomic():
        if CodeAttempts.objects.filter(origin=origin, window__gte=window).exists():
            return False
        return CodeAttempts.objects.get_or_create(origin=origin, window=window + 1)[1]


def _origin(secret: str, address: str) -> str:
    """Addresses are few enough to try: only a keyed hash hides them."""
    return hmac.new(settings.SECRET_KEY.encode(), f"{secret} {address}".encode(), hashlib.sha256).hexdigest()
