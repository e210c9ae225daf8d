"""What a round's page says about the way so far and the next act."""

from dataclasses import dataclass, field, replace

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.mail import has_mail_server
from weighting.enums import RoundState
from weighting.models import Round
from weighting.selectors.preflight import Check, preflight_of
from weighting.selectors.rounds import (
    Participation,
    aggregation_blockers,
    links_out,
    mailable_in,
)

LIFE = [RoundState.DRAFT, RoundState.READY, RoundState.OPEN, RoundState.CLOSED, RoundState.AGGREGATED]


@dataclass(frozen=True)
class NextAct:
    """The one act that a round waits for: a page to open, or a form to post; ``others`` lead elsewhere."""

    title: str
    submit: str
    url: str
    is_post: bool = True
    others: list[tuple[str, str]] = field(default_factory=list)
    consequences: list[str] = field(default_factory=list)
    blockers: list[str] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)


def steps_of(round_: Round) -> list[dict[str, str]]:
    """Return the states of a round's life, each done, current or to come."""
    if round_.state == RoundState.VOID:
        return []
    here = LIFE.index(RoundState(round_.state))
    marks = [
        "done" if position < here else "current" if position == here else "todo"
        for position in range(len(LIFE))
    ]
    return [{"label": str(state.label), "state": mark} for state, mark in zip(LIFE, marks, strict=True)]


def next_act_of(round_: Round, participation: Participation) -> NextAct | None:
    """Return what the manager may do next; nothing once the round is void."""
    match RoundState(round_.state):
        case RoundState.DRAFT:
            return _ready(round_)
        case RoundState.READY:
            return _open(round_)
        case RoundState.OPEN:
            is_over = timezone.now() >= round_.deadline or participation.sealed == participation.invited
            if is_over:
                return _close(round_, short_of_weights(round_, participation))
            return _warned(_hand_out(round_), short_of_weights(round_, participation))
        case RoundState.CLOSED:
            return _aggregate(round_)
        case _:
            return None


def _warned(act: NextAct, warning: str) -> NextAct:
    return replace(act, consequences=[*act.consequences, warning]) if warning else act


def _ready(round_: Round) -> NextAct:
    checks = preflight_of(round_)
    return NextAct(
        title=_("Check the draft"),
        submit=_("The draft is ready"),
        url=reverse("weighting:round-ready", args=[round_.pk]),
        consequences=[
            _("Nobody is asked yet: a ready round still waits to be opened."),
        ],
        others=[_preview(round_)],
        blockers=[problem for check in checks for problem in check.problems],
        checks=checks,
    )


def _open(round_: Round) -> NextAct:
    checks = preflight_of(round_)
    return NextAct(
        title=_("Open the round"),
        submit=_("Open the round"),
        url=reverse("weighting:round-open", args=[round_.pk]),
        consequences=[
            _("The questions, the rule, the quorum and the minimum panel are fixed and hashed."),
            _("Every expert of the panel is invited; you then hand out the personal links."),
            _("From then on the deadline can only move later."),
        ],
        others=[_preview(round_)],
        blockers=[problem for check in checks for problem in check.problems],
        checks=checks,
    )


def _preview(round_: Round) -> tuple[str, str]:
    return _("See the ballot as experts do"), reverse("weighting:round-preview", args=[round_.pk])


def short_of_weights(round_: Round, participation: Participation) -> str:
    """Say how many must still seal before weights can be made of the round; '' where enough have."""
    least = max(round_.quorum, round_.least_panel)
    if participation.sealed >= least:
        return ""
    message = ngettext(
        "%(sealed)d ballot is sealed, and weights need %(least)d: with fewer at the close "
        "none can be made of this round alone.",
        "%(sealed)d ballots are sealed, and weights need %(least)d: with fewer at the close "
        "none can be made of this round alone.",
        participation.sealed,
    )
    return message % {"sealed": participation.sealed, "least": least}


def _hand_out(round_: Round) -> NextAct:
    """Hand out links, first to all, then to those who have none; later only remind."""
    holding, waiting, without = links_out(round_)
    if not holding and not waiting:
        return _make_sheet(round_)
    if without:
        return _invite_rest(round_, without)
    if waiting:
        return _await_mails(round_, waiting)
    return _remind(round_)


