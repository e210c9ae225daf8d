"""What the clock throws away: nothing that anybody still needs."""

from datetime import timedelta
from importlib import import_module

from allauth.usersessions.models import UserSession
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from weighting.models import CodeAttempts
from weighting.services import attempts


def clear_ended_sessions() -> None:
    """Forget the sessions whose time is over, and from where they were used."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()


def clear_sign_in_records() -> None:
    """Forget sign-ins and failed guesses after the days of the settings."""
    before = timezone.now() - timedelta(days=settings.SIGN_IN_RECORD_DAYS)
    for model in (AccessAttempt, AccessFailureLog, AccessLog):
        model.objects.filter(attempt_time__lt=before).delete()
    CodeAttempts.objects.filter(window__lt=attempts.current_window()).delete()
