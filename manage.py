#!/usr/bin/env python
"""Django's command line for Quanheng."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import OperationalError, ProgrammingError

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"Quanheng cannot start. {error}")
    except (OperationalError, ProgrammingError) as error:
        if "--traceback" in sys.argv:
            raise
        # It is away, full, of another release, or lets this role not do it.
        sys.exit(
            f"The database failed: {str(error).strip()}. Ask manage.py doctor what is wrong and what to do."
        )
