"""The expert's pages: score, review, seal, keep the receipt. Nobody else reaches them."""

import re
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from weighting.enums import RoundState, Rule
from weighting.exceptions import Refused, RoundNotOpen, StaleBallot, StaleComment, StaleScore
from weighting.forms.ballot import (
    ABSTAIN,
    PostedAnswer,
    read_answer,
    read_changed_answers,
    read_changed_comments,
    read_comment,
)
from weighting.forms.codes import KeyForm
from weighting.manifest import receipt_document
from weighting.permissions import EXPERTS, audience
from weighting.selectors.ballots import (
    BallotItem,
    BallotSection,
    OwnBallot,
    Questions,
    is_open,
    notes_of,
    own_ballot,
    own_sections,
)
from weighting.selectors.claims import Claim, held_ballot, lacks_earlier_key
from weighting.selectors.feedback import ItemFeedback, feedback_for
from weighting.selectors.rounds import lists_receipts
from weighting.sentences import join_sentences
from weighting.services.answers import SavedAnswer
from weighting.services.ballots import save_comment, save_comments, save_score, seal_ballot
from weighting.visitors import claim_of, claim_with_round_of

SECTION = re.compile(r"section-\d{1,4}")
View = Callable[..., HttpResponse]
DRAWING = threading.Lock()


@dataclass(frozen=True)
class Conflict:
    """An answer that this page wants to change and another page has changed."""

    code: str
    mine: str
    stored: str
    revision: int

    @property
    def url(self) -> str:
        return reverse("weighting:ballot-item-save", args=[self.code])

    @property
    def mine_label(self) -> str:
        return answer_label(self.mine)

    @property
    def stored_label(self) -> str:
        return answer_label(self.stored)


@dataclass(frozen=True)
class Card:
    """An item as the page shows it."""

    item: BallotItem
    path: Sequence[str]
    conflict: Conflict | None
    earlier: ItemFeedback | None

    @property
    def field(self) -> str:
        return f"score-{self.item.indicator.pk}"

    @property
    def answer(self) -> str:
        return answer_text(self.item.value) if self.item.answered else ""

    @property
    def is_untouched(self) -> bool:
        """Whether it shows the question alone, which everybody is asked in the same words."""
        return not (self.item.answered or self.item.comment or self.conflict or self.earlier)


def expert_page(view: View) -> View:
    """Keep a page to experts, out of every cache, and its scores out of error reports."""
    return audience(EXPERTS)(never_cache(sensitive_post_parameters()(sensitive_variables()(view))))


@expert_page
@gzip_page
@require_http_methods(["GET", "HEAD", "POST"])
def ballot(request: HttpRequest) -> HttpResponse:
    """Show the whole ballot; POST saves every changed answer, for browsers without scripts."""
    claim = claim_with_round_of(request)
    if request.method == "POST":
        return _save_page(request, claim)
    if not is_open(claim.invitation.round):
        return _closed_page(request, claim)
    if not claim.invitation.started:
        return redirect("weighting:ballot-terms")
    return show_ballot(request, claim)


@expert_page
@require_POST
def save_item(request: HttpRequest, code: str) -> HttpResponse:
    """Save one answer; scripts ask for JSON, plain forms are sent back to the ballot."""
    claim = claim_of(request)
    try:
        answer = read_answer(request.POST)
        score = _save(claim, code, answer)
    except Refused as refusal:
        if _wants_json(request):
            return _refusal_in_json(refusal)
        return _refusal_page(request, claim, refusal)
    if _wants_json(request):
        return JsonResponse({"state": "saved", "revision": score.revision})
    return redirect(f"{reverse('weighting:ballot')}#score-{score.indicator_id}")


