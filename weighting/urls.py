"""Addresses of the weighting side."""

from django.urls import path

from weighting.views import access

app_name = "weighting"

urlpatterns = [
    path("in/<str:token>/", access.receive_link, name="receive-link"),
    path("in/", access.confirm_link, name="confirm-link"),
    path("sign-in/", access.SignIn.as_view(), name="sign-in"),
    path("sign-out/", access.sign_out, name="sign-out"),
]
