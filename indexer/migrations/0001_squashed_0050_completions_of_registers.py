"""The short way of an empty database: to the tables that 0001 to 0050 lead to, with no rows to carry along."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import indexer.models.city
from weighting.migrations._at_once import CreateModels


def name_as_ever(apps, schema_editor):
    """PostgreSQL keeps the name that a constraint was given when its column was made."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "ALTER TABLE indexer_indexmethod RENAME CONSTRAINT indexer_indexmethod_sha256_key"
            " TO indexer_indexmethod_sha256_5138fc0f_uniq"
        )


class Migration(migrations.Migration):
    replaces = [
        ("indexer", "0001_initial"),
        ("indexer", "0002_initial"),
        ("indexer", "0003_city_codes_and_coordinates"),
        ("indexer", "0004_methods_in_depth"),
        ("indexer", "0005_methods_hashed"),
        ("indexer", "0006_method_once"),
        ("indexer", "0007_studies"),
        ("indexer", "0008_jobs_in_queues"),
        ("indexer", "0009_registers_and_editions"),
        ("indexer", "0010_first_register_and_editions"),
        ("indexer", "0011_registers_and_editions_required"),
        ("indexer", "0012_data_imports"),
        ("indexer", "0013_index_families"),
        ("indexer", "0014_outside_series"),
        ("indexer", "0015_compute_again"),
        ("indexer", "0016_scores_by_run_and_city"),
        ("indexer", "0017_study_failure_as_codes"),
        ("indexer", "0018_blocks_last"),
        ("indexer", "0019_folded_names"),
        ("indexer", "0020_fold_names_that_are_there"),
        ("indexer", "0021_ranking_without_an_index"),
        ("indexer", "0022_study_merged_under_a_lease"),
        ("indexer", "0023_how_an_import_was_read"),
        ("indexer", "0024_methods_by_leaf_and_node"),
        ("indexer", "0025_raw_zeros_by_their_name"),
        ("indexer", "0026_choices_of_a_reading"),
        ("indexer", "0027_published_indices"),
        ("indexer", "0028_figures_printed_for_places"),
        ("indexer", "0029_one_language_is_enough"),
        ("indexer", "0030_names_said_once"),
        ("indexer", "0031_choices_of_a_method_studied"),
        ("indexer", "0032_report_paragraphs"),
        ("indexer", "0033_terms_of_indicators"),
        ("indexer", "0034_whole_audits_studied"),
        ("indexer", "0035_visits_by_day"),
        ("indexer", "0036_common_bounds"),
        ("indexer", "0037_groupings_of_registers"),
        ("indexer", "0038_published_totals_of_series"),
        ("indexer", "0039_gatherings"),
        ("indexer", "0040_drafts_without_register"),
        ("indexer", "0041_last_value_of_an_earlier_edition"),
        ("indexer", "0042_reports_as_documents"),
        ("indexer", "0043_words_for_groups_of_units"),
        ("indexer", "0044_scores_in_blocks"),
        ("indexer", "0045_no_rows_of_scores"),
        ("indexer", "0046_data_once_per_framework"),
        ("indexer", "0047_institutions_as_authors"),
        ("indexer", "0048_borders_of_registers"),
        ("indexer", "0049_corrections_of_registers"),
        ("indexer", "0050_completions_of_registers"),
    ]

    initial = True

    dependencies = [
        ("weighting", "0001_squashed_0023_former_codes_of_copies"),
    ]

    operations = [
        CreateModels(
            models=[
                migrations.CreateModel(
                    name="IndexMethod",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "normalisation",
                            models.CharField(
                                choices=[
                                    ("share", "Share of the national total"),
                                    ("minmax", "Min-max"),
                                    ("zscore", "z-score"),
                                    ("rank", "Rank"),
                                    ("none", "None (already normalised)"),
                                    ("zscore_sample", "z-score, with n - 1"),
                                    ("percentile", "Percentile rank"),
                                    ("goalposts", "Goalposts"),
                                    ("target", "Distance to a target"),
                                    ("distance_to_max", "Distance to the best"),
                                    ("distance_to_reference", "Distance to a reference unit"),
                                    ("fraction_of_max", "Part of the best"),
                                ],
                                default="share",
                                max_length=24,
                                verbose_name="normalisation",
                            ),
                        ),
                        (
                            "negative",
                            models.CharField(
                                choices=[
                                    ("reflect", "Reflect: max + min - x"),
                                    ("reciprocal", "Reciprocal: 1 / x"),
                                ],
                                default="reflect",
                                max_length=10,
                                verbose_name="lower is better",
                            ),
                        ),
                        (
                            "missing",
                            models.CharField(
                                choices=[
                                    ("refuse", "Refuse"),
                                    ("zero", "Zero: the worst normalised value"),
                                    ("reweight", "Reweight what is present"),
                                    ("mean", "Mean of what is present"),
                                    ("median", "Median of what is present"),
                                    ("last_value", "Last value of an earlier edition"),
                                    ("raw_zero", "The raw value 0"),
                                ],
                                default="refuse",
                                max_length=120,
                                verbose_name="missing values",
                            ),
                        ),
                        (
                            "aggregation",
                            models.CharField(
                                choices=[
                                    ("arithmetic", "Arithmetic mean"),
                                    ("geometric", "Geometric mean"),
                                    ("harmonic", "Harmonic mean"),
                                    ("minimum", "Minimum"),
                                    ("mpi", "Mazziotta-Pareto, unevenness lowers"),
                                    ("mpi_high", "Mazziotta-Pareto, unevenness raises"),
                                    ("copeland", "Copeland, by pairs of units"),
                                ],
                                default="arithmetic",
                                max_length=24,
                                verbose_name="aggregation",
                            ),
                        ),
                        (
                            "outliers",
                            models.CharField(
                                choices=[
                                    ("keep", "Keep"),
                                    ("winsorise", "Winsorise"),
                                    ("log", "Take logarithms"),
                                    ("winsorise_log", "Winsorise, or else take logarithms"),
                                ],
                                default="keep",
                                max_length=13,
                                verbose_name="outliers",
                            ),
                        ),
                        (
                            "skewness_limit",
                            models.FloatField(default=2.0, verbose_name="limit of the skewness"),
                        ),
                        (
                            "kurtosis_limit",
                            models.FloatField(default=3.5, verbose_name="limit of the kurtosis"),
                        ),
                        (
                            "winsorised_most",
                            models.PositiveSmallIntegerField(
                                default=5, verbose_name="cells drawn in at most"
                            ),
                        ),
                        (
                            "denominators",
                            models.JSONField(blank=True, default=dict, verbose_name="denominators"),
                        ),
                        ("sha256", models.CharField(max_length=64, unique=True)),
                        ("coverage", models.FloatField(default=0.0, verbose_name="least coverage")),
                        (
                            "digits",
                            models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="digits"),
                        ),
                        (
                            "floor",
                            models.FloatField(
                                blank=True, null=True, verbose_name="smallest normalised value"
                            ),
                        ),
                        ("leaves", models.JSONField(blank=True, default=dict, verbose_name="indicators")),
                        (
                            "nodes",
                            models.JSONField(blank=True, default=dict, verbose_name="groups of indicators"),
                        ),
                        ("scale", models.FloatField(default=100.0, verbose_name="scale")),
                        ("bounds", models.JSONField(blank=True, default=dict, verbose_name="common bounds")),
                    ],
                ),
                migrations.CreateModel(
                    name="FrameworkMethod",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "framework",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="default_method",
                                to="weighting.framework",
                            ),
                        ),
                        (
                            "method",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="indexer.indexmethod",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="Register",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "name_zh",
                            models.CharField(blank=True, max_length=200, verbose_name="Chinese name"),
                        ),
                        (
                            "name_en",
                            models.CharField(blank=True, max_length=200, verbose_name="English name"),
                        ),
                        (
                            "unit_zh",
                            models.CharField(
                                blank=True,
                                default="城市",
                                max_length=40,
                                verbose_name="Chinese word for a unit",
                            ),
                        ),
                        (
                            "unit_en",
                            models.CharField(
                                blank=True,
                                default="city",
                                max_length=40,
                                verbose_name="English word for a unit",
                            ),
                        ),
                        (
                            "units_en",
                            models.CharField(
                                blank=True,
                                default="cities",
                                max_length=40,
                                verbose_name="English word for several units",
                            ),
                        ),
                        (
                            "province_en",
                            models.CharField(
                                blank=True,
                                default="province",
                                max_length=40,
                                verbose_name="English word for a group",
                            ),
                        ),
                        (
                            "province_zh",
                            models.CharField(
                                blank=True,
                                default="省份",
                                max_length=40,
                                verbose_name="Chinese word for a group",
                            ),
                        ),
                        (
                            "region_en",
                            models.CharField(
                                blank=True,
                                default="region",
                                max_length=40,
                                verbose_name="English word for a group of groups",
                            ),
                        ),
                        (
                            "region_zh",
                            models.CharField(
                                blank=True,
                                default="地区",
                                max_length=40,
                                verbose_name="Chinese word for a group of groups",
                            ),
                        ),
                        (
                            "edition",
                            models.PositiveSmallIntegerField(
                                default=1, editable=False, verbose_name="edition"
                            ),
                        ),
                        (
                            "completions",
                            models.PositiveIntegerField(
                                default=0, editable=False, verbose_name="completions"
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["pk"],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("name_zh", ""), _negated=True),
                                fields=("name_zh",),
                                name="register_once",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("name_zh", "")),
                                fields=("name_en",),
                                name="register_once_in_english",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Region",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "name_zh",
                            models.CharField(blank=True, max_length=200, verbose_name="Chinese name"),
                        ),
                        (
                            "name_en",
                            models.CharField(blank=True, max_length=200, verbose_name="English name"),
                        ),
                        (
                            "register",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="regions",
                                to="indexer.register",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["pk"],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("name_zh", ""), _negated=True),
                                fields=("register", "name_zh"),
                                name="region_once",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("name_zh", "")),
                                fields=("register", "name_en"),
                                name="region_once_in_english",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Province",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "name_zh",
                            models.CharField(blank=True, max_length=200, verbose_name="Chinese name"),
                        ),
                        (
                            "name_en",
                            models.CharField(blank=True, max_length=200, verbose_name="English name"),
                        ),
                        (
                            "region",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="provinces",
                                to="indexer.region",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["pk"],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("name_zh", ""), _negated=True),
                                fields=("region", "name_zh"),
                                name="province_once",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("name_zh", "")),
                                fields=("region", "name_en"),
                                name="province_once_in_english",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="City",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "name_zh",
                            models.CharField(blank=True, max_length=200, verbose_name="Chinese name"),
                        ),
                        (
                            "name_en",
                            models.CharField(blank=True, max_length=200, verbose_name="English name"),
                        ),
                        ("aliases", models.JSONField(blank=True, default=list)),
                        (
                            "province",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="cities",
                                to="indexer.province",
                            ),
                        ),
                        ("code", models.CharField(blank=True, max_length=20, verbose_name="code")),
                        ("latitude", models.FloatField(blank=True, null=True, verbose_name="latitude")),
                        ("longitude", models.FloatField(blank=True, null=True, verbose_name="longitude")),
                        (
                            "register",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="cities",
                                to="indexer.register",
                            ),
                        ),
                        ("folded_names", indexer.models.city.FoldedNames(default="", editable=False)),
                    ],
                    options={
                        "verbose_name_plural": "cities",
                        "ordering": ["pk"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("latitude__isnull", True), ("longitude__isnull", True)),
                                    models.Q(
                                        ("latitude__range", (-90, 90)), ("longitude__range", (-180, 180))
                                    ),
                                    _connector="OR",
                                ),
                                name="city_on_earth",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("code", ""), _negated=True),
                                fields=("register", "code"),
                                name="city_code_once",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("name_zh", ""), _negated=True),
                                fields=("province", "name_zh"),
                                name="city_once",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("name_zh", "")),
                                fields=("province", "name_en"),
                                name="city_once_in_english",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="DataSeries",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "name_zh",
                            models.CharField(blank=True, max_length=200, verbose_name="Chinese name"),
                        ),
                        (
                            "name_en",
                            models.CharField(blank=True, max_length=200, verbose_name="English name"),
                        ),
                        (
                            "framework",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="data_series",
                                to="weighting.framework",
                            ),
                        ),
                        (
                            "register",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="data_series",
                                to="indexer.register",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["pk"],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("name_zh", ""), _negated=True),
                                fields=("framework", "name_zh"),
                                name="data_series_once",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("name_zh", "")),
                                fields=("framework", "name_en"),
                                name="data_series_once_in_english",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="DataSet",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "name_zh",
                            models.CharField(blank=True, max_length=200, verbose_name="Chinese name"),
                        ),
                        (
                            "name_en",
                            models.CharField(blank=True, max_length=200, verbose_name="English name"),
                        ),
                        ("year", models.PositiveSmallIntegerField(verbose_name="year")),
                        ("note", models.TextField(blank=True, verbose_name="note")),
                        ("city_ids", models.JSONField()),
                        ("leaf_codes", models.JSONField()),
                        ("values", models.BinaryField()),
                        ("totals", models.BinaryField()),
                        ("sha256", models.CharField(max_length=64)),
                        ("is_published", models.BooleanField(default=False, verbose_name="published")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        (
                            "created_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "framework",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="data_sets",
                                to="weighting.framework",
                            ),
                        ),
                        (
                            "method",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="indexer.indexmethod",
                            ),
                        ),
                        ("auxiliary_codes", models.JSONField(blank=True, default=list)),
                        ("auxiliary", models.BinaryField(blank=True, default=bytes)),
                        ("edition", models.PositiveSmallIntegerField(verbose_name="edition")),
                        ("file_name", models.CharField(blank=True, max_length=255)),
                        ("file_sha256", models.CharField(blank=True, max_length=64)),
                        ("mapping", models.JSONField(blank=True, default=dict)),
                        (
                            "previous",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="followers",
                                to="indexer.dataset",
                            ),
                        ),
                        ("totals_name", models.CharField(blank=True, max_length=255)),
                        ("totals_sha256", models.CharField(blank=True, max_length=64)),
                        (
                            "series",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="editions",
                                to="indexer.dataseries",
                            ),
                        ),
                        ("register_edition", models.PositiveSmallIntegerField(default=1)),
                    ],
                    options={
                        "ordering": ["pk"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("series", "year", "edition"), name="data_set_edition_once"
                            ),
                            models.UniqueConstraint(fields=("framework", "sha256"), name="data_set_once"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PublishedFigure",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("value", models.CharField(max_length=24)),
                        ("rank", models.PositiveIntegerField()),
                        (
                            "city",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="indexer.city",
                            ),
                        ),
                        (
                            "data_set",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="published_figures",
                                to="indexer.dataset",
                            ),
                        ),
                        (
                            "indicator",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="weighting.indicator",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("data_set", "city", "indicator"), name="published_figure_once"
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("indicator__isnull", True)),
                                fields=("data_set", "city"),
                                name="published_composite_once",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Run",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("queued", "Queued"),
                                    ("running", "Running"),
                                    ("done", "Done"),
                                    ("failed", "Failed"),
                                    ("cancelled", "Cancelled"),
                                ],
                                default="queued",
                                max_length=9,
                            ),
                        ),
                        ("attempts", models.PositiveSmallIntegerField(default=0)),
                        ("lease", models.UUIDField(null=True)),
                        ("lease_until", models.DateTimeField(null=True)),
                        ("queued_at", models.DateTimeField(auto_now_add=True)),
                        ("started_at", models.DateTimeField(null=True)),
                        ("finished_at", models.DateTimeField(null=True)),
                        ("data_sha256", models.CharField(blank=True, max_length=64)),
                        ("manifest_hash", models.CharField(blank=True, max_length=64)),
                        ("code_version", models.CharField(blank=True, max_length=40)),
                        ("result_sha256", models.CharField(blank=True, max_length=64)),
                        (
                            "data_set",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="runs",
                                to="indexer.dataset",
                            ),
                        ),
                        (
                            "method",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="runs",
                                to="indexer.indexmethod",
                            ),
                        ),
                        (
                            "weight_version",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="runs",
                                to="weighting.weightversion",
                            ),
                        ),
                        ("failure", models.JSONField(blank=True, default=list)),
                        (
                            "queue",
                            models.CharField(
                                choices=[("interactive", "Interactive"), ("bulk", "Bulk")],
                                default="interactive",
                                max_length=11,
                            ),
                        ),
                        ("worker", models.CharField(blank=True, max_length=100)),
                        ("node_scores", models.BinaryField(null=True)),
                    ],
                    options={
                        "ordering": ["-pk"],
                        "indexes": [models.Index(fields=["status", "lease_until"], name="run_waiting")],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("data_set", "weight_version", "method"), name="run_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("lease__isnull", False),
                                        ("lease_until__isnull", False),
                                        ("status", "running"),
                                    ),
                                    models.Q(
                                        models.Q(("status", "running"), _negated=True),
                                        ("lease__isnull", True),
                                        ("lease_until__isnull", True),
                                    ),
                                    _connector="OR",
                                ),
                                name="run_running_has_lease",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("finished_at__isnull", False),
                                        ("node_scores__isnull", False),
                                        ("status", "done"),
                                    ),
                                    models.Q(
                                        models.Q(("status", "done"), _negated=True),
                                        ("node_scores__isnull", True),
                                    ),
                                    _connector="OR",
                                ),
                                name="run_done_is_whole",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Preparation",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("cells", models.BinaryField()),
                        ("treatments", models.JSONField(blank=True, default=list)),
                        (
                            "data_set",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="preparations",
                                to="indexer.dataset",
                            ),
                        ),
                        (
                            "method",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="indexer.indexmethod",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("data_set", "method"), name="preparation_once")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Study",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("bootstrap", "Expert bootstrap"),
                                    ("jackknife", "Leave one expert out"),
                                    ("noise", "Weight noise"),
                                    ("dirichlet", "Dirichlet weights"),
                                    ("left_out", "Leave one indicator out"),
                                    ("variants", "Method variants"),
                                    ("sobol", "Sobol indices of the weights"),
                                    ("choices", "Sobol indices of the method"),
                                    ("dropped", "Drop a city"),
                                    ("smaa", "Any weights (SMAA)"),
                                    ("coherence", "Whole audit of coherence"),
                                ],
                                max_length=9,
                            ),
                        ),
                        ("parameters", models.JSONField(blank=True, default=dict)),
                        ("draws", models.PositiveIntegerField()),
                        ("seed", models.BigIntegerField(blank=True, null=True)),
                        ("key", models.CharField(max_length=64, unique=True)),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("queued", "Queued"),
                                    ("running", "Running"),
                                    ("done", "Done"),
                                    ("failed", "Failed"),
                                    ("cancelled", "Cancelled"),
                                ],
                                default="queued",
                                max_length=9,
                            ),
                        ),
                        ("chunks", models.PositiveIntegerField()),
                        ("chunks_done", models.PositiveIntegerField(default=0)),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("started_at", models.DateTimeField(blank=True, null=True)),
                        ("finished_at", models.DateTimeField(blank=True, null=True)),
                        ("data_sha256", models.CharField(blank=True, max_length=64)),
                        ("manifest_hash", models.CharField(blank=True, max_length=64)),
                        ("code_version", models.CharField(blank=True, max_length=40)),
                        ("result_sha256", models.CharField(blank=True, max_length=64)),
                        ("histogram", models.BinaryField(null=True)),
                        ("table", models.BinaryField(null=True)),
                        ("summary", models.JSONField(blank=True, default=dict)),
                        ("pairs", models.JSONField(blank=True, default=dict)),
                        (
                            "created_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "run",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="studies",
                                to="indexer.run",
                            ),
                        ),
                        ("failure", models.JSONField(blank=True, default=list)),
                        ("attempts", models.PositiveSmallIntegerField(default=0)),
                        ("lease", models.UUIDField(blank=True, null=True)),
                        ("lease_until", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "verbose_name_plural": "studies",
                        "ordering": ["-pk"],
                        "indexes": [models.Index(fields=["run", "kind", "status"], name="study_of_run")],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("finished_at__isnull", False),
                                        ("status", "done"),
                                        ("table__isnull", False),
                                    ),
                                    models.Q(
                                        models.Q(("status", "done"), _negated=True),
                                        ("histogram__isnull", True),
                                        ("table__isnull", True),
                                    ),
                                    _connector="OR",
                                ),
                                name="study_done_is_whole",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("draws__gte", 1)), name="study_has_draws"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("seed__isnull", True), ("seed__gte", 0), _connector="OR"),
                                name="study_seed_not_negative",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="StudyPart",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("first", models.PositiveIntegerField()),
                        ("end", models.PositiveIntegerField()),
                        ("attempts", models.PositiveSmallIntegerField(default=0)),
                        ("lease", models.UUIDField(null=True)),
                        ("lease_until", models.DateTimeField(null=True)),
                        ("block", models.BinaryField(null=True)),
                        (
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="parts",
                                to="indexer.study",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["pk"],
                        "constraints": [
                            models.UniqueConstraint(fields=("study", "first"), name="study_part_once"),
                            models.CheckConstraint(
                                condition=models.Q(("end__gt", models.F("first"))),
                                name="study_part_not_empty",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("lease__isnull", True), ("lease_until__isnull", True)),
                                    models.Q(
                                        ("block__isnull", True),
                                        ("lease__isnull", False),
                                        ("lease_until__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="study_part_lease_is_whole",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="BranchIndex",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "name_zh",
                            models.CharField(blank=True, max_length=200, verbose_name="Chinese name"),
                        ),
                        (
                            "name_en",
                            models.CharField(blank=True, max_length=200, verbose_name="English name"),
                        ),
                        ("note", models.TextField(blank=True, max_length=2000, verbose_name="note")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        (
                            "created_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "node",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="branch_index",
                                to="weighting.indicator",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "branch indices",
                        "ordering": ["node__framework_id", "node__position"],
                    },
                ),
                migrations.CreateModel(
                    name="OutsideSeries",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "name_zh",
                            models.CharField(blank=True, max_length=200, verbose_name="Chinese name"),
                        ),
                        (
                            "name_en",
                            models.CharField(blank=True, max_length=200, verbose_name="English name"),
                        ),
                        ("unit", models.CharField(max_length=40, verbose_name="unit")),
                        ("year", models.PositiveSmallIntegerField(verbose_name="year")),
                        ("note", models.TextField(blank=True, verbose_name="note")),
                        ("city_ids", models.JSONField()),
                        ("values", models.BinaryField()),
                        ("sha256", models.CharField(max_length=64, unique=True)),
                        ("is_published", models.BooleanField(default=False, verbose_name="published")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        (
                            "created_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "register",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="outside_series",
                                to="indexer.register",
                            ),
                        ),
                        (
                            "total",
                            models.CharField(blank=True, max_length=24, verbose_name="published total"),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "outside series",
                        "ordering": ["pk"],
                    },
                ),
                migrations.CreateModel(
                    name="PublishedIndex",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "name_zh",
                            models.CharField(blank=True, max_length=200, verbose_name="Chinese name"),
                        ),
                        (
                            "name_en",
                            models.CharField(blank=True, max_length=200, verbose_name="English name"),
                        ),
                        (
                            "slug",
                            models.CharField(
                                max_length=60,
                                unique=True,
                                validators=[
                                    django.core.validators.RegexValidator(
                                        "\\A[a-z0-9]+(?:-[a-z0-9]+)*\\Z",
                                        "Write small Latin letters and digits, with single hyphens between them.",
                                    )
                                ],
                                verbose_name="address",
                            ),
                        ),
                        (
                            "description_zh",
                            models.TextField(blank=True, max_length=2000, verbose_name="Chinese description"),
                        ),
                        (
                            "description_en",
                            models.TextField(blank=True, max_length=2000, verbose_name="English description"),
                        ),
                        ("licence", models.CharField(blank=True, max_length=60, verbose_name="licence")),
                        ("contact", models.CharField(blank=True, max_length=200, verbose_name="contact")),
                        ("authors", models.TextField(blank=True, max_length=2000, verbose_name="authors")),
                        ("publisher", models.CharField(blank=True, max_length=200, verbose_name="publisher")),
                        (
                            "doi",
                            models.CharField(
                                blank=True,
                                max_length=120,
                                validators=[
                                    django.core.validators.RegexValidator(
                                        '\\A10\\.\\d{4,9}/[^\\s\\"<>]+\\Z',
                                        "Write it as 10.5281/zenodo.1234, without https.",
                                    )
                                ],
                                verbose_name="DOI",
                            ),
                        ),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        (
                            "created_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "institutions",
                            models.TextField(blank=True, max_length=2000, verbose_name="institutions"),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "published indices",
                        "ordering": ["pk"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("slug", ""), _negated=True),
                                name="published_index_has_address",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="IndexEdition",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("number", models.PositiveSmallIntegerField(verbose_name="edition")),
                        ("reason", models.TextField(blank=True, max_length=2000, verbose_name="reason")),
                        (
                            "embargo_until",
                            models.DateTimeField(blank=True, null=True, verbose_name="embargo until"),
                        ),
                        ("published_at", models.DateTimeField(auto_now_add=True)),
                        ("released_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "published_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "run",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="published_editions",
                                to="indexer.run",
                            ),
                        ),
                        (
                            "index",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="editions",
                                to="indexer.publishedindex",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["index_id", "-number"],
                        "constraints": [
                            models.UniqueConstraint(fields=("index", "number"), name="index_edition_once"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("number", 1), models.Q(("reason", ""), _negated=True), _connector="OR"
                                ),
                                name="index_edition_says_why",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PrintedPlaceFigure",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("value", models.CharField(max_length=24)),
                        (
                            "data_set",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="printed_place_figures",
                                to="indexer.dataset",
                            ),
                        ),
                        (
                            "indicator",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="weighting.indicator",
                            ),
                        ),
                        (
                            "province",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="indexer.province",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("data_set", "province", "indicator"), name="printed_place_figure_once"
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("indicator__isnull", True)),
                                fields=("data_set", "province"),
                                name="printed_place_composite_once",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ReportParagraph",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("section", models.CharField(max_length=20)),
                        ("language", models.CharField(max_length=12)),
                        ("text", models.TextField(blank=True, verbose_name="text")),
                        ("revision", models.PositiveIntegerField(default=0)),
                        ("written_at", models.DateTimeField(auto_now=True)),
                        (
                            "run",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="report_paragraphs",
                                to="indexer.run",
                            ),
                        ),
                        (
                            "written_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("run", "section", "language"), name="report_paragraph_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="IndicatorTerms",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.CharField(max_length=100)),
                        ("source", models.CharField(blank=True, max_length=300, verbose_name="source")),
                        ("licence", models.CharField(blank=True, max_length=60, verbose_name="licence")),
                        ("is_withheld", models.BooleanField(default=False, verbose_name="not given away")),
                        (
                            "index",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="indicator_terms",
                                to="indexer.publishedindex",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "terms of indicators",
                        "ordering": ["index_id", "code"],
                        "constraints": [
                            models.UniqueConstraint(fields=("index", "code"), name="indicator_terms_once")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="DailyVisits",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("day", models.DateField()),
                        ("count", models.PositiveIntegerField(default=0)),
                        (
                            "index",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="daily_visits",
                                to="indexer.publishedindex",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "daily visits",
                        "ordering": ["index_id", "-day"],
                        "constraints": [
                            models.UniqueConstraint(fields=("index", "day"), name="visits_once_a_day")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Grouping",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "name_zh",
                            models.CharField(blank=True, max_length=200, verbose_name="Chinese name"),
                        ),
                        (
                            "name_en",
                            models.CharField(blank=True, max_length=200, verbose_name="English name"),
                        ),
                        ("code", models.CharField(max_length=40, verbose_name="code")),
                        (
                            "register",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="groupings",
                                to="indexer.register",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["pk"],
                        "constraints": [
                            models.UniqueConstraint(fields=("register", "code"), name="grouping_once")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="UnitGroup",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "name_zh",
                            models.CharField(blank=True, max_length=200, verbose_name="Chinese name"),
                        ),
                        (
                            "name_en",
                            models.CharField(blank=True, max_length=200, verbose_name="English name"),
                        ),
                        (
                            "grouping",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="groups",
                                to="indexer.grouping",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["pk"],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("name_zh", ""), _negated=True),
                                fields=("grouping", "name_zh"),
                                name="unit_group_once",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("name_zh", "")),
                                fields=("grouping", "name_en"),
                                name="unit_group_once_in_english",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="GroupMember",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "city",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="memberships",
                                to="indexer.city",
                            ),
                        ),
                        (
                            "grouping",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="members",
                                to="indexer.grouping",
                            ),
                        ),
                        (
                            "group",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="members",
                                to="indexer.unitgroup",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["pk"],
                        "constraints": [
                            models.UniqueConstraint(fields=("grouping", "city"), name="group_member_once")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Gathering",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "name_zh",
                            models.CharField(blank=True, max_length=200, verbose_name="Chinese name"),
                        ),
                        (
                            "name_en",
                            models.CharField(blank=True, max_length=200, verbose_name="English name"),
                        ),
                        ("year", models.PositiveSmallIntegerField(verbose_name="year")),
                        ("note", models.TextField(blank=True, verbose_name="note")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        (
                            "created_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "framework",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="weighting.framework",
                            ),
                        ),
                        (
                            "method",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="indexer.indexmethod",
                            ),
                        ),
                        (
                            "register",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="indexer.register",
                            ),
                        ),
                        (
                            "series",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="indexer.dataseries",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-pk"],
                    },
                ),
                migrations.CreateModel(
                    name="DataImport",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "name_zh",
                            models.CharField(blank=True, max_length=200, verbose_name="Chinese name"),
                        ),
                        (
                            "name_en",
                            models.CharField(blank=True, max_length=200, verbose_name="English name"),
                        ),
                        ("year", models.PositiveSmallIntegerField(verbose_name="year")),
                        ("note", models.TextField(blank=True, verbose_name="note")),
                        ("file_name", models.CharField(max_length=255)),
                        ("file_sha256", models.CharField(max_length=64)),
                        ("totals_name", models.CharField(blank=True, max_length=255)),
                        ("totals_sha256", models.CharField(blank=True, max_length=64)),
                        ("layout", models.CharField(max_length=4)),
                        ("unit_column", models.CharField(blank=True, max_length=255)),
                        ("columns", models.JSONField()),
                        ("units", models.JSONField()),
                        ("lines", models.JSONField()),
                        ("values", models.BinaryField()),
                        ("texts", models.JSONField(blank=True, default=list)),
                        ("totals", models.JSONField(blank=True, default=dict)),
                        ("unread", models.JSONField(blank=True, default=list)),
                        ("other_sheets", models.JSONField(blank=True, default=list)),
                        ("column_targets", models.JSONField(blank=True, default=list)),
                        ("row_targets", models.JSONField(blank=True, default=list)),
                        ("corrections", models.JSONField(blank=True, default=list)),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        (
                            "framework",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="weighting.framework",
                            ),
                        ),
                        (
                            "method",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="indexer.indexmethod",
                            ),
                        ),
                        (
                            "owner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "register",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="indexer.register",
                            ),
                        ),
                        (
                            "series",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="indexer.dataseries",
                            ),
                        ),
                        ("reading", models.JSONField(blank=True, default=dict)),
                        ("choices", models.JSONField(blank=True, default=dict)),
                        ("file", models.BinaryField(default=bytes)),
                        ("partner", models.CharField(blank=True, max_length=200)),
                        (
                            "gathering",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="drafts",
                                to="indexer.gathering",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-pk"],
                    },
                ),
                migrations.CreateModel(
                    name="Delivery",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("partner", models.CharField(max_length=200, verbose_name="delivered by")),
                        ("delivered_at", models.DateTimeField(auto_now_add=True)),
                        ("file_name", models.CharField(max_length=255)),
                        ("file_sha256", models.CharField(max_length=64)),
                        ("leaf_codes", models.JSONField()),
                        ("beside_codes", models.JSONField(blank=True, default=list)),
                        ("city_ids", models.JSONField()),
                        ("values", models.BinaryField()),
                        ("totals", models.JSONField(blank=True, default=dict)),
                        ("origin", models.JSONField(blank=True, default=dict)),
                        (
                            "sent_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "gathering",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="deliveries",
                                to="indexer.gathering",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["pk"],
                    },
                ),
                migrations.CreateModel(
                    name="EditionReport",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("chapters", models.JSONField()),
                        ("words", models.JSONField()),
                        ("given_at", models.DateTimeField(auto_now=True)),
                        (
                            "edition",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="report",
                                to="indexer.indexedition",
                            ),
                        ),
                        (
                            "given_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="ReportOutline",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("chapters", models.JSONField()),
                        ("revision", models.PositiveIntegerField(default=0)),
                        ("written_at", models.DateTimeField(auto_now=True)),
                        (
                            "run",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="report_outline",
                                to="indexer.run",
                            ),
                        ),
                        (
                            "written_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="RunScores",
                    fields=[
                        (
                            "run",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                primary_key=True,
                                related_name="composite",
                                serialize=False,
                                to="indexer.run",
                            ),
                        ),
                        ("scores", models.BinaryField()),
                        ("ranks", models.BinaryField()),
                    ],
                ),
                migrations.CreateModel(
                    name="RegisterBorders",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "source",
                            models.CharField(
                                max_length=300, verbose_name="source and licence of the borders"
                            ),
                        ),
                        ("shapes", models.JSONField()),
                        ("sent_at", models.DateTimeField(auto_now=True)),
                        (
                            "register",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="borders",
                                to="indexer.register",
                            ),
                        ),
                        (
                            "sent_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "borders of registers",
                        "ordering": ["pk"],
                    },
                ),
                migrations.CreateModel(
                    name="RegisterEdition",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("number", models.PositiveSmallIntegerField(verbose_name="edition")),
                        ("reason", models.TextField(max_length=2000, verbose_name="reason")),
                        ("file_name", models.CharField(max_length=255)),
                        ("file_sha256", models.CharField(max_length=64)),
                        ("added", models.PositiveIntegerField(default=0)),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        (
                            "created_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "register",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="editions",
                                to="indexer.register",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["register_id", "number"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("register", "number"), name="register_edition_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="UnitCorrection",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("before", models.JSONField()),
                        ("after", models.JSONField()),
                        (
                            "city",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="corrections",
                                to="indexer.city",
                            ),
                        ),
                        (
                            "edition",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="corrections",
                                to="indexer.registeredition",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["pk"],
                        "constraints": [
                            models.UniqueConstraint(fields=("edition", "city"), name="unit_correction_once")
                        ],
                    },
                ),
            ],
        ),
        migrations.RunPython(name_as_ever, migrations.RunPython.noop),
    ]
