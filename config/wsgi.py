"""The WSGI entry point that gunicorn serves."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import reverse
from django.utils.translation import override

from config.charsets import Utf8Alone

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = Utf8Alone(get_wsgi_application())
# Addresses bring every page along, and words their catalogue: whoever came first would wait for both, in each
# process, where a proxy finds the server listening already.
for language, _name in settings.LANGUAGES:
    with override(language):
        reverse("live")
