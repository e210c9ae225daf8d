"""Keep out of the logs what signs a person or a program in."""

import logging
import re

LINK = re.compile(r"(/in/)[\w:.=%+-]+")
API_TOKEN = re.compile(r"(qh_)[\w-]+")


class HideLinks(logging.Filter):
    """Cut out the token of a personal link, and an API token sent where it should not be.

    Django logs the path of every refused request, with what follows the question mark.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        hidden = API_TOKEN.sub(r"\1[hidden]", LINK.sub(r"\1[hidden]", message))
        if hidden != message:
            record.msg, record.args = hidden, ()
        return True
