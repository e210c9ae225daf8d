"""What Django says in words of its own, so that the product's catalogue may say it in its own way.

Django's Chinese calls the reader 你, the product's 您 or nothing at all. The catalogue of the product comes
first (``LOCALE_PATHS``), so that naming a text here and translating it there is enough.
"""

from django.utils.translation import gettext_noop, ngettext_lazy

BORROWED = (
    gettext_noop("Your old password was entered incorrectly. Please enter it again."),
    gettext_noop("Your password can’t be too similar to your other personal information."),
    gettext_noop("Your password can’t be a commonly used password."),
    gettext_noop("Your password can’t be entirely numeric."),
)
# Its two forms are one entry.
COUNTED = ngettext_lazy(
    "Your password must contain at least %(min_length)d character.",
    "Your password must contain at least %(min_length)d characters.",
    "min_length",
)