def _make_sheet(round_: Round) -> NextAct:
    by_mail = _mails(round_)
    invite = (_("Invite by e-mail…"), reverse("weighting:round-mail", args=[round_.pk]))
    return NextAct(
        title=_("The panel is scoring"),
        submit=_("Make links for all who have not sealed"),
        url=reverse("weighting:round-links", args=[round_.pk]),
        consequences=[
            _("A sheet with one personal link and code for each expert is shown once, ready to print."),
            _("Or each expert who has an e-mail address gets the link by mail.")
            if by_mail
            else _no_mail_text(),
            _("Or you paste a text with the link into a chat with each expert."),
        ],
        others=[*([invite] if by_mail else []), _by_hand(round_)],
    )


def _invite_rest(round_: Round, without: int) -> NextAct:
    if not _mails(round_):
        return _hand_out_rest(round_, without)
    sentence = ngettext(
        "%(count)d expert has no personal link yet: invite by e-mail, or hand one out.",
        "%(count)d experts have no personal link yet: invite by e-mail, or hand them out.",
        without,
    )
    return NextAct(
        title=_("The panel is scoring"),
        submit=_("Invite by e-mail…"),
        url=reverse("weighting:round-mail", args=[round_.pk]),
        is_post=False,
        consequences=[sentence % {"count": without}],
        others=[_by_hand(round_), _new_links(round_)],
    )


def _await_mails(round_: Round, waiting: int) -> NextAct:
    sentence = ngettext(
        "%(count)d expert gets a link by a mail that waits to be sent.",
        "%(count)d experts get a link by a mail that waits to be sent.",
        waiting,
    )
    return NextAct(
        title=_("The panel is scoring"),
        submit=_("See what becomes of the mails"),
        url=reverse("weighting:round-detail", args=[round_.pk]) + "#participation-title",
        is_post=False,
        consequences=[sentence % {"count": waiting}, _("The table below says what becomes of each.")],
    )


def _hand_out_rest(round_: Round, without: int) -> NextAct:
    sentence = ngettext(
        "%(count)d expert has no personal link yet: hand one out.",
        "%(count)d experts have no personal link yet: hand them out.",
        without,
    )
    return _only_by_hand(round_, sentence % {"count": without})


def _only_by_hand(round_: Round, sentence: str) -> NextAct:
    label, url = _by_hand(round_)
    return NextAct(
        title=_("The panel is scoring"),
        submit=label,
        url=url,
        is_post=False,
        consequences=[sentence, _no_mail_text()],
        others=[_new_links(round_)],
    )


def _mails(round_: Round) -> bool:
    """Whether anybody who has still to seal can be mailed."""
    return has_mail_server() and mailable_in(round_).exists()


def _no_mail_text() -> str:
    if has_mail_server():
        return _("No expert who has still to seal has an e-mail address, so nothing can be sent by e-mail.")
    return _("No mail server is set up, so nothing can be sent by e-mail.")


def _remind(round_: Round) -> NextAct:
    sentence = _("The personal links are out. Nothing is left to do until all have sealed, or the deadline.")
    if not _mails(round_):
        return _only_by_hand(round_, sentence)
    return NextAct(
        title=_("The panel is scoring"),
        submit=_("Remind by e-mail…"),
        url=reverse("weighting:round-remind", args=[round_.pk]),
        is_post=False,
        consequences=[sentence],
        others=[_new_links(round_)],
    )


def _by_hand(round_: Round) -> tuple[str, str]:
    return _("Hand out links by hand…"), reverse("weighting:round-hand-out", args=[round_.pk])


def _new_links(round_: Round) -> tuple[str, str]:
    return _("New links for all who have not sealed…"), reverse("weighting:round-links", args=[round_.pk])


def _close(round_: Round, short: str) -> NextAct:
    over = timezone.now() >= round_.deadline
    return NextAct(
        title=_("The deadline has passed") if over else _("Every ballot is sealed"),
        submit=_("Close the round…"),
        url=reverse("weighting:round-close", args=[round_.pk]),
        is_post=False,
        consequences=[*filter(None, [short]), _("The next page says what closing does.")],
    )


def _aggregate(round_: Round) -> NextAct:
    return NextAct(
        title=_("Aggregate the ballots"),
        submit=_("Aggregate the ballots"),
        url=reverse("weighting:round-aggregate", args=[round_.pk]),
        consequences=[
            _("The sealed ballots become a draft weight version, by the rule that was fixed before."),
            _("This is done once; nobody sees a result before it, and nobody can score after it."),
        ],
        blockers=aggregation_blockers(round_),
    )
