"""Addresses of signing in, of one's own account and its second factors, by django-allauth's own names.

Only those that have a use here stand in the list: nobody signs up, and an account has one mail address.
"""

from allauth.account.views import account_inactive
from allauth.mfa.base import views as second_factor
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as app
from allauth.mfa.webauthn import views as passkeys
from allauth.socialaccount.providers.openid_connect.views import callback as come_back
from django.urls import path
from django.views.generic import RedirectView

from weighting.permissions import ANYONE, STAFF, audience
from weighting.views import elsewhere
from weighting.views.access import SignIn
from weighting.views.own_account import PasswordAgain, PasswordChange, PasswordSet

passkey_list = RedirectView.as_view(pattern_name="mfa_index")

urlpatterns = [
    path("sign-in/", SignIn.as_view(), name="account_login"),
    path("sign-in/closed/", audience(ANYONE)(account_inactive), name="account_inactive"),
    path("sign-in/second-factor/", audience(ANYONE)(second_factor.authenticate), name="mfa_authenticate"),
    path("sign-in/elsewhere/cancelled/", elsewhere.cancelled, name="socialaccount_login_cancelled"),
    path("sign-in/elsewhere/<slug:provider_id>/", elsewhere.begin, name="openid_connect_login"),
    path(
        "sign-in/elsewhere/<slug:provider_id>/back/",
        audience(ANYONE)(come_back),
        name="openid_connect_callback",
    ),
    path("account/password/", PasswordChange.as_view(), name="account_change_password"),
    path("account/password/new/", PasswordSet.as_view(), name="account_set_password"),
    path("account/confirm/", PasswordAgain.as_view(), name="account_reauthenticate"),
    path("account/confirm/code/", audience(STAFF)(second_factor.reauthenticate), name="mfa_reauthenticate"),
    path(
        "account/confirm/passkey/",
        audience(STAFF)(passkeys.reauthenticate_webauthn),
        name="mfa_reauthenticate_webauthn",
    ),
    path("account/second-factor/", audience(STAFF)(second_factor.index), name="mfa_index"),
    path("account/second-factor/app/", audience(STAFF)(app.activate_totp), name="mfa_activate_totp"),
    path("account/second-factor/app/end/", audience(STAFF)(app.deactivate_totp), name="mfa_deactivate_totp"),
    path("account/second-factor/passkeys/", audience(STAFF)(passkey_list), name="mfa_list_webauthn"),
    path(
        "account/second-factor/passkeys/add/", audience(STAFF)(passkeys.add_webauthn), name="mfa_add_webauthn"
    ),
    path(
        "account/second-factor/passkeys/<int:pk>/end/",
        audience(STAFF)(passkeys.remove_webauthn),
        name="mfa_remove_webauthn",
    ),
    path(
        "account/second-factor/recovery-codes/",
        audience(STAFF)(recovery_codes.view_recovery_codes),
        name="mfa_view_recovery_codes",
    ),
    path(
        "account/second-factor/recovery-codes/new/",
        audience(STAFF)(recovery_codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "account/second-factor/recovery-codes/recovery-codes.txt",
        audience(STAFF)(recovery_codes.download_recovery_codes),
        name="mfa_download_recovery_codes",
    ),
]
