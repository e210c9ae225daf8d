"""What a ballot page posts: answers as text, each with the revision that the page last saw."""

from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext as _

from weighting.exceptions import Refused
from weighting.selectors.ballots import BallotItem, BallotSection

ABSTAIN = "abstain"
CLIENT_LENGTH = 36
LONGEST_COMMENT = 1000


@dataclass(frozen=True)
class PostedAnswer:
    """One answer on its way to the ballot."""

    value: int | None
    seen_revision: int
    client: str


def read_answer(data: QueryDict) -> PostedAnswer:
    """Read the fields ``value``, ``seen`` and ``client`` of a single saved click."""
    return PostedAnswer(
        value=read_value(data.get("value", "")),
        seen_revision=_read_revision(data.get("seen", "")),
        client=_read_client(data),
    )


def read_changed_answers(
    data: QueryDict, sections: list[BallotSection]
) -> list[tuple[BallotItem, PostedAnswer]]:
    """Read the whole page, and return the answers that its reader changed.

    The hidden field of an item holds the revision and the value that the page was made with. A
    value that is still the same was not touched: it must not overwrite a newer one.
    """
    client = _read_client(data)
    changed = []
    for item in (item for section in sections for item in section.items):
        posted = data.get(f"score-{item.indicator.pk}", "")
        revision, _colon, shown = data.get(f"seen-{item.indicator.pk}", "").partition(":")
        if posted and posted != shown:
            changed.append((item, PostedAnswer(read_value(posted), _read_revision(revision), client)))
    return changed


@dataclass(frozen=True)
class PostedComment:
    """A comment on its way to the ballot, with the text that the page was made with."""

    text: str
    seen: str


def read_comment(data: QueryDict) -> PostedComment:
    """Read the fields ``comment`` and ``seen`` of a single saved comment."""
    return PostedComment(_read_text(data.get("comment", "")), _read_text(data.get("seen", "")))


def read_changed_comments(
    data: QueryDict, sections: list[BallotSection]
) -> list[tuple[BallotItem, PostedComment]]:
    """Read the whole page, and return the comments that its writer changed."""
    changed = []
    for item in (item for section in sections for item in section.items):
        pk = item.indicator.pk
        text = _read_text(data.get(f"comment-{pk}", ""))
        seen = _read_text(data.get(f"seen-comment-{pk}", ""))
        if text != seen:
            changed.append((item, PostedComment(text, seen)))
    return changed


def _read_text(text: str) -> str:
    """Browsers post line ends as CR LF, and count them as one character."""
    text = text.replace("\r\n", "\n").replace("\0", "").strip()
    if len(text) > LONGEST_COMMENT:
        raise Refused(
            _("A comment has at most %(most)d characters, and this one %(length)d.")
            % {"most": LONGEST_COMMENT, "length": len(text)}
        )
    return text


def read_value(text: str) -> int | None:
    """Read 1 to 5, or None for an abstention."""
    if text == ABSTAIN:
        return None
    if text in ("1", "2", "3", "4", "5"):
        return int(text)
    raise Refused(_("A score is a whole number from 1 to 5, not %(value)s.") % {"value": text or "“”"})


def _read_revision(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 10:
        return int(text)
    raise Refused(_("This page is damaged: open your ballot again."))


def _read_client(data: QueryDict) -> str:
    client = data.get("client", "")
    if 0 < len(client) <= CLIENT_LENGTH and client.isprintable():
        return client
    raise Refused(_("This page is damaged: open your ballot again."))
