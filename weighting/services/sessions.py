"""Sessions of staff: kept alive while they are used, listed, ended."""

import time

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone

from weighting.models import Account

TOUCHED = "touched"
# How often a session that is used is written: its end is that much too early at most.
TOUCH_SECONDS = 300


def keep_session_alive(request: HttpRequest, account: Account) -> None:
    """Move the end of the session as far off as an idle one may last, and note from where it is used."""
    now = int(time.time())
    if now - request.session.get(TOUCHED, 0) < min(TOUCH_SECONDS, settings.IDLE_SECONDS // 10):
        return
    request.session[TOUCHED] = now
    request.session.set_expiry(settings.IDLE_SECONDS)
    UserSession.objects.create_from_request(request)
    today = timezone.localdate()
    Account.objects.filter(pk=account.pk).exclude(last_used_on=today).update(last_used_on=today)


def end_other_sessions(account: Account, *, but: str | None) -> None:
    """Sign every other browser out."""
    for session in UserSession.objects.filter(user=account).exclude(session_key=but):
        session.end()


def end_all_sessions(account: Account) -> None:
    """Sign every browser out, also those that are not listed.

    A session names its account only inside what it holds, so each is opened.
    """
    own = [
        session.pk
        for session in Session.objects.iterator()
        if session.get_decoded().get(SESSION_KEY) == str(account.pk)
    ]
    Session.objects.filter(pk__in=own).delete()
    UserSession.objects.filter(user=account).delete()
