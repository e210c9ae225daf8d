"""Counts what is asked and how long it takes, by the name of the page."""

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from upkeep.metrics import count_answer


class MetricsMiddleware:
    """Count every answer; an address, which may hold a key, is never looked at."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        count_answer(
            page=match.view_name if match else "",
            method=request.method or "",
            status=response.status_code,
            seconds=time.perf_counter() - began,
        )
        return response
