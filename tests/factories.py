"""What tests start from. Rounds and ballots come into being through the services, as in the product."""

import itertools
import secrets
import time
from datetime import timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from config.accounts import BY_ACCOUNT
from weighting.enums import Medium, Role, RoundState, Rule
from weighting.manifest import canonical_json, hash_bytes
from weighting.models import Account, Ballot, Expert, Framework, Indicator, Invitation, Panel, Round
from weighting.models.scoring_round import LEAST_PANEL
from weighting.selectors.claims import KEY_LENGTH, SECRET_BYTES, Claim, claim_hash, lock_of
from weighting.selectors.rounds import invitations_of, items_of
from weighting.services.access import issue_invitation_link
from weighting.services.ballots import save_score, seal_ballot
from weighting.services.claims import claim_ballot
from weighting.services.rounds import RoundTerms, close_round, draft_round, open_round, ready_round
from weighting.services.sessions import TOUCHED
from weighting.services.versions import aggregate_round

SMALL_TREE = {"infra": {"fixed": {}, "mobile": {}}, "industry": {"retail": {}, "finance": {}, "travel": {}}}
# What an expert who has no conflict of interest agrees to before the first item.
CONSENT = {"interest": "none", "consent": "on"}
PASSWORD = "correct horse battery staple"

# The key that the browsers of these experts show; their secrets are not made from it.
KEY = "0123456789AB"

# The languages that things are named in; a test of one language alone leaves the other out.
SPOKEN = {"zh", "en"}

_numbers = itertools.count(1)
# What the experts' browsers keep, by the hash that their invitations hold.
_secrets = {}


def make_account(role=Role.MANAGER, **fields):
    """Create a member of staff, whose password is ``PASSWORD``."""
    number = next(_numbers)
    fields = {"username": f"{role}-{number}", "email": f"{role}-{number}@staff.example", **fields}
    return Account.objects.create_user(role=role, password=PASSWORD, **fields)


def said(stem, chinese, english):
    """Return the two fields of a name, title or label, empty in a language that is not spoken."""
    texts = {"zh": chinese, "en": english}
    return {f"{stem}_{language}": text if language in SPOKEN else "" for language, text in texts.items()}


def make_framework(tree=SMALL_TREE, *, owner=None, **fields):
    """Create a framework from nested mappings of codes; a node's names are made from its code."""
    number = next(_numbers)
    framework = Framework.objects.create(
        **said("name", f"指标体系{number}", f"Framework {number}"),
        sha256=hash_bytes(canonical_json({"tree": tree, "number": number})),
        created_by=owner or make_account(),
        **fields,
    )
    positions = itertools.count()
    _plant(framework, tree, None, positions)
    return framework


def _plant(framework, tree, parent, positions):
    for code, children in tree.items():
        node = Indicator.objects.create(
            framework=framework,
            parent=parent,
            code=code,
            **said("name", f"指标{code}", f"Indicator {code}"),
            position=next(positions),
            depth=parent.depth + 1 if parent else 1,
            is_leaf=not children,
        )
        _plant(framework, children, node, positions)


def make_panel(size=5, *, owner=None, **fields):
    """Create a panel of experts E001, E002, ..."""
    number = next(_numbers)
    panel = Panel.objects.create(name=f"Panel {number}", created_by=owner or make_account())
    Expert.objects.bulk_create(
        Expert(
            panel=panel,
            code=f"E{place:03}",
            name=f"Expert {place}",
            **{"email": f"expert-{place}@panel-{number}.example", **fields},
        )
        for place in range(1, size + 1)
    )
    return panel


def make_round(
    *,
    state=RoundState.OPEN,
    manager=None,
    framework=None,
    panel=None,
    parents=None,
    rule=Rule.NORMALISED_SUM,
    quorum=None,
    sealed=None,
    scores=None,
    deadline=None,
    **further,
):
    """Take a round through the services as far as ``state`` (draft, ready, open, closed, aggregated).

    ``parents`` are codes of asked groups (None in it: the root group); without it all is asked.
    ``further`` are terms such as ``follows`` and ``feedback``. ``sealed`` ballots are filled
    (all of them before a close) from ``scores(place, code)``.
    """
    manager = manager or make_account()
    framework = framework or make_framework(owner=manager)
    panel = panel or make_panel(owner=manager)
    size = panel.experts.count()
    round_ = draft_round(
        framework=framework,
        terms=RoundTerms(
            panel=panel,
            **said("title", "第一轮", "First round"),
            parents=_groups(framework, parents),
            rule=rule,
            quorum=quorum or min(5, max(2, size)),
            minimum_panel=max(LEAST_PANEL, min(5, size)),
            deadline=deadline or timezone.now() + timedelta(days=7),
            further=further,
        ),
        actor=manager,
    )
    if state == RoundState.DRAFT:
        return round_
    round_ = ready_round(round_, actor=manager)
    if state == RoundState.READY:
        return round_
    round_ = open_round(round_, actor=manager)
    wanted = sealed if sealed is not None else (0 if state == RoundState.OPEN else size)
    items = items_of(round_)
    for place, invitation in enumerate(invitations_of(round_)[:wanted]):
        by_place = (lambda code, p=place: scores(p, code)) if scores else None
        seal_ballot(fill_ballot(invitation, scores=by_place, items=items))
    if state == RoundState.OPEN:
        return round_
    round_ = close_round(round_, actor=manager)
    if state == RoundState.AGGREGATED:
        aggregate_round(round_, actor=manager)
        round_.refresh_from_db()
    return round_


