"""A real mail server on the loopback interface, which takes, refuses or delays as a test tells it."""

from contextlib import contextmanager
from email import message_from_bytes, policy

from aiosmtpd.controller import Controller

from tests.processes import free_port


class MailServer:
    """Keeps what it takes; ``answers`` is what it tells an address, ``closing`` what it says of a mail."""

    def __init__(self):
        self.forget()

    def forget(self):
        """Begin anew, and take everything."""
        self.taken = []
        self.asked = []
        self.answers = {}
        self.closing = None

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        self.asked.append(address)
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server, _session, envelope):
        message = message_from_bytes(envelope.content, policy=policy.default)
        if self.closing:
            return self.closing(message)
        self.taken.append(message)
        return "250 OK"


@contextmanager
def running_mail_server():
    """Yield a server and its port."""
    server = MailServer()
    controller = Controller(server, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield server, controller.port
    finally:
        controller.stop()


def use(settings, port):
    """Let the product of this process send by the server."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
