"""Every address of the product."""

from django.contrib import admin
from django.urls import include, path
from django.views.i18n import set_language
from drf_spectacular.views import SpectacularSwaggerSplitView

from config.addresses import addresses_of
from config.health import health, live, ready
from indexer.views.public.pages import home
from indexer.views.shared.components import components
from weighting.api.document import SchemaDocument
from weighting.permissions import ANYONE, InAudience, audience

handler404 = "weighting.api.errors.answer_not_found"
handler500 = "config.outage.answer_error"

urlpatterns = [
    path("", home, name="home"),
    path("healthz", audience(ANYONE)(health), name="health"),
    path("livez", audience(ANYONE)(live), name="live"),
    path("readyz", audience(ANYONE)(ready), name="ready"),
    path("language/", audience(ANYONE)(set_language), name="set_language"),
    path("components/", components, name="components"),
    path("admin/", admin.site.urls),
    path(
        "api/schema/",
        audience(ANYONE)(SchemaDocument.as_view(permission_classes=[InAudience])),
        name="schema",
    ),
    path(
        "api/docs/",
        audience(ANYONE)(
            # What else it would answer, it has no page for.
            SpectacularSwaggerSplitView.as_view(
                url_name="schema", permission_classes=[InAudience], http_method_names=["get", "head"]
            )
        ),
        name="schema-ui",
    ),
    path("", include("config.account_urls")),
    addresses_of("weighting.urls"),
    addresses_of("indexer.urls"),
    path("", include("upkeep.urls")),
]