@expert_page
@require_POST
def save_item_comment(request: HttpRequest, code: str) -> HttpResponse:
    """Save the comment beside one answer; for scripts, the whole page saves comments without them."""
    claim = claim_of(request)
    try:
        comment = read_comment(request.POST)
        stored = save_comment(claim, code=code, comment=comment.text, seen=comment.seen)
    except Refused as refusal:
        return _refusal_in_json(refusal)
    return JsonResponse({"state": "saved", "comment": stored})


@expert_page
@require_safe
def review(request: HttpRequest) -> HttpResponse:
    """Show the gaps and how often each score was given, and offer to seal."""
    claim = claim_with_round_of(request)
    if not is_open(claim.invitation.round) or not claim.invitation.started:
        return redirect("weighting:ballot")
    return _review_page(request, claim)


@expert_page
@require_POST
def seal(request: HttpRequest) -> HttpResponse:
    """Seal the answers that the review page showed."""
    claim = claim_with_round_of(request)
    try:
        seal_ballot(claim, seen=request.POST.get("seen", ""))
    except RoundNotOpen:
        return _closed_page(request, claim, status=409)
    except StaleBallot as refusal:
        return _review_page(request, claim, stale=join_sentences(refusal.blockers), status=409)
    except Refused as refusal:
        return _review_page(request, claim, blockers=refusal.blockers, status=409)
    return redirect("weighting:ballot-receipt")


@expert_page
@require_safe
def receipt(request: HttpRequest) -> HttpResponse:
    """Show the receipt and its nonce, while the ballot can still be found."""
    claim = claim_with_round_of(request)
    own, round_ = own_ballot(claim), claim.invitation.round
    if not own.is_sealed or round_.receipt_root:
        return redirect("weighting:ballot-review")
    context = {"own": own, "round": round_, "is_open": is_open(round_), "claim": claim}
    return render(request, "weighting/expert/receipt.html", context)


@expert_page
@require_safe
def download_receipt(request: HttpRequest) -> HttpResponse:
    """Hand out all that is needed to check the receipt without this site."""
    claim = claim_with_round_of(request)
    own, round_ = own_ballot(claim), claim.invitation.round
    if own.ballot is None or not own.is_sealed or round_.receipt_root:
        return redirect("weighting:ballot-review")
    document = receipt_document(round_, own.ballot)
    response = JsonResponse(document, json_dumps_params={"indent": 2, "ensure_ascii": False})
    name = f"quanheng-receipt-{round_.pk}-{own.ballot.receipt[:8]}.json"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def answer_text(value: int | None) -> str:
    """Return an answer as the radios write it."""
    return ABSTAIN if value is None else str(value)


def answer_label(answer: str) -> str:
    """Return an answer as people read it."""
    return _("I cannot judge this") if answer == ABSTAIN else answer


def _save(claim: Claim, code: str, answer: PostedAnswer) -> SavedAnswer:
    return save_score(
        claim, code=code, value=answer.value, seen_revision=answer.seen_revision, client=answer.client
    )


def _save_page(request: HttpRequest, claim: Claim) -> HttpResponse:
    try:
        changed = read_changed_answers(request.POST, own_sections(claim))
    except Refused as refusal:
        return _refusal_page(request, claim, refusal)
    conflicts, blockers = {}, []
    for position, (item, answer) in enumerate(changed):
        try:
            _save(claim, item.indicator.code, answer)
        except RoundNotOpen:
            return _closed_page(request, claim, unsaved=changed[position:], status=409)
        except StaleScore as stale:
            conflicts[item.indicator.pk] = _conflict(item.indicator.code, answer, stale)
        except Refused as refusal:
            # One answer that cannot be saved must not keep the others behind it from being saved.
            blockers.append(_unsaved(item, answer, refusal))
    blockers += _save_comments(request, claim)
    if conflicts or blockers:
        return show_ballot(request, claim, conflicts=conflicts, blockers=blockers, status=409)
    return _go_on(request.POST.get("then", ""))


