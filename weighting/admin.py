"""The admin holds nothing of ours: every act has its page, where it is logged."""

from django.contrib import admin
from django.contrib.auth.models import Group

admin.site.unregister(Group)