def mark_aggregated(round_):
    """Let a closed round pass for aggregated, whatever stands against it; its figures are held against k."""
    Round.objects.filter(pk=round_.pk).update(state=RoundState.AGGREGATED)
    round_.refresh_from_db()
    return round_


def mark_entered(round_, count):
    """Let that many of a round's sealed ballots have been entered from paper by a manager."""
    ballots = list(round_.ballots.exclude(receipt="")[:count])
    Ballot.objects.filter(pk__in=[ballot.pk for ballot in ballots]).update(medium=Medium.SHEET)
    return round_


def _groups(framework, parents):
    nodes = {node.code: node for node in Indicator.objects.filter(framework=framework)}
    if parents is None:
        return [None, *(node for node in nodes.values() if not node.is_leaf)]
    return [nodes[code] if code else None for code in parents]


def fill_ballot(invitation, *, scores=None, skip=(), items=None):
    """Answer a ballot but for what is skipped, 1 to 5 in turn where nothing is said; return its claim."""
    claim = claim_of(invitation)
    for place, item in enumerate(items or items_of(invitation.round)):
        if item.code not in skip:
            value = scores(item.code) if scores else place % 5 + 1
            save_score(claim, code=item.code, value=value, seen_revision=0, client=f"factory-{place}")
    return claim


def make_invitation(round_=None, *, place=0):
    """Return the invitation of one expert of an open round, as the site would load it."""
    round_ = round_ or make_round()
    invitations = Invitation.objects.select_related("expert", "round__framework")
    return invitations.filter(round=round_).order_by("expert__code")[place]


def claim_of(invitation, **consent):
    """Return the claim that the expert's own browser holds; the first visit claims the invitation."""
    claimed, others = Invitation.objects.get(pk=invitation.pk).claim, _others_of(invitation)
    if claimed in _secrets:
        return Claim(invitation, _secrets[claimed], KEY, others)
    claim = Claim(invitation, secrets.token_hex(SECRET_BYTES), KEY, others)
    _secrets[claim_hash(claim.secret)] = claim.secret
    claim_ballot(claim, **consent)
    return claim


def _others_of(invitation):
    """Return the secrets of the same expert's ballots of other rounds."""
    rounds = Invitation.objects.filter(expert=invitation.expert_id).exclude(pk=invitation.pk)
    claims = rounds.values_list("claim", flat=True)
    return tuple(_secrets[claimed] for claimed in claims if claimed in _secrets)


def ballot_of(invitation):
    """Return an expert's ballot, which only the secret of their browser finds; None when withdrawn."""
    claimed = Invitation.objects.get(pk=invitation.pk).claim
    return Ballot.objects.filter(lock=lock_of(_secrets[claimed])).first() if claimed in _secrets else None


def held_by(invitation):
    """Return the cookie in which the expert's own browser holds the keys of its ballots; empty for none."""
    claimed = Invitation.objects.get(pk=invitation.pk).claim
    own = [_secrets[claimed]] if claimed in _secrets else []
    return ".".join(KEY + secret for secret in (*own, *_others_of(invitation)))


def sign_in_expert(client, invitation):
    """Bring a test client in by the expert's personal link, with what the expert's browser keeps."""
    if held := held_by(invitation):
        client.cookies[settings.BALLOT_COOKIE_NAME] = held
    token = issue_invitation_link(invitation)
    client.get(reverse("weighting:receive-link", args=[token]))
    response = client.post(reverse("weighting:confirm-link"), CONSENT)
    assert response.status_code == 302, "the personal link did not sign the expert in"
    remember_claims(client)
    return client


def remember_claims(client):
    """Note the secrets that a test client's browser keeps."""
    cookie = client.cookies.get(settings.BALLOT_COOKIE_NAME)
    for held in cookie.value.split(".") if cookie else []:
        _secrets[claim_hash(held[KEY_LENGTH:])] = held[KEY_LENGTH:]


def sign_in_staff(client, account):
    """Bring a test client in as a member of staff."""
    client.force_login(account, backend=BY_ACCOUNT)
    confirm_identity(client, account)
    return client


def confirm_identity(client, account, *, seconds_ago=0):
    """Let a session hold that its account showed who it is, as a sign-in page does."""
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time() - seconds_ago}]
    session["account_authentication_methods_user"] = str(account.pk)
    # A session in use, which no request need write for as long as a file of tests may take.
    session[TOUCHED] = int(time.time()) + 3600
    session.save()
