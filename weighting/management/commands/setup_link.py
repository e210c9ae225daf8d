"""``manage.py setup_link``: the one-time link that makes the first administrator."""

from typing import Any

from django.core.management.base import BaseCommand

from weighting.services.joining import issue_first_link
from weighting.services.mail import link_address


class Command(BaseCommand):
    help = "Print a link that makes the first administrator, for as long as there is none."

    def handle(self, *args: Any, **options: Any) -> None:
        token = issue_first_link()
        if token:
            self.stdout.write(
                "Nobody administers this installation yet. Open this link to become its first\n"
                f"administrator; it works until there is one:\n\n  {link_address(token)}\n"
            )
        elif options["verbosity"]:
            self.stdout.write("There is an administrator: ask them to invite you, on the page of people.")
