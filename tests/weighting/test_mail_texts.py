"""The texts of a round's mails: written, refused, looked at, tried; the default where there is none."""

import pytest
from django.core import mail
from django.urls import reverse

from config.mail import NO_SERVER
from tests.factories import make_account, make_round, sign_in_staff
from weighting.enums import Language, LetterKind, RoundState
from weighting.exceptions import NoMailServer, Refused
from weighting.models import AuditEntry, Expert, Letter, LetterText, Round
from weighting.placeholders import body_problems, fill, subject_problems
from weighting.services.attempts import MOST_FAILURES
from weighting.services.letter_texts import Words, default_words, words_of, write_words
from weighting.services.letters import deliver_letter, write_invitations, write_reminder
from weighting.services.mail import send_example

pytestmark = pytest.mark.django_db
OWN = Words("{round}: please", "Dear {name},\n{link}\nuntil {deadline}\n{manager}")


@pytest.fixture
def manager(client):
    account = make_account(first_name="Mei", last_name="Lin")
    sign_in_staff(client, account)
    return account


@pytest.fixture
def round_(manager):
    return make_round(manager=manager, sealed=2)


def page(round_, kind="invitation", name="text"):
    return reverse(f"weighting:round-mail-{name}", args=[round_.pk, kind])


def keep(round_, manager, words=OWN, kind=LetterKind.INVITATION, language=Language.ENGLISH):
    write_words(round_, kind=kind, words={language: words}, actor=manager)


def sent_form(client, round_, **changes):
    """What the page's form sends when some of its fields are changed."""
    return {**client.get(page(round_)).context["form"].initial, **changes}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{name} {link}", ""),
        ("{link}", ""),
        ("Go: {link} {round} {framework} {items} {deadline} {manager}", ""),
        ("Dear {name}", "no {link}"),
        ("{link} {Name}", "“{Name}” is not a placeholder"),
        ("{link} {ballot}", "“{ballot}” is not a placeholder"),
        ("{link} ｛name｝", "“｛name｝” is not a placeholder"),
        ("{link} {name", "“{” is not a placeholder"),
        ("{link} {{name}}", "“{” is not a placeholder"),
        ("{link} {}", "“{}” is not a placeholder"),
        ("{link} {name.email}", "“{name.email}” is not a placeholder"),
        ("打开 {link}。", "a space or a new line after"),
    ],
)
def test_what_is_wrong_with_a_text_is_named_with_the_remedy(text, said):
    problems = "\n".join(body_problems(text))
    assert said in problems
    assert bool(said) == bool(problems)


def test_a_subject_takes_no_link_and_no_strange_place():
    assert subject_problems("{round} {name}") == []
    assert "take {link} out" in subject_problems("{link}")[0]
    assert "“{who}” is not a placeholder" in subject_problems("{who}")[0]


def test_a_value_that_looks_like_a_place_stays_as_it_is():
    assert fill("{name} {round}", {"name": "{round} {link}", "round": "R"}) == "{round} {link} R"


@pytest.mark.parametrize("kind", LetterKind)
@pytest.mark.parametrize("language", Language)
def test_the_default_texts_could_be_kept_as_they_are(round_, kind, language):
    words = default_words(round_, kind, language)
    assert subject_problems(words.subject) == body_problems(words.body) == []


def test_mails_say_the_rounds_own_text_and_the_default_in_the_other_language(round_, manager):
    Expert.objects.filter(code="E003").update(language=Language.ENGLISH, name="Ann {link}")
    keep(round_, manager)
    for letter in [*write_invitations(round_, actor=manager), *write_reminder(round_, actor=manager)]:
        deliver_letter(letter.pk)

    to_ann = [each for each in mail.outbox if each.to == [Expert.objects.get(code="E003").email]]
    assert to_ann[0].subject == "First round: please"
    name, link, until, signed = to_ann[0].body.splitlines()
    assert (name, signed) == ("Dear Ann {link},", "Mei Lin")
    assert "/in/" in link
    assert "Asia/Shanghai" in until
    assert to_ann[1].subject == "Still open: First round"
    others = [each for each in mail.outbox if each not in to_ann]
    assert len(others) == 4
    assert not any("please" in each.subject for each in others)


