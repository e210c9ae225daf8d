"""What a service says when it will not act; views and the API turn it into an answer."""

from collections.abc import Sequence

from django.utils.translation import gettext as _


class Refused(Exception):
    """The act is not allowed as things stand; ``blockers`` lists every reason and remedy."""

    # The field of a form that it is about, where it is about one.
    field = ""

    def __init__(self, *blockers: str) -> None:
        self.blockers: Sequence[str] = blockers
        super().__init__("; ".join(blockers))


class RoundNotOpen(Refused):
    """A ballot was touched before the opening, after the close or after the deadline."""

    def __init__(self) -> None:
        super().__init__(
            _("This round is not open: nothing was changed. What you sealed before the close counts.")
        )


class ExpertRemoved(Refused):
    """The expert was taken off the panel; the ballot is left out of the count."""

    def __init__(self) -> None:
        super().__init__(_("You are no longer on the panel of this round: nothing was changed."))


class AlreadyClaimed(Refused):
    """Somebody began, or sealed, this ballot in another browser."""

    def __init__(self) -> None:
        super().__init__(
            _("This ballot was begun in another browser meanwhile. To go on with it, type its ballot key.")
        )


class ClaimReplaced(Refused):
    """The ballot was begun anew in another browser, and this one holds it no longer."""

    def __init__(self) -> None:
        super().__init__(
            _("This ballot was begun anew in another browser: nothing was changed. Open your link again.")
        )


class WrongKey(Refused):
    """A ballot key that does not belong to the ballot."""

    def __init__(self) -> None:
        super().__init__(_("This is not the key of this ballot: compare it, character by character."))


class TooManyKeys(WrongKey):
    """The same, after too many wrong ones; a right key is let in all the same."""


class TooManyAttempts(Refused):
    """Too many wrong codes came from one address."""

    def __init__(self) -> None:
        super().__init__(_("Too many wrong codes were typed here: wait a quarter of an hour and try again."))


class UnknownToken(Refused):
    """An API token that is unknown or revoked, or whose account is closed."""

    def __init__(self) -> None:
        super().__init__(
            _("This token is not known, or it was revoked: make one on your page of API tokens.")
        )


class TooManyTokens(Refused):
    """Too many wrong API tokens came from one address."""

    def __init__(self) -> None:
        super().__init__(_("Too many wrong tokens came from here: wait a quarter of an hour and try again."))


class NoMailServer(Refused):
    """No mail server is set up, so nothing can be sent."""

    def __init__(self) -> None:
        super().__init__(_("No mail server is set up here: nothing was sent. Hand the links out yourself."))


class NoAddresses(Refused):
    """Whoever would be mailed has no address."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "Nobody who has still to seal has an e-mail address: nothing was sent. The page “Hand out by "
                "hand” has a text for each to paste into a chat."
            )
        )


class NotReported(Refused):
    """A figure is withheld: the round is not closed, or too few ballots count."""


class AlreadyFrozen(Refused):
    """Somebody else froze the version first; ``version_id`` and ``number`` say what it became."""

    def __init__(self, *, version_id: int, number: int) -> None:
        self.version_id = version_id
        self.number = number
        super().__init__(_("This version is already frozen, as number %(number)d.") % {"number": number})


class StaleScore(Refused):
    """Another page changed the answer since this one saw it; both values are shown."""

    def __init__(self, *, value: int | None, revision: int) -> None:
        self.value = value
        self.revision = revision
        super().__init__(_("This answer was changed on another page or device. Choose which one to keep."))


class StaleBallot(Refused):
    """Answers were changed after the page that would seal them was made."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "They were changed on another page or device after this page was opened. Below is how they "
                "stand now: seal them if that is what you mean."
            )
        )


class StaleComment(Refused):
    """Another page changed the comment since this one saw it; ``comment`` is the stored one."""

    def __init__(self, *, comment: str) -> None:
        self.comment = comment
        super().__init__(_("This comment was changed on another page or device. Choose which one to keep."))
