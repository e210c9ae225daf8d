"""The log in sentences."""

from typing import Any

from django.conf import settings
from django.db.models import Model
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from weighting.enums import Role, VersionSource
from weighting.models import (
    Account,
    ApiToken,
    AuditEntry,
    Framework,
    Invitation,
    JoinLink,
    Panel,
    Round,
    WeightVersion,
)
from weighting.moments import moment_text

# Details that hold a moment, as the log writes it.
MOMENTS = ("before", "after")

SENTENCES: dict[str, Promise] = {
    "assemble": gettext_lazy("put the deliveries of %(subject)s together"),
    "add": gettext_lazy("added %(subject)s"),
    "add_second_factor": gettext_lazy("added a second factor to %(subject)s"),
    "add_expert": gettext_lazy("invited %(subject)s to an open round"),
    "aggregate": gettext_lazy("aggregated %(subject)s into weights"),
    "cancel_reminder": gettext_lazy("cancelled a planned reminder in %(subject)s"),
    "cancel": gettext_lazy("cancelled %(subject)s"),
    "change": gettext_lazy("changed %(subject)s"),
    "change_password": gettext_lazy("changed the password of %(subject)s"),
    "change_profile": gettext_lazy("changed the details of %(subject)s"),
    "change_role": gettext_lazy("gave %(subject)s another role"),
    "close": gettext_lazy("closed %(subject)s"),
    "close_account": gettext_lazy("closed %(subject)s, and revoked its tokens, links and sessions"),
    "compute": gettext_lazy("had %(subject)s computed by another method"),
    "create": gettext_lazy("created %(subject)s"),
    "correct_address": gettext_lazy("corrected the e-mail address of %(subject)s and revoked earlier links"),
    "describe": gettext_lazy("changed the labels and the note of %(subject)s"),
    "describe_indicators": gettext_lazy(
        "described the indicators of %(subject)s, and what is given away of them"
    ),
    "choose_chapters": gettext_lazy("chose the chapters of the report of %(subject)s"),
    "deliver": gettext_lazy("delivered a file to %(subject)s"),
    "discard_import": gettext_lazy("discarded %(subject)s"),
    "dispute_claim": gettext_lazy("said that somebody else used the invitation of %(subject)s"),
    "draft": gettext_lazy("drafted %(subject)s"),
    "edit_weights": gettext_lazy("edited the weights of %(subject)s"),
    "end_gathering": gettext_lazy("ended %(subject)s"),
    "end_second_factors": gettext_lazy("took the second factors of %(subject)s away"),
    "end_series": gettext_lazy("ended the series of %(subject)s and took the experts’ keys from its ballots"),
    "extend": gettext_lazy("moved the deadline of %(subject)s later"),
    "follow": gettext_lazy("said which framework %(subject)s is the next edition of"),
    "freeze": gettext_lazy("froze %(subject)s"),
    "import": gettext_lazy("imported %(subject)s"),
    "import_sheet": gettext_lazy("entered the form of %(subject)s"),
    "invite_account": gettext_lazy("made %(subject)s"),
    "connect": gettext_lazy("connected a sign-in elsewhere with %(subject)s"),
    "join": gettext_lazy("made %(subject)s by a one-time link"),
    "join_uninvited": gettext_lazy("made %(subject)s by signing in elsewhere"),
    "make": gettext_lazy("made %(subject)s in the browser"),
    "make_password_link": gettext_lazy("made a link to a new password for %(subject)s"),
    "make_token": gettext_lazy("made %(subject)s"),
    "mail_invitation": gettext_lazy("mailed the invitation to %(subject)s"),
    "mail_reminder": gettext_lazy("mailed a reminder to %(subject)s"),
    "note": gettext_lazy("put a note on the ballots of %(subject)s"),
    "open_account": gettext_lazy("switched on %(subject)s"),
    "open": gettext_lazy("opened %(subject)s"),
    "open_gathering": gettext_lazy("began %(subject)s"),
    "plan_reminder": gettext_lazy("planned a reminder in %(subject)s"),
    "publish": gettext_lazy("published %(subject)s"),
    "share": gettext_lazy("shared %(subject)s with the staff"),
    "describe_index": gettext_lazy("changed what is said of %(subject)s"),
    "borders": gettext_lazy("gave %(subject)s borders"),
    "give_addresses": gettext_lazy("gave experts of %(subject)s the e-mail addresses that were not known"),
    "hand_link": gettext_lazy("noted that %(subject)s was given a link by hand"),
    "give_report": gettext_lazy("gave %(subject)s its report"),
    "publish_edition": gettext_lazy("published an edition of %(subject)s"),
    "take_back_edition": gettext_lazy("took back an edition of %(subject)s before its embargo ended"),
    "publish_branch": gettext_lazy("published %(subject)s as an index of its own"),
    "withdraw_branch": gettext_lazy("withdrew %(subject)s"),
    "ready": gettext_lazy("declared %(subject)s ready"),
    "record_figures": gettext_lazy("recorded published figures beside %(subject)s"),
    "correct": gettext_lazy("corrected %(subject)s"),
    "register": gettext_lazy("registered %(subject)s"),
    "remove": gettext_lazy("removed %(subject)s"),
    "remind": gettext_lazy("sent a reminder in %(subject)s"),
    "remove_second_factor": gettext_lazy("removed a second factor of %(subject)s"),
    "remove_expert": gettext_lazy("removed %(subject)s from the round"),
    "replace_link": gettext_lazy("made a new link for %(subject)s"),
    "reset_password": gettext_lazy("reset the forgotten password of %(subject)s"),
    "retire": gettext_lazy("retired %(subject)s"),
    "retry": gettext_lazy("put %(subject)s back in the queue"),
    "prune": gettext_lazy("dropped the result of %(subject)s, which can be computed again"),
    "revise": gettext_lazy("changed the draft of %(subject)s"),
    "revoke_links": gettext_lazy("revoked the links of %(subject)s"),
    "revoke_token": gettext_lazy("revoked %(subject)s"),
    "set_method": gettext_lazy("chose the method of %(subject)s"),
    "start_import": gettext_lazy("began %(subject)s"),
    "study": gettext_lazy("started %(subject)s"),
    "take_over_report": gettext_lazy("began the report of %(subject)s with that of another"),
    "withdraw_invite": gettext_lazy("withdrew %(subject)s"),
    "withdraw_report": gettext_lazy("withdrew the report of %(subject)s"),
    "write_invitation": gettext_lazy("wrote the invitations of %(subject)s"),
    "write_reminder": gettext_lazy("wrote the reminders of %(subject)s"),
    "write_report": gettext_lazy("wrote into the report of %(subject)s"),
    "void": gettext_lazy("voided %(subject)s"),
}
KINDS: dict[str, Promise] = {
    "account": gettext_lazy("the account"),
    "round": gettext_lazy("the round"),
    "invitation": gettext_lazy("the expert"),
    "joinlink": gettext_lazy("the one-time link"),
    "panel": gettext_lazy("the panel"),
    "framework": gettext_lazy("the framework"),
    "weightversion": gettext_lazy("the weight version"),
    "dataset": gettext_lazy("the data set"),
    "run": gettext_lazy("the ranking"),
    "city": gettext_lazy("the unit"),
    "branchindex": gettext_lazy("the branch"),
    "publishedindex": gettext_lazy("the published index"),
    "study": gettext_lazy("the study"),
    "apitoken": gettext_lazy("the API token"),
    "register": gettext_lazy("the register"),
    "dataimport": gettext_lazy("the import of data"),
    "outsideseries": gettext_lazy("the outside series"),
    "gathering": gettext_lazy("the gathering"),
    "datafacts": gettext_lazy("the facts of a data set"),
    "runfacts": gettext_lazy("the facts of a ranking"),
}

