"""Mail where no server is set: printed, for whoever tries the product."""

import sys
from typing import Any

from django.core.mail.backends.console import EmailBackend as ConsoleBackend


class EmailBackend(ConsoleBackend):
    """Prints to the process's own output: Celery turns `sys.stdout` into a log, which hides links."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, stream=sys.__stdout__, **kwargs)