def _unsaved(item: BallotItem, answer: PostedAnswer, refusal: Refused) -> str:
    words = {
        "name": item.indicator.name,
        "answer": answer_label(answer_text(answer.value)),
        "reason": join_sentences(refusal.blockers),
    }
    return _("The answer to “%(name)s” is not saved: “%(answer)s”. %(reason)s") % words


def _save_comments(request: HttpRequest, claim: Claim) -> list[str]:
    """Save every changed comment of the page; return what could not be saved, with its text."""
    try:
        changed = read_changed_comments(request.POST, own_sections(claim))
    except Refused as refusal:
        return list(refusal.blockers)
    posted = {item.indicator.code: (comment.text, comment.seen) for item, comment in changed}
    try:
        refused = save_comments(claim, posted) if posted else {}
    except Refused as refusal:
        refused = dict.fromkeys(posted, refusal)
    return [
        _("The comment on “%(name)s” is not saved: “%(text)s”. %(reason)s")
        % {
            "name": item.indicator.name,
            "text": comment.text,
            "reason": join_sentences(refused[item.indicator.code].blockers),
        }
        for item, comment in changed
        if item.indicator.code in refused
    ]


def _go_on(then: str) -> HttpResponseRedirect:
    if then == "review":
        return redirect("weighting:ballot-review")
    return redirect(reverse("weighting:ballot") + (f"#{then}" if SECTION.fullmatch(then) else ""))


def _refusal_in_json(refusal: Refused) -> JsonResponse:
    message = join_sentences(refusal.blockers)
    match refusal:
        case RoundNotOpen():
            return JsonResponse({"state": "closed", "message": message}, status=409)
        case StaleComment():
            return JsonResponse(
                {"state": "stale", "message": message, "comment": refusal.comment}, status=409
            )
        case StaleScore():
            stored = {"value": answer_text(refusal.value), "revision": refusal.revision}
            return JsonResponse({"state": "stale", "message": message, **stored}, status=409)
    return JsonResponse({"state": "refused", "message": message}, status=422)


def _refusal_page(request: HttpRequest, claim: Claim, refusal: Refused) -> HttpResponse:
    if isinstance(refusal, RoundNotOpen):
        return _closed_page(request, claim, status=409)
    # A choice between two answers was itself overtaken: the page shows the newest, and the reason.
    status = 409 if isinstance(refusal, StaleScore) else 422
    return show_ballot(request, claim, blockers=refusal.blockers, status=status)


