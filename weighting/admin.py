"""The admin holds the records of sign-ins alone: all else has its page, where what is done is logged."""

from django.contrib import admin

KEPT = {"axes"}

for model in list(admin.site._registry):
    if model._meta.app_label not in KEPT:
        admin.site.unregister(model)
