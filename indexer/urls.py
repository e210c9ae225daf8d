"""Addresses of the index side."""

from django.urls import path

from indexer.api.adoption import AdoptMethod
from indexer.api.borders import RegisterBordersView
from indexer.api.city_profiles import CityProfileView, LeadsView
from indexer.api.coherence import AuditTableView, DataSetAudit, FrameworkAuditView
from indexer.api.comparisons import CityChangeView, ComparedCities, ComparisonView
from indexer.api.concentration import ConcentrationView
from indexer.api.facts import (
    CancelFactsOfDataSet,
    CancelFactsOfRun,
    FactsOfDataSet,
    FactsOfRun,
    RetryFactsOfDataSet,
    RetryFactsOfRun,
)
from indexer.api.families import BranchIndices, BranchRankingView
from indexer.api.fragility import CriticalWeights, PairWeights
from indexer.api.gatherings import (
    GatheringAssemble,
    GatheringDeliveries,
    GatheringDetail,
    GatheringList,
    ImportDeliver,
)
from indexer.api.imports import ImportDetail, ImportList, ImportStore, ImportStoreYears
from indexer.api.jobs import CancelRun, ProgressView, RetryRun
from indexer.api.maps import MapOfRun
from indexer.api.methods import DataSetRuns
from indexer.api.node_pairs import NodesPair
from indexer.api.node_rankings import NodeRankingView, PreparationView
from indexer.api.place_trends import PlaceTrendView
from indexer.api.places import PlacesView
from indexer.api.register_editions import RegisterCorrections, RegisterEditions, UnitCorrections
from indexer.api.register_imports import RegisterImports
from indexer.api.registers import Cities, Registers
from indexer.api.reports import ReportChapters, ReportFile, ReportView, ReportWords
from indexer.api.resources import DataSets, Ranking, Runs
from indexer.api.series import OutsideSeriesList, RunAgainstSeries
from indexer.api.series_imports import SeriesImports
from indexer.api.studies import (
    RunStudies,
    Studies,
    StudyCancel,
    StudyCases,
    StudyCities,
    StudyHistogram,
    StudyPair,
    StudyRetry,
)
from indexer.api.tops import TopsView
from indexer.api.trends import CityTrendView, TrendView
from indexer.api.unit_indicators import UnitIndicatorsView
from indexer.api.what_if import WhatIfOfRun
from indexer.views.comparison import city_change
from indexer.views.comparison import overview as comparison
from indexer.views.data import audit as data_audit
from indexer.views.data import (
    borders,
    data_imports,
    data_sets,
    examples,
    framework_audit,
    gatherings,
    import_register,
    method_table,
    methods,
    proposals,
    registers,
)
from indexer.views.public import embeds, indicator_terms, machine, publishing, units
from indexer.views.public import pages as public
from indexer.views.public import report as edition_reports
from indexer.views.public.report_files import zip_of_report
from indexer.views.reports import audit_report as audit_reports
from indexer.views.reports import pages as reports
from indexer.views.reports import run_document as documents
from indexer.views.run import (
    adoption,
    city_profile,
    city_trend,
    coherence,
    coherence_pair,
    concentration,
    distribution,
    families,
    fragility,
    fragility_pair,
    leads,
    maps,
    package,
    pictures,
    place_trend,
    places,
    runs,
    series,
    tops,
    trends,
    unit_indicators,
    what_if,
)
from indexer.views.studies import lists as studies
from indexer.views.studies import pages as study_pages
from weighting.api.base import UnknownAddress
from weighting.permissions import ANYONE, audience

app_name = "indexer"