def show_ballot(
    request: HttpRequest,
    claim: Claim,
    *,
    conflicts: Mapping[int, Conflict] | None = None,
    blockers: Sequence[str] = (),
    earlier_form: KeyForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """Answer with the whole ballot as it stands."""
    invitation, own = claim.invitation, own_ballot(claim)
    for_all = {
        "may_abstain": invitation.round.rule == Rule.NORMALISED_MEAN,
        "other_lang": other_language(get_language()),
    }
    context = {
        **for_all,
        "own_address": reverse("weighting:ballot"),
        "own": own,
        "claim": claim,
        "round": invitation.round,
        "expert": invitation.expert,
        "sections": [
            (section, *_with_kept(cards, for_all, own.questions))
            for section, cards in _sections_with_cards(claim, own, conflicts or {})
        ],
        "asks_for_earlier_key": lacks_earlier_key(invitation, own.ballot),
        "earlier_form": earlier_form or KeyForm(),
        "conflicts": [(pk, conflict) for pk, conflict in (conflicts or {}).items()],
        "blockers": blockers,
        "notes": notes_of(invitation.round),
        "client": uuid.uuid4(),
        "queue_key": f"quanheng-ballot-{invitation.pk}",
    }
    return render(request, "weighting/expert/ballot.html", context, status=status)


def _with_kept(
    cards: Sequence[Card], context: Mapping[str, object], questions: Questions
) -> tuple[list[tuple[Card, str]], SafeString]:
    """Return the cards of a section with what is kept of each, and as one piece where all are kept."""
    shown = [(card, _kept(card, context, questions)) for card in cards]
    return shown, SafeString(
        "".join(kept for _card, kept in shown) if all(kept for _card, kept in shown) else ""
    )


def _kept(card: Card, context: Mapping[str, object], questions: Questions) -> str:
    """Return the card as it stands in the page where nothing was done to it, else nothing.

    When a round opens, hundreds come at once for the same ninety questions. Answers are never kept, and which
    questions are does not depend on who answered them: who is shown a page sooner could tell by it.
    """
    shown = (get_language(), *context.values(), card.item.indicator.pk)
    if shown not in questions.cards:
        # Who comes meanwhile finds it drawn, in place of drawing it as well.
        with DRAWING:
            if shown not in questions.cards:
                asked = {
                    **context,
                    "card": Card(BallotItem(card.item.indicator, None, 0), card.path, None, None),
                }
                questions.cards[shown] = render_to_string("weighting/expert/_item.html", asked)
    return questions.cards[shown] if card.is_untouched else ""


def _sections_with_cards(
    claim: Claim, own: OwnBallot, conflicts: Mapping[int, Conflict]
) -> list[tuple[BallotSection, list[Card]]]:
    earlier = feedback_for(claim, own.ballot)
    return [(section, cards_of(section, conflicts, earlier)) for section in own.sections]


def cards_of(
    section: BallotSection, conflicts: Mapping[int, Conflict], earlier: Mapping[str, ItemFeedback]
) -> list[Card]:
    """Return the items of a section as the page shows them."""
    path = [node.name for node in section.path]
    return [
        Card(item, path, conflicts.get(item.indicator.pk), earlier.get(item.indicator.code))
        for item in section.items
    ]


def other_language(language: str | None) -> str:
    """Return the code of the language that names stand in beside those of the page's."""
    return "en" if (language or "").startswith("zh") else "zh-Hans"


def _review_page(
    request: HttpRequest,
    claim: Claim,
    *,
    blockers: Sequence[str] = (),
    stale: str = "",
    status: int = 200,
) -> HttpResponse:
    own, round_ = own_ballot(claim), claim.invitation.round
    context = {
        "own_address": reverse("weighting:ballot-review"),
        "own": own,
        "round": round_,
        "distribution": _distribution_rows(own, abstentions=round_.rule == Rule.NORMALISED_MEAN),
        "blockers": blockers,
        "stale": stale,
    }
    return render(request, "weighting/expert/review.html", context, status=status)


def _closed_page(
    request: HttpRequest,
    claim: Claim,
    *,
    unsaved: Sequence[tuple[BallotItem, PostedAnswer]] = (),
    status: int = 200,
) -> HttpResponse:
    """Say that the round is over, and whether the visitor's ballot was sealed: nothing else is left of it."""
    invitation = claim.invitation
    invitation.refresh_from_db(fields=["sealed", "round"])
    context = {
        "own_address": reverse("weighting:ballot"),
        "round": invitation.round,
        "sealed": invitation.sealed,
        "lists_receipts": lists_receipts(invitation.round),
        "void": invitation.round.state == RoundState.VOID,
        "keeps_link": bool(invitation.round.receipt_root and held_ballot(claim)),
        "awaits_close": invitation.round.state == RoundState.OPEN,
        "unsaved": [(item.indicator, answer_text(answer.value)) for item, answer in unsaved],
    }
    return render(request, "weighting/expert/closed.html", context, status=status)


def _distribution_rows(own: OwnBallot, *, abstentions: bool) -> list[dict[str, Any]]:
    most = max(own.distribution.values()) or 1
    return [
        {"answer": answer_text(value), "count": count, "percent": 100 * count / most}
        for value, count in own.distribution.items()
        if value is not None or abstentions
    ]


def _conflict(code: str, answer: PostedAnswer, stale: StaleScore) -> Conflict:
    return Conflict(code, answer_text(answer.value), answer_text(stale.value), stale.revision)


def _wants_json(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"
