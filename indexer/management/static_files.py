"""Whether commands that write pages find the styles and scripts that these load."""

from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management.base import CommandError

# Every page loads it.
ANY = "css/base.css"


def require_static_files() -> None:
    """Refuse, before anything is written, where the static files were not collected."""
    try:
        staticfiles_storage.url(ANY)
    except ValueError:
        raise CommandError(
            "The styles and scripts of the pages are not collected yet: run `manage.py collectstatic "
            "--noinput`, then this command again."
        ) from None
