"""Texts with places to fill: ``{name}`` and the like, in what managers write for the mails of a round."""

import re
from collections.abc import Collection, Mapping

from django.utils.translation import gettext as _

IN_SUBJECT = ("name", "round", "framework", "items", "deadline", "manager")
IN_BODY = (*IN_SUBJECT, "link")
PLACE = re.compile(r"\{([a-z]+)\}")
# Whatever looks like a place or the half of one, the full-width braces of Chinese keyboards included.
BRACES = re.compile(r"[{｛][^{}｛｝\n]*[}｝]|[{}｛｝]")
# Some mail programs take what follows a link without a space for a part of it.
GLUED_LINK = re.compile(r"\{link\}(?=\S)")


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put the values into their places, all at once: a value that looks like a place stays as it is."""
    return PLACE.sub(lambda found: values[found[1]], text)


def subject_problems(text: str) -> list[str]:
    """Say what is wrong with a subject, each with the remedy."""
    if "{link}" in text:
        return [_("The personal link belongs in the text, not in the subject: take {link} out.")]
    return _strange_places(text, IN_SUBJECT)


def body_problems(text: str) -> list[str]:
    """Say what is wrong with the text of a mail, each with the remedy."""
    problems = _strange_places(text, IN_BODY)
    if "{link}" not in text:
        problems.append(_("The text has no {link}, without which nobody gets to a ballot: put it in."))
    elif GLUED_LINK.search(text):
        problems.append(_("Put a space or a new line after {link}, or the link may not open."))
    return problems


def _strange_places(text: str, known: Collection[str]) -> list[str]:
    places = {f"{{{name}}}" for name in known}
    strange = [found for found in dict.fromkeys(BRACES.findall(text)) if found not in places]
    message = _("“%(found)s” is not a placeholder: write one of %(known)s, or take the braces away.")
    # In the order that the page names them in.
    known_text = " ".join(f"{{{name}}}" for name in known)
    return [message % {"found": found, "known": known_text} for found in strange]
