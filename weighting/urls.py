"""Addresses of the weighting side."""

from django.urls import path

from weighting.api.resources import Frameworks, WeightVersions
from weighting.api.rounds import Rounds, RoundStatisticsView
from weighting.api.versions import VersionCompare, VersionHeads, VersionManifest
from weighting.views import (
    access,
    ballot,
    frameworks,
    invitations,
    panels,
    participation,
    rounds,
    sheets,
    statistics,
    version_comparison,
    version_release,
    versions,
)

app_name = "weighting"

urlpatterns = [
    path("in/code/", access.enter_code, name="enter-code"),
    path("in/<str:token>/", access.receive_link, name="receive-link"),
    path("in/", access.confirm_link, name="confirm-link"),
    path("sign-in/", access.SignIn.as_view(), name="sign-in"),
    path("sign-out/", access.sign_out, name="sign-out"),
    path("ballot/", ballot.ballot, name="ballot"),
    path("ballot/items/<path:code>/", ballot.save_item, name="ballot-item-save"),
    path("ballot/comments/<path:code>/", ballot.save_item_comment, name="ballot-comment-save"),
    path("ballot/terms/", participation.terms, name="ballot-terms"),
    path("ballot/withdraw/", participation.withdraw, name="ballot-withdraw"),
    path("ballot/review/", ballot.review, name="ballot-review"),
    path("ballot/seal/", ballot.seal, name="ballot-seal"),
    path("ballot/receipt/", ballot.receipt, name="ballot-receipt"),
    path("ballot/receipt/download/", ballot.download_receipt, name="ballot-receipt-download"),
    path("receipts/", participation.own_round_receipts, name="receipts"),
    path("rounds/", rounds.round_list, name="round-list"),
    path("rounds/new/", rounds.round_new, name="round-new"),
    path("rounds/<int:pk>/", rounds.round_detail, name="round-detail"),
    path("rounds/<int:pk>/revise/", rounds.round_revise, name="round-revise"),
    path("rounds/<int:pk>/ready/", rounds.round_ready, name="round-ready"),
    path("rounds/<int:pk>/open/", rounds.round_open, name="round-open"),
    path("rounds/<int:pk>/extend/", rounds.round_extend, name="round-extend"),
    path("rounds/<int:pk>/close/", rounds.round_close, name="round-close"),
    path("rounds/<int:pk>/aggregate/", rounds.round_aggregate, name="round-aggregate"),
    path("rounds/<int:pk>/void/", rounds.round_void, name="round-void"),
    path("rounds/<int:pk>/links/", invitations.round_links, name="round-links"),
    path(
        "rounds/<int:pk>/invitations/<int:invitation_pk>/link/",
        invitations.invitation_link,
        name="invitation-link",
    ),
    path(
        "rounds/<int:pk>/invitations/<int:invitation_pk>/",
        invitations.invitation_detail,
        name="invitation-detail",
    ),
    path(
        "rounds/<int:pk>/invitations/<int:invitation_pk>/revoke/",
        invitations.invitation_revoke,
        name="invitation-revoke",
    ),
    path(
        "rounds/<int:pk>/invitations/<int:invitation_pk>/remove/",
        invitations.invitation_remove,
        name="invitation-remove",
    ),
    path(
        "rounds/<int:pk>/invitations/<int:invitation_pk>/sheet/",
        sheets.invitation_sheet,
        name="invitation-sheet",
    ),
    path("rounds/<int:pk>/sheet.xlsx", sheets.round_sheet, name="round-sheet"),
    path("rounds/<int:pk>/experts/add/", invitations.expert_add, name="round-expert-add"),
    path("rounds/<int:pk>/notes/", invitations.round_notes, name="round-notes"),
    path("rounds/<int:pk>/mail/", invitations.round_mail, name="round-mail"),
    path("rounds/<int:pk>/remind/", invitations.round_remind, name="round-remind"),
    path("rounds/<int:pk>/receipts/", participation.round_receipts, name="round-receipts"),
    path("rounds/<int:pk>/statistics/", statistics.statistics_page, name="round-statistics"),
    path("rounds/<int:pk>/statistics.csv", statistics.statistics_export, name="round-statistics-export"),
    path("rounds/<int:pk>/report/", statistics.round_report, name="round-report"),
    path("frameworks/", frameworks.framework_list, name="framework-list"),
    path("frameworks/import/", frameworks.framework_import, name="framework-import"),
    path("frameworks/<int:pk>/", frameworks.framework_detail, name="framework-detail"),
    path("frameworks/<int:pk>/publish/", frameworks.framework_publish, name="framework-publish"),
    path("panels/", panels.panel_list, name="panel-list"),
    path("panels/import/", panels.panel_import, name="panel-import"),
    path("panels/<int:pk>/", panels.panel_detail, name="panel-detail"),
    path("weight-versions/", versions.version_list, name="version-list"),
    path("weight-versions/new/", versions.version_new, name="version-new"),
    path("weight-versions/compare/", version_comparison.version_compare, name="version-compare"),
    path(
        "weight-versions/compare/export/",
        version_comparison.version_compare_export,
        name="version-compare-export",
    ),
    path(
        "weight-versions/compare/movers.<str:format>",
        version_comparison.version_compare_picture,
        name="version-compare-picture",
    ),
    path("weight-versions/<int:pk>/", versions.version_detail, name="version-detail"),
    path("weight-versions/<int:pk>/manifest.json", versions.version_manifest, name="version-manifest"),
    path(
        "weight-versions/<int:pk>/export.<str:format>", version_release.version_export, name="version-export"
    ),
    path("weight-versions/<int:pk>/correct/", version_release.version_correct, name="version-correct"),
    path("weight-versions/<int:pk>/freeze/", versions.version_freeze, name="version-freeze"),
    path("weight-versions/<int:pk>/publish/", versions.version_publish, name="version-publish"),
    path("weight-versions/<int:pk>/retire/", versions.version_retire, name="version-retire"),
    path("api/v1/frameworks/", Frameworks.list_view(), name="api-framework-list"),
    path("api/v1/frameworks/<int:pk>/", Frameworks.detail_view(), name="api-framework"),
    path("api/v1/rounds/", Rounds.list_view(), name="api-round-list"),
    path("api/v1/rounds/<int:pk>/", Rounds.detail_view(), name="api-round"),
    path("api/v1/rounds/<int:pk>/statistics/", RoundStatisticsView.declared(), name="api-round-statistics"),
    path("api/v1/weight-versions/", WeightVersions.list_view(), name="api-version-list"),
    path("api/v1/weight-versions/compare/", VersionCompare.declared(), name="api-version-compare"),
    path("api/v1/weight-versions/heads/", VersionHeads.declared(), name="api-version-heads"),
    path("api/v1/weight-versions/<int:pk>/", WeightVersions.detail_view(), name="api-version"),
    path(
        "api/v1/weight-versions/<int:pk>/manifest/", VersionManifest.declared(), name="api-version-manifest"
    ),
]
