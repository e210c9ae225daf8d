"""What a request says of its letters: UTF-8 by any name is taken, all else refused."""

from io import BytesIO

import pytest
from django.core.wsgi import get_wsgi_application
from django.test import RequestFactory

from config.charsets import is_utf8
from config.wsgi import application

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"
TAKEN = [
    FORM,
    f"{FORM}; charset=utf8",
    f'{FORM};charset="UTF-8"',
    f"{FORM}; charset=us-ascii",
    "",
    "text/plain;",
]
# The last three name an encoding beside a parameter, which Django looks up as well.
REFUSED = [f"{FORM}; charset={name}" for name in ("zip", "rot13", "utf-7", "iso-8859-1", "unknown", "\0")]
REFUSED += ["text/plain; a*=zip'x'%41", "text/plain; a*=unknown'x'%41", "text/plain; a*=x''y'z"]
BODY = b"username=nobody&password=wrong"


def asked(served, content_type, path="/sign-in/"):
    """Return (status, body) of a form that is sent with a cookie against forgery, and without a token."""
    environ = RequestFactory(headers={"cookie": f"csrftoken={'a' * 32}"})._base_environ(
        PATH_INFO=path, REQUEST_METHOD="POST", CONTENT_TYPE=content_type, CONTENT_LENGTH=str(len(BODY))
    )
    environ["QUERY_STRING"] = "next=/"
    environ["wsgi.input"] = BytesIO(BODY)
    told = []
    answer = served(environ, lambda status, _headers: told.append(int(status[:3])))
    content = b"".join(answer)
    getattr(answer, "close", lambda: None)()
    return told[0], content.decode()


@pytest.mark.parametrize("content_type", TAKEN)
def test_utf8_is_taken_by_any_name(content_type):
    assert is_utf8(content_type)
    # The form is read: what is missing is its token.
    assert asked(application, content_type)[0] == 403


@pytest.mark.parametrize("content_type", REFUSED)
@pytest.mark.parametrize(
    ("path", "form"), [("/sign-in/", "Send everything"), ("/api/v1/runs/", '{"detail": "Send')]
)
def test_what_is_not_is_refused_with_words(content_type, path, form):
    status, content = asked(application, content_type, path)

    assert status == 415
    assert content.startswith(form)


@pytest.mark.parametrize("content_type", ["text/plain; charset=zip", "text/plain; a*=unknown'x'%41"])
def test_without_the_gate_the_server_breaks(content_type):
    with pytest.raises((LookupError, ValueError)):
        asked(get_wsgi_application(), content_type)
