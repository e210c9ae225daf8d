"""The cookie in which a browser keeps what opens its ballots; nothing of it is stored anywhere else."""

import re
from dataclasses import dataclass, field

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from weighting.models import Invitation
from weighting.selectors.claims import KEY_LENGTH, SECRET_BYTES, Claim, claim_hash

# What browsers kept before the site spoke TLS, or before names bore a prefix.
EARLIER_COOKIE = "ballot_keys"
# As long as browsers allow: a series of rounds takes months.
LIFETIME = 400 * 24 * 3600
# Several rounds, and a tablet that goes round a table.
MOST = 12
ENTRY = re.compile(rf"[0-9A-Z]{{{KEY_LENGTH}}}[0-9a-f]{{{2 * SECRET_BYTES}}}")
UNUSED = "-"


@dataclass(frozen=True)
class HeldKey:
    """A ballot key with the secret that it stands for, which takes long to compute."""

    key: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True)
class KeyRing:
    """The keys that a browser holds, the newest first; it is in use unless its holder left."""

    held: tuple[HeldKey, ...] = ()
    is_left: bool = False

    @classmethod
    def of(cls, request: HttpRequest) -> "KeyRing":
        """Read the cookie; what is damaged opens nothing."""
        kept = request.COOKIES.get(settings.BALLOT_COOKIE_NAME) or request.COOKIES.get(EARLIER_COOKIE, "")
        parts = kept.split(".")
        held = [HeldKey(part[:KEY_LENGTH], part[KEY_LENGTH:]) for part in parts if ENTRY.fullmatch(part)]
        return cls(tuple(held[:MOST]), is_left=parts[0] == UNUSED)

    @property
    def in_use(self) -> HeldKey | None:
        """The key of the ballot that this browser is at."""
        return self.held[0] if self.held and not self.is_left else None

    def claim_to(self, invitation: Invitation) -> Claim | None:
        """Return the claim to an invitation if one of the keys is its own."""
        own = next((each for each in self.held if claim_hash(each.secret) == invitation.claim), None)
        if own is None:
            return None
        others = tuple(each.secret for each in self.held if each != own)
        return Claim(invitation, own.secret, own.key, others)

    def using(self, key: str, secret: str) -> "KeyRing":
        """Return the ring with a key in use, new or held before."""
        own = HeldKey(key, secret)
        return KeyRing((own, *(each for each in self.held if each.secret != secret))[:MOST])

    def holding(self, key: str, secret: str) -> "KeyRing":
        """Return the ring with one more key behind the one in use."""
        rest = tuple(each for each in self.held[1:] if each.secret != secret)
        return KeyRing((*self.held[:1], HeldKey(key, secret), *rest)[:MOST], self.is_left)

    def left(self) -> "KeyRing":
        """Return the ring after its holder left the ballot: only the link brings back to it."""
        return KeyRing(self.held, is_left=True)

    def forgotten(self) -> "KeyRing":
        """Return the ring after its holder had it forget the ballot: the ballot key alone opens it again."""
        return KeyRing(self.held[1:], is_left=True)

    def keep_in(self, response: HttpResponse) -> None:
        """Have the browser keep the ring."""
        parts = [each.key + each.secret for each in self.held]
        response.set_cookie(
            settings.BALLOT_COOKIE_NAME,
            ".".join([UNUSED, *parts] if self.is_left else parts),
            max_age=LIFETIME,
            secure=settings.HTTPS,
            httponly=True,
            samesite="Lax",
        )
