"""The admin holds accounts alone: rounds and ballots are reached through their services."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group

from weighting.models import Account


@admin.register(Account)
class AccountAdmin(UserAdmin):
    list_display = ["username", "first_name", "last_name", "role", "is_active"]
    list_filter = ["role", "is_active"]
    fieldsets = [*(UserAdmin.fieldsets or ()), (None, {"fields": ["role"]})]
    add_fieldsets = [*UserAdmin.add_fieldsets, (None, {"fields": ["role", "email"]})]


admin.site.unregister(Group)