def test_a_text_is_kept_by_the_page_and_the_default_comes_back(client, round_):
    shown = client.post(page(round_), sent_form(client, round_, subject_en="Come", preview="1"))
    assert ">Come</strong>" in shown.text
    assert "Not kept yet" in shown.text
    assert not LetterText.objects.exists()

    body = "Dear {name},\r\n{link}"
    kept = client.post(page(round_), sent_form(client, round_, subject_en="Come", body_en=body), follow=True)
    assert "Dear Expert 1,\nhttp" in kept.text
    own = LetterText.objects.get()
    assert (own.language, own.body) == (Language.ENGLISH, "Dear {name},\n{link}")
    assert AuditEntry.objects.get(act="write_invitation").detail == {"languages": ["en"]}
    # The other kind has its own.
    assert ">Still open: First round</strong>" in client.get(page(round_, "reminder")).text

    client.post(page(round_), sent_form(client, round_, subject_en="", body_en=""))
    assert not LetterText.objects.exists()


def test_a_text_that_will_not_do_is_refused_beside_its_field(client, round_):
    answer = client.post(page(round_), sent_form(client, round_, subject_en="{link}", body_en="Dear {who}"))
    assert answer.status_code == 422
    errors = answer.context["form"].errors
    assert "take {link} out" in errors["subject_en"][0]
    assert len(errors["body_en"]) == 2
    half = client.post(page(round_), sent_form(client, round_, subject_en=""))
    assert "Fill this in as well" in half.context["form"].errors["subject_en"][0]
    assert not LetterText.objects.exists()


def test_whoever_writes_a_text_is_held_to_the_same(round_, manager):
    with pytest.raises(Exception, match=r"no \{link\}"):
        keep(round_, manager, Words("Come", "Dear {name}"))
    assert not LetterText.objects.exists()


def test_a_round_in_one_language_asks_for_one_text(client, round_):
    Round.objects.update(languages=["zh-hans"])
    assert list(client.get(page(round_)).context["form"].fields) == ["subject_zh-hans", "body_zh-hans"]


def test_the_text_of_a_round_that_is_over_stays(client, manager):
    round_ = make_round(manager=manager, state=RoundState.CLOSED)
    assert "Keep the text" not in client.get(page(round_)).text
    with pytest.raises(Refused):
        keep(round_, manager)


def test_a_test_goes_to_the_manager_alone_and_opens_nothing(client, round_, manager):
    answer = client.post(page(round_, name="test"), {"language": "en"}, follow=True)

    assert f"took the test for {manager.email}" in answer.text
    (message,) = mail.outbox
    assert message.recipients() == [manager.email]
    assert message.subject == "Test: Your scores are asked for: First round"
    assert "/in/EXAMPLE/" in message.body
    assert not Letter.objects.exists()


def test_what_becomes_of_a_test_is_told_as_it_is(client, round_, manager, settings, monkeypatch):
    def refuse(*_args, **_options):
        raise OSError("no route to host")

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    answer = client.post(page(round_, name="test"), {"language": "en"})
    assert answer.status_code == 409
    assert "The mail server did not take it: OSError: no route to host" in answer.text
    settings.EMAIL_BACKEND = NO_SERVER
    with pytest.raises(NoMailServer):
        send_example(round_, LetterKind.REMINDER, Language.ENGLISH, actor=manager)
    assert "Send me this as a test" not in client.get(page(round_)).text
    manager.email = ""
    with pytest.raises(Refused, match="no e-mail address"):
        send_example(round_, LetterKind.REMINDER, Language.ENGLISH, actor=manager)


def test_of_tests_there_is_an_end(round_, manager):
    def send(times):
        for _ in range(times):
            send_example(round_, LetterKind.REMINDER, Language.ENGLISH, actor=manager)

    # Twice as many as there may be in one quarter of an hour: it may end in the middle.
    with pytest.raises(Refused, match="Too many test mails"):
        send(times=2 * MOST_FAILURES + 1)
    assert mail.outbox


def test_an_unknown_kind_is_not_found(client, round_):
    assert client.get(page(round_, "receipt")).status_code == 404
    assert client.post(page(round_, "receipt", "test")).status_code == 404


def test_the_text_is_the_rounds_own(round_, manager):
    keep(round_, manager)
    other = make_round(manager=manager)
    assert words_of(round_, LetterKind.INVITATION, Language.ENGLISH) == OWN
    assert words_of(other, LetterKind.INVITATION, Language.ENGLISH) != OWN
