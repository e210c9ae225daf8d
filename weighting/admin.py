"""The admin holds accounts alone: rounds and ballots are reached through their services."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest

from weighting.models import Account
from weighting.services.accounts import close_account
from weighting.visitors import account_of


@admin.register(Account)
class AccountAdmin(UserAdmin):
    list_display = ["username", "first_name", "last_name", "role", "is_active"]
    list_filter = ["role", "is_active"]
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = [*(UserAdmin.fieldsets or ()), (None, {"fields": ["role"]})]
    add_fieldsets = [*UserAdmin.add_fieldsets, (None, {"fields": ["role", "email"]})]

    def save_model(self, request: HttpRequest, obj: Account, form: Any, change: bool) -> None:
        """Close an account by the service: its tokens, links and sessions must not outlive it."""
        super().save_model(request, obj, form, change)
        if change and "is_active" in form.changed_data and not obj.is_active:
            close_account(obj, actor=account_of(request))


admin.site.unregister(Group)
