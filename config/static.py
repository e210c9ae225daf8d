"""Which static files of installed packages are collected and served."""

from django.contrib.staticfiles.apps import StaticFilesConfig


class StaticFiles(StaticFilesConfig):
    """All but a second reader of the API's schema, as large as all other files together."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "redoc"]
