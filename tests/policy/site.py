"""The site itself: its health, signing in, the admin, upkeep."""

from tests.policy.visitors import ADMINISTRATOR, ANYBODY, MANAGERS, STAFF

POLICY = {
    "home": ("GET", ANYBODY),
    "health": ("GET", ANYBODY),
    "live": ("GET", ANYBODY),
    "ready": ("GET", ANYBODY),
    "set_language": ("GET POST", ANYBODY),
    "components": ("GET", MANAGERS),
    "schema": ("GET", ANYBODY),
    "schema-ui": ("GET", ANYBODY),
    "account_login": ("GET POST", ANYBODY),
    "account_inactive": ("GET", ANYBODY),
    # Without a sign-in that waits for it the page leads to the first step.
    "mfa_authenticate": ("GET POST", ANYBODY),
    # Nothing is set up elsewhere in this world.
    "openid_connect_login": ("", ANYBODY),
    "openid_connect_callback": ("", ANYBODY),
    "socialaccount_login_cancelled": ("GET", ANYBODY),
    "account_change_password": ("GET POST", STAFF),
    "account_set_password": ("GET POST", STAFF),
    "account_reauthenticate": ("GET POST", STAFF),
    "mfa_reauthenticate": ("GET POST", STAFF),
    "mfa_reauthenticate_webauthn": ("GET POST", STAFF),
    "mfa_index": ("GET", STAFF),
    "mfa_activate_totp": ("GET POST", STAFF),
    # Nobody in the world has a second factor.
    "mfa_deactivate_totp": ("", STAFF),
    "mfa_list_webauthn": ("GET POST", STAFF),
    "mfa_add_webauthn": ("GET POST", STAFF),
    "mfa_remove_webauthn": ("", STAFF),
    "mfa_view_recovery_codes": ("", STAFF),
    "mfa_generate_recovery_codes": ("GET POST", STAFF),
    "mfa_download_recovery_codes": ("", STAFF),
    "admin:index": ("GET POST", ADMINISTRATOR),
    "admin:login": ("GET POST", ADMINISTRATOR),
    "admin:logout": ("POST", ADMINISTRATOR),
    "admin:password_change": ("GET POST", ADMINISTRATOR),
    "admin:password_change_done": ("GET", ADMINISTRATOR),
    "admin:autocomplete": ("GET", ADMINISTRATOR),
    "admin:jsi18n": ("GET", ADMINISTRATOR),
    "admin:app_list": ("GET POST", ADMINISTRATOR),
    **{
        f"admin:{address.format(name)}": ("GET POST", ADMINISTRATOR)
        for name in ("accessattempt", "accesslog", "accessfailurelog")
        for address in (
            *(f"axes_{{}}_{act}" for act in ("changelist", "add", "history", "delete", "change")),
            "admin/axes/{}/<path:object_id>/",
        )
    },
    # Nobody is answered here in this world: there is nothing to show.
    "admin:view_on_site": ("", ADMINISTRATOR),
    "admin:admin/(?P<url>.*)$": ("", ADMINISTRATOR),
    "upkeep:examination": ("GET", ADMINISTRATOR),
    "upkeep:metrics": ("GET", ADMINISTRATOR),
    "upkeep:jobs": ("GET", ADMINISTRATOR),
    "upkeep:jobs-act": ("POST", ADMINISTRATOR),
    "upkeep:disk": ("GET", ADMINISTRATOR),
    "upkeep:disk-prune": ("POST", ADMINISTRATOR),
}
