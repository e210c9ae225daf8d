from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WeightingConfig(AppConfig):
    name = "weighting"
    verbose_name = _("Weighting")