DETAILS: dict[str, Promise] = {
    "added": gettext_lazy("added"),
    "after": pgettext_lazy("act", "after"),
    "before": pgettext_lazy("act", "before"),
    "completed": gettext_lazy("completed"),
    "count": gettext_lazy("count"),
    "data_set": gettext_lazy("data set"),
    "earlier_role": gettext_lazy("earlier role"),
    "excluded": gettext_lazy("ballots left out"),
    "experts": gettext_lazy("experts"),
    "file": gettext_lazy("file"),
    "group": gettext_lazy("group"),
    "hours": gettext_lazy("hours before the deadline"),
    "indicators": gettext_lazy("indicators"),
    "invited": gettext_lazy("invited"),
    "items": gettext_lazy("items"),
    "kind": gettext_lazy("kind"),
    "languages": gettext_lazy("languages with a text of their own"),
    "manifest_hash": gettext_lazy("hash of the manifest"),
    "method": gettext_lazy("method"),
    "name_en": gettext_lazy("English name"),
    "name_zh": gettext_lazy("Chinese name"),
    "name": gettext_lazy("name"),
    "node": gettext_lazy("indicator"),
    "note": gettext_lazy("note"),
    "number": gettext_lazy("number"),
    "questionnaire_hash": gettext_lazy("hash of the questionnaire"),
    "reason": gettext_lazy("reason"),
    "role": gettext_lazy("role"),
    "run": gettext_lazy("ranking"),
    "runs": gettext_lazy("rankings"),
    "sealed": gettext_lazy("sealed"),
    "sender": gettext_lazy("sender"),
    "sha256": gettext_lazy("checksum"),
    "source": gettext_lazy("source"),
    "version": gettext_lazy("version"),
}
SHOWN_AS: dict[str, dict[str, Promise | str]] = {
    "earlier_role": dict(Role.choices),
    "role": dict(Role.choices),
    "source": dict(VersionSource.choices),
}


