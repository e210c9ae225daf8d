"""Grave acts ask again who is there, once the sign-in is a quarter of an hour old."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.http import HttpRequest

View = TypeVar("View", bound=Callable[..., Any])


def signed_in_lately(request: HttpRequest) -> bool:
    """Whether the visitor has shown who they are within the time of the settings."""
    records = get_authentication_records(request, request.user)
    since = time.time() - settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
    return any(record["at"] > since for record in records)


def must_confirm(request: HttpRequest) -> bool:
    """Whether somebody has to show again who they are; who has nothing to show it by need not."""
    return not signed_in_lately(request) and bool(get_adapter().get_reauthentication_methods(request.user))


def grave(view: View) -> View:
    """Declare that a view publishes, freezes or ends something, or changes what people may do."""

    @wraps(view)
    def ask_first(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if must_confirm(request):
            raise ReauthenticationRequired
        return view(request, *args, **kwargs)

    ask_first.is_grave = True  # type: ignore[attr-defined]
    return ask_first  # type: ignore[return-value]
