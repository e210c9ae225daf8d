"""The file of choices that `read_table` writes, and that importing commands take."""

import json
from pathlib import Path

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from indexer.intake.clean import Choices


def read_choices(path: Path | None) -> Choices:
    """Return the choices of a file; none without one."""
    if path is None:
        return Choices()
    try:
        said = json.loads(path.read_text("utf-8"))
        return Choices(**{name: dict(said.get(name, {})) for name in ("reading", "columns", "units")})
    except (OSError, ValueError, TypeError, AttributeError) as error:
        message = _("%(path)s is not a file of choices: %(reason)s. Take one that read_table wrote.")
        raise CommandError(message % {"path": path, "reason": error}) from error