def detail_words(name: str, value: Any) -> tuple[str, str]:
    """Put a detail of an act into words; one without a word is named as the log has it."""
    shown = SHOWN_AS.get(name, {}).get(value, value) if isinstance(value, str) else value
    if name in MOMENTS and isinstance(value, str) and (moment := parse_datetime(value)):
        shown = moment_text(moment, settings.TIME_ZONE)
    return str(DETAILS.get(name, name)), str(shown)


def sentence_of(entry: AuditEntry, subject: Model | None) -> str:
    """Say what was done to what; an act without a sentence is named as the log has it."""
    words = {"subject": subject_text(entry, subject)}
    template = SENTENCES.get(entry.act)
    return str(template) % words if template else f"{entry.act} {words['subject']}"


def subject_text(entry: AuditEntry, subject: Model | None) -> str:
    """Name what an act was done to, by its number where it has no name here."""
    kind = KINDS.get(entry.subject_type, entry.subject_type)
    name = name_of(subject)
    if name:
        return _("%(kind)s “%(name)s”") % {"kind": kind, "name": name}
    return _("%(kind)s no. %(number)s") % {"kind": kind, "number": entry.subject_id}


def name_of(subject: Model | None) -> str:
    """Return the name that people know a thing by."""
    match subject:
        case Invitation():
            return f"{subject.expert.name} ({subject.expert.code})"
        case WeightVersion():
            return subject.label
        case Round() | Panel() | Framework():
            return str(subject)
        case ApiToken():
            return subject.name
        case JoinLink():
            return subject.name or subject.email
        case Account():
            return subject.get_full_name() or subject.get_username()
        case _:
            return ""


def address_of(subject: Model | None) -> str:
    """Return the page of a thing; '' where it has none here."""
    match subject:
        case Invitation():
            return reverse("weighting:invitation-detail", args=[subject.round_id, subject.pk])
        case Round():
            return reverse("weighting:round-detail", args=[subject.pk])
        case Panel():
            return reverse("weighting:panel-detail", args=[subject.pk])
        case Framework():
            return reverse("weighting:framework-detail", args=[subject.pk])
        case WeightVersion():
            return reverse("weighting:version-detail", args=[subject.pk])
        case _:
            return ""
