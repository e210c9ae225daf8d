"""Heads of the chains of versions that were noted earlier, as commands are given them."""

import json

from django.core.management.base import CommandError

from weighting.selectors.version_chain import Head


def read_heads(path: str) -> list[Head]:
    """Read a file of noted heads.

    Raises
    ------
    CommandError
        When it does not list heads.
    """
    try:
        with open(path, encoding="utf-8") as file:
            return [Head(**row) for row in json.load(file)]
    except (OSError, ValueError, TypeError) as error:
        raise CommandError(f"{path} does not list heads as framework, number, hash: {error}") from error