urlpatterns = [
    path("i/<slug:name>/", public.index_page, name="public-index"),
    path("i/<slug:name>/<int:number>/", public.index_page, name="public-edition"),
    path("i/<slug:name>/report/", edition_reports.edition_report, name="public-report"),
    path("i/<slug:name>/report.pdf", edition_reports.edition_report_pdf, name="public-report-pdf"),
    path("i/<slug:name>/<int:number>/report/", edition_reports.edition_report, name="public-edition-report"),
    path(
        "i/<slug:name>/<int:number>/report.pdf",
        edition_reports.edition_report_pdf,
        name="public-edition-report-pdf",
    ),
    path("i/<slug:name>/units/", units.units_page, name="public-units"),
    path("i/<slug:name>/units/<str:code>/", units.unit_page, name="public-unit"),
    path("i/<slug:name>/<int:number>/units/", units.units_page, name="public-edition-units"),
    path("i/<slug:name>/<int:number>/units/<str:code>/", units.unit_page, name="public-edition-unit"),
    path("i/<slug:name>/embed/<slug:figure>/", embeds.embed, name="public-embed"),
    path("i/<slug:name>/<int:number>/embed/<slug:figure>/", embeds.embed, name="public-edition-embed"),
    path(
        "i/<slug:name>/<int:number>/citation.<slug:format>", machine.public_citation, name="public-citation"
    ),
    path("i/<slug:name>/<slug:figure>.<slug:format>", embeds.picture, name="public-picture"),
    path(
        "i/<slug:name>/<int:number>/<slug:figure>.<slug:format>",
        embeds.picture,
        name="public-edition-picture",
    ),
    path("robots.txt", machine.robots, name="robots"),
    path("sitemap.xml", machine.sitemap, name="public-sitemap"),
    path("publishing/", publishing.publishing_list, name="publishing-list"),
    path("publishing/new/", publishing.publishing_new, name="publishing-new"),
    path("publishing/<int:pk>/", publishing.publishing_detail, name="publishing-detail"),
    path("publishing/<int:pk>/describe/", publishing.publishing_describe, name="publishing-describe"),
    path(
        "publishing/<int:pk>/indicators/",
        indicator_terms.publishing_indicators,
        name="publishing-indicators",
    ),
    path("publishing/<int:pk>/publish/", publishing.publishing_publish, name="publishing-publish"),
    path("publishing/<int:pk>/preview/", publishing.publishing_preview, name="publishing-preview"),
    path(
        "publishing/<int:pk>/editions/<int:number>/take-back/",
        publishing.publishing_take_back,
        name="publishing-take-back",
    ),
    path(
        "publishing/<int:pk>/editions/<int:number>/report/",
        edition_reports.publishing_report,
        name="publishing-report",
    ),
    path(
        "publishing/<int:pk>/editions/<int:number>/report/preview/",
        edition_reports.publishing_report_preview,
        name="publishing-report-preview",
    ),
    path("compare/", comparison.comparison, name="comparison"),
    path("compare/report/", reports.comparison_report, name="comparison-report"),
    path("compare/export/", comparison.comparison_export, name="comparison-export"),
    path("compare/pairs/", comparison.comparison_pairs, name="comparison-pairs"),
    path(
        "compare/<slug:figure>.<slug:format>",
        comparison.comparison_picture,
        name="comparison-picture",
    ),
    path("compare/cities/<int:city_pk>/", city_change.city_change, name="city-change"),
    path("compare/cities/<int:city_pk>/export/", city_change.city_change_export, name="city-change-export"),
    path(
        "compare/cities/<int:city_pk>/change.<slug:format>",
        city_change.city_change_picture,
        name="city-change-picture",
    ),
    path("runs/", runs.run_list, name="run-list"),
    path("runs/progress/", runs.run_progress, name="run-progress"),
    path("runs/<int:pk>/", runs.run_detail, name="run-detail"),
    path(
        "runs/<int:pk>/<slug:figure>.<slug:format>",
        pictures.run_picture,
        name="run-picture",
    ),
    path("runs/<int:pk>/report/", reports.run_report, name="run-report"),
    path("runs/<int:pk>/audit/report/", audit_reports.audit_report, name="run-audit-report"),
    path("runs/<int:pk>/audit/report.pdf", audit_reports.audit_report_pdf, name="run-audit-pdf"),
    path(
        "runs/<int:pk>/audit/<slug:section>/",
        documents.chapter_words,
        {"back": "run-audit-report"},
        name="run-audit-paragraph",
    ),
    path("runs/<int:pk>/document/", documents.run_document, name="run-document"),
    path("runs/<int:pk>/document/report.pdf", documents.run_document_pdf, name="run-document-pdf"),
    path("runs/<int:pk>/document/chapters/", documents.run_document_chapters, name="run-document-chapters"),
    path(
        "runs/<int:pk>/document/take-over/",
        documents.run_document_take_over,
        name="run-document-take-over",
    ),
    path(
        "runs/<int:pk>/document/words/<slug:section>/",
        documents.chapter_words,
        {"back": "run-document"},
        name="run-document-words",
    ),
    path("runs/<int:pk>/export/", runs.run_export, name="run-export"),
    path("runs/<int:pk>/package/", package.run_package, name="run-package"),
    path("runs/<int:pk>/places/", places.run_places, name="run-places"),
    path("runs/<int:pk>/places/export/", places.places_export, name="run-places-export"),
    path("runs/<int:pk>/cancel/", runs.run_cancel, name="run-cancel"),
    path("runs/<int:pk>/retry/", runs.run_retry, name="run-retry"),
    path("runs/<int:pk>/adopt/", adoption.run_adopt, name="run-adopt"),
    path("runs/<int:pk>/cities/<int:city_pk>/", city_profile.run_city, name="run-city"),
    path("runs/<int:pk>/cities/<int:city_pk>/export/", city_profile.run_city_export, name="run-city-export"),
    path(
        "runs/<int:pk>/cities/<int:city_pk>/profile.<slug:format>",
        city_profile.run_city_picture,
        name="run-city-picture",
    ),
    path(
        "runs/<int:pk>/cities/<int:city_pk>/indicators/",
        unit_indicators.unit_indicators,
        name="run-unit-indicators",
    ),
    path(
        "runs/<int:pk>/cities/<int:city_pk>/indicators/export/",
        unit_indicators.unit_indicators_export,
        name="run-unit-indicators-export",
    ),
    path("runs/<int:pk>/trend/", trends.run_trend, name="run-trend"),
    path("runs/<int:pk>/trend/export/", trends.trend_export, name="run-trend-export"),
    path("runs/<int:pk>/trend/places/", place_trend.run_place_trend, name="run-place-trend"),
    path(
        "runs/<int:pk>/trend/places/export/",
        place_trend.place_trend_export,
        name="run-place-trend-export",
    ),
    path("runs/<int:pk>/trend/cities/<int:city_pk>/", city_trend.run_city_trend, name="run-city-trend"),
    path(
        "runs/<int:pk>/trend/cities/<int:city_pk>/export/",
        city_trend.city_trend_export,
        name="run-city-trend-export",
    ),
    path("runs/<int:pk>/leads/", leads.run_leads, name="run-leads"),
    path("runs/<int:pk>/leads/export/", leads.leads_export, name="run-leads-export"),
    path("runs/<int:pk>/tops/", tops.run_tops, name="run-tops"),
    path("runs/<int:pk>/tops/export/", tops.tops_export, name="run-tops-export"),
    path("runs/<int:pk>/fragility/", fragility.run_fragility, name="run-fragility"),
    path("runs/<int:pk>/fragility/pair/", fragility_pair.run_pair, name="run-pair"),
    path("runs/<int:pk>/fragility/pair/export/", fragility_pair.pair_export, name="run-pair-export"),
    path("runs/<int:pk>/fragility/export/", fragility.fragility_export, name="run-fragility-export"),
    path("runs/<int:pk>/what-if/", what_if.what_if, name="run-what-if"),
    path("runs/<int:pk>/what-if/data/", what_if.what_if_data, name="run-what-if-data"),
    path("runs/<int:pk>/what-if/export/", what_if.what_if_export, name="run-what-if-export"),
    path("runs/<int:pk>/what-if/draft/", what_if.what_if_draft, name="run-what-if-draft"),
    path("runs/<int:pk>/map/", maps.run_map, name="run-map"),
    path("runs/<int:pk>/map/export/", maps.map_export, name="run-map-export"),
    path("runs/<int:pk>/series/", series.run_series, name="run-series"),
    path("runs/<int:pk>/series/export/", series.series_export, name="run-series-export"),
    path("series/import/", series.series_import, name="series-import"),
    path("series/<int:pk>/publish/", series.series_publish, name="series-publish"),
    path("series/<int:pk>/describe/", series.series_describe, name="series-describe"),
    path("series/<int:pk>/remove/", series.series_remove, name="series-remove"),
    path("runs/<int:pk>/concentration/", concentration.run_concentration, name="run-concentration"),
    path(
        "runs/<int:pk>/concentration/export/",
        concentration.concentration_export,
        name="run-concentration-export",
    ),
    path("runs/<int:pk>/coherence/", coherence.run_coherence, name="run-coherence"),
    path("runs/<int:pk>/facts/retry/", coherence.run_facts_retry, name="run-facts-retry"),
    path("runs/<int:pk>/coherence/pair/", coherence_pair.run_nodes_pair, name="run-nodes-pair"),
    path(
        "runs/<int:pk>/coherence/pair/export/",
        coherence_pair.nodes_pair_export,
        name="run-nodes-pair-export",
    ),
    path("runs/<int:pk>/coherence/values/", distribution.run_distribution, name="run-distribution"),
    path("runs/<int:pk>/coherence/export/", coherence.coherence_export, name="run-coherence-export"),
    path("runs/<int:pk>/studies/", studies.run_studies, name="run-studies"),
    path("studies/", studies.study_list, name="study-list"),
    path("studies/<int:pk>/", studies.study_detail, name="study-detail"),
    path("studies/<int:pk>/progress/", studies.study_progress, name="study-progress"),
    path("studies/<int:pk>/cancel/", studies.study_cancel, name="study-cancel"),
    path("studies/<int:pk>/retry/", studies.study_retry, name="study-retry"),
    path("studies/<int:pk>/export/", study_pages.study_export, name="study-export"),
    path("studies/<int:pk>/archive/", study_pages.study_archive, name="study-archive"),
    path("studies/<int:pk>/<slug:figure>.<slug:format>", study_pages.study_picture, name="study-picture"),
    path("indices/", families.index_list, name="index-list"),
    path("indices/<int:pk>/", families.index_detail, name="index-detail"),
    path("indices/<int:pk>/export/", families.index_export, name="index-export"),
    path("indices/<int:pk>/shifts.<slug:format>", families.index_picture, name="index-picture"),
    path("indices/<int:pk>/withdraw/", families.index_withdraw, name="index-withdraw"),
    path("frameworks/<int:pk>/indices/new/", families.index_new, name="framework-index-new"),
    path("data-sets/", data_sets.data_set_list, name="data-set-list"),
    path("data-sets/import/", data_imports.data_set_import, name="data-set-import"),
    path("data-sets/imports/<int:pk>/mapping/", data_imports.import_mapping, name="import-mapping"),
    path("data-sets/imports/<int:pk>/check/", data_imports.import_check, name="import-check"),
    path("data-sets/imports/<int:pk>/report/", data_imports.import_report, name="import-report"),
    path("data-sets/imports/<int:pk>/terms/", data_imports.import_terms, name="import-terms"),
    path("data-sets/imports/<int:pk>/register/", import_register.import_register, name="import-register"),
    path("data-sets/imports/<int:pk>/units/<int:row>/", data_imports.import_unit, name="import-unit"),
    path("data-sets/imports/<int:pk>/store/", data_imports.import_store, name="import-store"),
    path("data-sets/imports/<int:pk>/deliver/", gatherings.import_deliver, name="import-deliver"),
    path("data-sets/gatherings/", gatherings.gathering_list, name="gathering-list"),
    path("data-sets/gatherings/new/", gatherings.gathering_new, name="gathering-new"),
    path("data-sets/gatherings/<int:pk>/", gatherings.gathering_detail, name="gathering-detail"),
    path("data-sets/gatherings/<int:pk>/edition/", gatherings.gathering_assemble, name="gathering-assemble"),
    path("data-sets/gatherings/<int:pk>/end/", gatherings.gathering_end, name="gathering-end"),
    path("data-sets/imports/<int:pk>/discard/", data_imports.import_discard, name="import-discard"),
    path("data-sets/<int:pk>/", data_sets.data_set_detail, name="data-set-detail"),
    path("data-sets/<int:pk>/audit/", data_audit.data_set_audit, name="data-set-audit"),
    path("data-sets/<int:pk>/audit/export/", data_audit.data_set_audit_export, name="data-set-audit-export"),
    path(
        "data-sets/<int:pk>/audit/values.<slug:format>",
        data_audit.data_set_audit_picture,
        name="data-set-audit-picture",
    ),
    path("frameworks/<int:pk>/audit/", framework_audit.framework_audit, name="framework-audit"),
    path(
        "frameworks/<int:pk>/audit/export/",
        framework_audit.framework_audit_export,
        name="framework-audit-export",
    ),
    path("data-sets/<int:pk>/compute/", methods.data_set_compute, name="data-set-compute"),
    path("data-sets/<int:pk>/method/", method_table.data_set_method_table, name="data-set-method-table"),
    path("frameworks/<int:pk>/method/", methods.framework_method, name="framework-method"),
    path("data-sets/<int:pk>/mapping/", data_sets.data_set_mapping, name="data-set-mapping"),
    path("data-sets/<int:pk>/propose/", proposals.data_set_propose, name="data-set-propose"),
    path("data-sets/<int:pk>/facts/retry/", data_audit.data_set_facts_retry, name="data-set-facts-retry"),
    path("data-sets/<int:pk>/publish/", data_sets.data_set_publish, name="data-set-publish"),
    path("examples/<slug:example>/<slug:ending>/", examples.example_file, name="example-file"),
    path("registers/", registers.register_list, name="register-list"),
    path("registers/import/", registers.register_import, name="register-import"),
    path("registers/<int:pk>/", registers.register_detail, name="register-detail"),
    path("registers/<int:pk>/borders/", borders.register_borders, name="register-borders"),
    path("registers/<int:pk>/correct/", registers.register_correct, name="register-correct"),
    path("registers/<int:pk>/editions/<int:number>/", registers.register_edition, name="register-edition"),
    path("api/v1/registers/", Registers.list_view(), name="api-register-list"),
    path("api/v1/registers/<int:pk>/", Registers.detail_view(), name="api-register"),
    path("api/v1/registers/<int:pk>/borders/", RegisterBordersView.declared(), name="api-register-borders"),
    path("api/v1/registers/<int:pk>/editions/", RegisterEditions.list_view(), name="api-register-editions"),
    path(
        "api/v1/registers/<int:pk>/corrections/",
        UnitCorrections.list_view(),
        name="api-register-corrections",
    ),
    path("api/v1/registers/<int:pk>/cities/", Cities.list_view(), name="api-register-cities"),
    path("api/v1/imports/", ImportList.declared(), name="api-import-list"),
    path("api/v1/imports/<int:pk>/", ImportDetail.declared(), name="api-import"),
    path("api/v1/imports/<int:pk>/store/", ImportStore.declared(), name="api-import-store"),
    path("api/v1/imports/<int:pk>/store-years/", ImportStoreYears.declared(), name="api-import-store-years"),
    path("api/v1/datasets/", DataSets.list_view(), name="api-data-set-list"),
    path("api/v1/datasets/<int:pk>/", DataSets.detail_view(), name="api-data-set"),
    path("api/v1/datasets/<int:pk>/audit/<str:table>/", DataSetAudit.declared(), name="api-data-set-audit"),
    path(
        "api/v1/frameworks/<int:pk>/audit/<str:table>/",
        FrameworkAuditView.declared(),
        name="api-framework-audit",
    ),
    path("api/v1/datasets/<int:pk>/facts/", FactsOfDataSet.declared(), name="api-data-set-facts"),
    path(
        "api/v1/datasets/<int:pk>/facts/cancel/",
        CancelFactsOfDataSet.declared(),
        name="api-data-set-facts-cancel",
    ),
    path(
        "api/v1/datasets/<int:pk>/facts/retry/",
        RetryFactsOfDataSet.declared(),
        name="api-data-set-facts-retry",
    ),
    path("api/v1/datasets/<int:pk>/runs/", DataSetRuns.declared(), name="api-data-set-runs"),
    path("api/v1/runs/", Runs.list_view(), name="api-run-list"),
    path("api/v1/runs/<int:pk>/", Runs.detail_view(), name="api-run"),
    path("api/v1/runs/<int:pk>/places/", PlacesView.declared(), name="api-run-places"),
    path(
        "api/v1/runs/<int:pk>/nodes/<str:code>/ranking/",
        NodeRankingView.declared(),
        name="api-run-node-ranking",
    ),
    path("api/v1/runs/<int:pk>/report/", ReportView.declared(), name="api-run-report"),
    path("api/v1/runs/<int:pk>/report/chapters/", ReportChapters.declared(), name="api-run-report-chapters"),
    path("api/v1/runs/<int:pk>/report/words/", ReportWords.declared(), name="api-run-report-words"),
    path(
        "api/v1/runs/<int:pk>/report/pdf/",
        ReportFile.written_by(documents.pdf_of_report),
        name="api-run-report-pdf",
    ),
    path(
        "api/v1/runs/<int:pk>/report/files/",
        ReportFile.written_by(zip_of_report),
        name="api-run-report-files",
    ),
    path("api/v1/runs/<int:pk>/preparation/", PreparationView.declared(), name="api-run-preparation"),
    path("api/v1/datasets/<int:pk>/progress/", ProgressView.declared(), name="api-data-set-progress"),
    path("api/v1/runs/<int:pk>/cancel/", CancelRun.declared(), name="api-run-cancel"),
    path("api/v1/runs/<int:pk>/retry/", RetryRun.declared(), name="api-run-retry"),
    path("api/v1/runs/<int:pk>/adopt/", AdoptMethod.declared(), name="api-run-adopt"),
    path("api/v1/runs/<int:pk>/facts/", FactsOfRun.declared(), name="api-run-facts"),
    path("api/v1/runs/<int:pk>/facts/cancel/", CancelFactsOfRun.declared(), name="api-run-facts-cancel"),
    path("api/v1/runs/<int:pk>/facts/retry/", RetryFactsOfRun.declared(), name="api-run-facts-retry"),
    path("api/v1/indices/", BranchIndices.list_view(), name="api-index-list"),
    path("api/v1/indices/<int:pk>/", BranchIndices.detail_view(), name="api-index"),
    path("api/v1/indices/<int:pk>/ranking/", BranchRankingView.declared(), name="api-index-ranking"),
    path("api/v1/runs/<int:pk>/ranking/", Ranking.list_view(), name="api-ranking"),
    path("api/v1/runs/<int:pk>/what-if/", WhatIfOfRun.declared(), name="api-run-what-if"),
    path("api/v1/gatherings/", GatheringList.declared(), name="api-gathering-list"),
    path("api/v1/gatherings/<int:pk>/", GatheringDetail.declared(), name="api-gathering"),
    path(
        "api/v1/gatherings/<int:pk>/deliveries/",
        GatheringDeliveries.declared(),
        name="api-gathering-deliveries",
    ),
    path("api/v1/gatherings/<int:pk>/assemble/", GatheringAssemble.declared(), name="api-gathering-assemble"),
    path("api/v1/imports/<int:pk>/deliver/", ImportDeliver.declared(), name="api-import-deliver"),
    path("api/v1/series/", OutsideSeriesList.list_view(), name="api-series-list"),
    path("api/v1/series/<int:pk>/", OutsideSeriesList.detail_view(), name="api-series"),
    path("api/v1/register-imports/", RegisterImports.declared(), name="api-register-imports"),
    path("api/v1/register-corrections/", RegisterCorrections.declared(), name="api-register-correct"),
    path("api/v1/series-imports/", SeriesImports.declared(), name="api-series-imports"),
    path("api/v1/runs/<int:pk>/series/", RunAgainstSeries.declared(), name="api-run-series"),
    path("api/v1/runs/<int:pk>/map/", MapOfRun.declared(), name="api-run-map"),
    path("api/v1/runs/<int:pk>/concentration/", ConcentrationView.declared(), name="api-run-concentration"),
    path("api/v1/runs/<int:pk>/audit/<str:table>/", AuditTableView.declared(), name="api-run-audit"),
    path("api/v1/runs/<int:pk>/nodes-pair/", NodesPair.declared(), name="api-run-nodes-pair"),
    path("api/v1/runs/<int:pk>/critical-weights/", CriticalWeights.declared(), name="api-run-critical"),
    path("api/v1/runs/<int:pk>/critical-weights/pair/", PairWeights.declared(), name="api-run-pair"),
    path("api/v1/runs/<int:pk>/cities/<int:city_pk>/", CityProfileView.declared(), name="api-run-city"),
    path(
        "api/v1/runs/<int:pk>/cities/<int:city_pk>/indicators/",
        UnitIndicatorsView.declared(),
        name="api-run-unit-indicators",
    ),
    path("api/v1/runs/<int:pk>/leads/", LeadsView.declared(), name="api-run-leads"),
    path("api/v1/runs/<int:pk>/tops/", TopsView.declared(), name="api-run-tops"),
    path("api/v1/runs/<int:pk>/trend/", TrendView.declared(), name="api-run-trend"),
    path("api/v1/runs/<int:pk>/trend/places/", PlaceTrendView.declared(), name="api-run-place-trend"),
    path(
        "api/v1/runs/<int:pk>/trend/cities/<int:city_pk>/",
        CityTrendView.declared(),
        name="api-run-city-trend",
    ),
    path("api/v1/comparisons/", ComparisonView.declared(), name="api-comparison"),
    path("api/v1/comparisons/cities/", ComparedCities.declared(), name="api-comparison-cities"),
    path("api/v1/comparisons/cities/<int:city_pk>/", CityChangeView.declared(), name="api-city-change"),
    path("api/v1/runs/<int:pk>/studies/", RunStudies.declared(), name="api-run-studies"),
    path("api/v1/studies/", Studies.list_view(), name="api-study-list"),
    path("api/v1/studies/<int:pk>/", Studies.detail_view(), name="api-study"),
    path("api/v1/studies/<int:pk>/cancel/", StudyCancel.declared(), name="api-study-cancel"),
    path("api/v1/studies/<int:pk>/retry/", StudyRetry.declared(), name="api-study-retry"),
    path("api/v1/studies/<int:pk>/cities/", StudyCities.declared(), name="api-study-cities"),
    path("api/v1/studies/<int:pk>/histogram/", StudyHistogram.declared(), name="api-study-histogram"),
    path("api/v1/studies/<int:pk>/cases/", StudyCases.declared(), name="api-study-cases"),
    path("api/v1/studies/<int:pk>/pair/", StudyPair.declared(), name="api-study-pair"),
    # The last of all: what no address under the API has answered.
    path("api/v1/<path:address>", audience(ANYONE)(UnknownAddress.as_view()), name="api-unknown"),
]
