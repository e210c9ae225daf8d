"""The short way of an empty database: to the tables that 0001 to 0023 lead to, with no rows to carry along."""

import uuid

import django.contrib.auth.models
import django.contrib.auth.validators
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import weighting.models.ballot
import weighting.models.scoring_round
from weighting.migrations._at_once import CreateModels


def name_as_ever(apps, schema_editor):
    """PostgreSQL keeps the name that a constraint was given when its column was made."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "ALTER TABLE weighting_invitation RENAME CONSTRAINT weighting_invitation_unclaimed_ballot_id_key"
            " TO weighting_invitation_ballot_id_key"
        )


class Migration(migrations.Migration):
    replaces = [
        ("weighting", "0001_initial"),
        ("weighting", "0002_round_closed_for_good"),
        ("weighting", "0003_rounds_in_depth"),
        ("weighting", "0004_versions_in_depth"),
        ("weighting", "0005_invitation_mailed"),
        ("weighting", "0006_superseded_receipts"),
        ("weighting", "0007_api_tokens"),
        ("weighting", "0008_claims"),
        ("weighting", "0009_scores_in_no_order"),
        ("weighting", "0010_join_links"),
        ("weighting", "0011_drafts_of_least_panel"),
        ("weighting", "0012_round_of_least_panel"),
        ("weighting", "0013_versions_fitted_to_importance"),
        ("weighting", "0014_account_preferences"),
        ("weighting", "0015_letters"),
        ("weighting", "0016_one_language_is_enough"),
        ("weighting", "0017_letter_texts"),
        ("weighting", "0018_planned_reminders"),
        ("weighting", "0019_letters_gone_astray"),
        ("weighting", "0020_definitions_of_indicators"),
        ("weighting", "0021_frameworks_made_in_the_browser"),
        ("weighting", "0022_frameworks_private_until_shared"),
        ("weighting", "0023_former_codes_of_copies"),
    ]

    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        CreateModels(
            models=[
                migrations.CreateModel(
                    name="Account",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("password", models.CharField(max_length=128, verbose_name="password")),
                        (
                            "last_login",
                            models.DateTimeField(blank=True, null=True, verbose_name="last login"),
                        ),
                        (
                            "is_superuser",
                            models.BooleanField(
                                default=False,
                                help_text="Designates that this user has all permissions without explicitly assigning them.",
                                verbose_name="superuser status",
                            ),
                        ),
                        (
                            "username",
                            models.CharField(
                                error_messages={"unique": "A user with that username already exists."},
                                help_text="Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.",
                                max_length=150,
                                unique=True,
                                validators=[django.contrib.auth.validators.UnicodeUsernameValidator()],
                                verbose_name="username",
                            ),
                        ),
                        (
                            "first_name",
                            models.CharField(blank=True, max_length=150, verbose_name="first name"),
                        ),
                        ("last_name", models.CharField(blank=True, max_length=150, verbose_name="last name")),
                        (
                            "email",
                            models.EmailField(blank=True, max_length=254, verbose_name="email address"),
                        ),
                        (
                            "is_staff",
                            models.BooleanField(
                                default=False,
                                help_text="Designates whether the user can log into this admin site.",
                                verbose_name="staff status",
                            ),
                        ),
                        (
                            "is_active",
                            models.BooleanField(
                                default=True,
                                help_text="Designates whether this user should be treated as active. Unselect this instead of deleting accounts.",
                                verbose_name="active",
                            ),
                        ),
                        (
                            "date_joined",
                            models.DateTimeField(
                                default=django.utils.timezone.now, verbose_name="date joined"
                            ),
                        ),
                        (
                            "role",
                            models.CharField(
                                choices=[
                                    ("manager", "Manager"),
                                    ("analyst", "Analyst"),
                                    ("administrator", "Administrator"),
                                ],
                                default="analyst",
                                max_length=16,
                                verbose_name="role",
                            ),
                        ),
                        (
                            "groups",
                            models.ManyToManyField(
                                blank=True,
                                help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                                related_name="user_set",
                                related_query_name="user",
                                to="auth.group",
                                verbose_name="groups",
                            ),
                        ),
                        (
                            "user_permissions",
                            models.ManyToManyField(
                                blank=True,
                                help_text="Specific permissions for this user.",
                                related_name="user_set",
                                related_query_name="user",
                                to="auth.permission",
                                verbose_name="user permissions",
                            ),
                        ),
                        (
                            "language",
                            models.CharField(
                                blank=True,
                                choices=[("zh-hans", "Chinese"), ("en", "English")],
                                max_length=10,
                                verbose_name="language",
                            ),
                        ),
                        ("last_used_on", models.DateField(blank=True, editable=False, null=True)),
                        ("time_zone", models.CharField(blank=True, max_length=40, verbose_name="time zone")),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("role__in", ["manager", "analyst", "administrator"])),
                                name="account_role_known",
                            )
                        ],
                    },
                    managers=[
                        ("objects", django.contrib.auth.models.UserManager()),
                    ],
                ),
                migrations.CreateModel(
                    name="AuditEntry",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("at", models.DateTimeField(auto_now_add=True)),
                        ("act", models.CharField(max_length=40)),
                        ("subject_type", models.CharField(max_length=40)),
                        ("subject_id", models.CharField(max_length=40)),
                        ("detail", models.JSONField(default=dict)),
                        (
                            "actor",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="audit_entries",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-pk"],
                        "indexes": [
                            models.Index(fields=["subject_type", "subject_id"], name="audit_subject")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Framework",
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
                            "came_from",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="next_editions",
                                to="weighting.framework",
                            ),
                        ),
                        (
                            "is_shared",
                            models.BooleanField(default=True, verbose_name="shared with the staff"),
                        ),
                        ("former_codes", models.JSONField(blank=True, default=dict)),
                    ],
                    options={
                        "ordering": ["pk"],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("is_shared", True)),
                                fields=("sha256",),
                                name="framework_shared_once",
                            ),
                            models.UniqueConstraint(
                                fields=("sha256", "created_by"), name="framework_once_per_maker"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("is_published", False), ("is_shared", True), _connector="OR"
                                ),
                                name="framework_published_is_shared",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Indicator",
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
                        ("code", models.CharField(max_length=100)),
                        ("position", models.PositiveIntegerField()),
                        ("depth", models.PositiveSmallIntegerField()),
                        ("is_leaf", models.BooleanField()),
                        (
                            "direction",
                            models.SmallIntegerField(
                                choices=[(1, "higher is better"), (-1, "lower is better")], default=1
                            ),
                        ),
                        ("unit", models.CharField(blank=True, max_length=40)),
                        ("note", models.TextField(blank=True)),
                        (
                            "framework",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="indicators",
                                to="weighting.framework",
                            ),
                        ),
                        (
                            "parent",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="children",
                                to="weighting.indicator",
                            ),
                        ),
                        (
                            "definition_en",
                            models.TextField(blank=True, max_length=2000, verbose_name="English definition"),
                        ),
                        (
                            "definition_zh",
                            models.TextField(blank=True, max_length=2000, verbose_name="Chinese definition"),
                        ),
                        ("licence", models.CharField(blank=True, max_length=60, verbose_name="licence")),
                        ("source", models.CharField(blank=True, max_length=300, verbose_name="source")),
                    ],
                    options={
                        "ordering": ["framework_id", "position"],
                        "constraints": [
                            models.UniqueConstraint(fields=("framework", "code"), name="indicator_code_once"),
                            models.UniqueConstraint(
                                fields=("framework", "position"), name="indicator_position_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("direction__in", [1, -1])),
                                name="indicator_direction_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("parent", models.F("id")), _negated=True),
                                name="indicator_not_own_parent",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Panel",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("name", models.CharField(max_length=200, verbose_name="name")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        (
                            "created_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["pk"],
                    },
                ),
                migrations.CreateModel(
                    name="Expert",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.CharField(max_length=40, verbose_name="code")),
                        ("name", models.CharField(max_length=200, verbose_name="name")),
                        ("email", models.EmailField(max_length=254, verbose_name="e-mail")),
                        (
                            "organisation",
                            models.CharField(blank=True, max_length=200, verbose_name="organisation"),
                        ),
                        (
                            "sector",
                            models.CharField(
                                choices=[
                                    ("academic", "Academic"),
                                    ("industry", "Industry"),
                                    ("government", "Government"),
                                    ("other", "Other"),
                                ],
                                default="other",
                                max_length=16,
                                verbose_name="sector",
                            ),
                        ),
                        (
                            "language",
                            models.CharField(
                                choices=[("zh-hans", "Chinese"), ("en", "English")],
                                default="zh-hans",
                                max_length=8,
                                verbose_name="language",
                            ),
                        ),
                        (
                            "panel",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="experts",
                                to="weighting.panel",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["panel_id", "code"],
                        "constraints": [
                            models.UniqueConstraint(fields=("panel", "code"), name="expert_code_once"),
                            models.UniqueConstraint(fields=("panel", "email"), name="expert_email_once"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Round",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "title_zh",
                            models.CharField(blank=True, max_length=200, verbose_name="Chinese title"),
                        ),
                        (
                            "title_en",
                            models.CharField(blank=True, max_length=200, verbose_name="English title"),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("draft", "Draft"),
                                    ("ready", "Ready to open"),
                                    ("open", "Open"),
                                    ("closed", "Closed"),
                                    ("aggregated", "Aggregated"),
                                    ("void", "Void"),
                                ],
                                default="draft",
                                max_length=12,
                            ),
                        ),
                        (
                            "rule",
                            models.CharField(
                                choices=[
                                    ("normalised_sum", "Normalised sum of scores (no abstentions)"),
                                    ("normalised_mean", "Normalised mean of scores (abstentions allowed)"),
                                ],
                                default="normalised_sum",
                                max_length=20,
                                verbose_name="rule",
                            ),
                        ),
                        (
                            "quorum",
                            models.PositiveIntegerField(
                                default=5,
                                validators=[django.core.validators.MinValueValidator(2)],
                                verbose_name="quorum",
                            ),
                        ),
                        (
                            "minimum_panel",
                            models.PositiveIntegerField(
                                default=5,
                                validators=[django.core.validators.MinValueValidator(4)],
                                verbose_name="minimum panel k",
                            ),
                        ),
                        ("deadline", models.DateTimeField(verbose_name="deadline")),
                        ("seed", models.BigIntegerField()),
                        ("questionnaire", models.BinaryField(blank=True, null=True)),
                        ("questionnaire_hash", models.CharField(blank=True, max_length=64)),
                        ("receipt_root", models.CharField(blank=True, max_length=64)),
                        ("invited_count", models.PositiveIntegerField(blank=True, null=True)),
                        ("sealed_count", models.PositiveIntegerField(blank=True, null=True)),
                        ("void_reason", models.TextField(blank=True)),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("opened_at", models.DateTimeField(blank=True, null=True)),
                        ("closed_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "framework",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="rounds",
                                to="weighting.framework",
                            ),
                        ),
                        (
                            "managers",
                            models.ManyToManyField(
                                related_name="rounds_managed", to=settings.AUTH_USER_MODEL
                            ),
                        ),
                        (
                            "panel",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="rounds",
                                to="weighting.panel",
                            ),
                        ),
                        (
                            "consensus_measure",
                            models.CharField(
                                choices=[
                                    ("iqr", "Interquartile range at most"),
                                    ("agreement", "Share of scores 4 and 5, or of 1 and 2, at least"),
                                ],
                                default="iqr",
                                max_length=10,
                                verbose_name="consensus",
                            ),
                        ),
                        (
                            "consensus_threshold",
                            models.FloatField(default=1.0, verbose_name="consensus threshold"),
                        ),
                        ("excluded_count", models.PositiveIntegerField(blank=True, null=True)),
                        (
                            "exclusion",
                            models.CharField(
                                choices=[
                                    ("none", "None: every sealed ballot counts"),
                                    ("uniform", "Ballots that give one and the same score to every item"),
                                ],
                                default="none",
                                max_length=8,
                                verbose_name="exclusion rule",
                            ),
                        ),
                        (
                            "feedback",
                            models.CharField(
                                choices=[
                                    ("none", "Nothing: this round stands alone"),
                                    ("group", "The median and interquartile range of each item"),
                                    ("own", "The group's figures, and the expert's own earlier score"),
                                ],
                                default="none",
                                max_length=5,
                                verbose_name="feedback",
                            ),
                        ),
                        (
                            "follows",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="followed_by",
                                to="weighting.round",
                            ),
                        ),
                        (
                            "languages",
                            models.JSONField(
                                default=weighting.models.scoring_round.both_languages,
                                verbose_name="languages",
                            ),
                        ),
                        ("reminders_sent", models.PositiveSmallIntegerField(default=0)),
                        (
                            "time_zone",
                            models.CharField(
                                default=weighting.models.scoring_round.installation_time_zone,
                                max_length=64,
                                verbose_name="time zone",
                            ),
                        ),
                        ("superseded_receipts", models.JSONField(blank=True, default=list)),
                    ],
                    options={
                        "ordering": ["-pk"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state__in", ["draft", "ready", "void"]),
                                    models.Q(("questionnaire_hash", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="round_open_has_questionnaire",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state__in", ["draft", "ready", "open"]), _negated=True),
                                    models.Q(
                                        ("closed_at__isnull", True),
                                        ("receipt_root", ""),
                                        ("sealed_count__isnull", True),
                                    ),
                                    _connector="OR",
                                ),
                                name="round_closed_for_good",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("quorum__gte", 2)), name="round_not_of_one"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("minimum_panel__gte", 4),
                                    models.Q(("state__in", ["draft", "ready"]), _negated=True),
                                    _connector="OR",
                                ),
                                name="round_of_least_panel",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Ballot",
                    fields=[
                        ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                        ("sealed_scores", models.JSONField(blank=True, null=True)),
                        ("receipt", models.CharField(blank=True, max_length=64)),
                        ("nonce", models.CharField(blank=True, max_length=64)),
                        (
                            "round",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="ballots",
                                to="weighting.round",
                            ),
                        ),
                        (
                            "medium",
                            models.CharField(
                                choices=[
                                    ("online", "Online"),
                                    ("sheet", "Spreadsheet or paper, entered by a manager"),
                                ],
                                default="online",
                                max_length=6,
                            ),
                        ),
                        (
                            "order_key",
                            models.BigIntegerField(default=weighting.models.ballot.random_order_key),
                        ),
                        ("sealed_comments", models.JSONField(blank=True, default=dict)),
                        (
                            "sector",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("academic", "Academic"),
                                    ("industry", "Industry"),
                                    ("government", "Government"),
                                    ("other", "Other"),
                                ],
                                max_length=16,
                            ),
                        ),
                        ("superseded_receipts", models.JSONField(blank=True, default=list)),
                        (
                            "lock",
                            models.CharField(
                                default=None, editable=False, max_length=64, null=True, unique=True
                            ),
                        ),
                        (
                            "earlier_lock",
                            models.CharField(blank=True, default="", editable=False, max_length=64),
                        ),
                        ("masked_sector", models.PositiveSmallIntegerField(default=0, editable=False)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("receipt", ""), ("sealed_scores__isnull", True)),
                                    models.Q(
                                        ("sealed_scores__isnull", False),
                                        models.Q(("receipt", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="ballot_sealed_with_receipt",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Invitation",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("started", models.BooleanField(default=False)),
                        ("sealed", models.BooleanField(default=False)),
                        (
                            "expert",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="invitations",
                                to="weighting.expert",
                            ),
                        ),
                        (
                            "round",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="invitations",
                                to="weighting.round",
                            ),
                        ),
                        ("conflict", models.TextField(blank=True, max_length=1000)),
                        ("consented", models.BooleanField(default=False)),
                        ("reminders_sent", models.PositiveSmallIntegerField(default=0)),
                        ("removed", models.BooleanField(default=False)),
                        ("mailed", models.BooleanField(default=False)),
                        (
                            "unclaimed_ballot",
                            models.OneToOneField(
                                blank=True,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="weighting.ballot",
                            ),
                        ),
                        (
                            "claim",
                            models.CharField(
                                default=None, editable=False, max_length=64, null=True, unique=True
                            ),
                        ),
                        ("disputed", models.BooleanField(default=False)),
                    ],
                    options={
                        "ordering": ["expert__code"],
                        "constraints": [
                            models.UniqueConstraint(fields=("round", "expert"), name="invitation_once"),
                            models.CheckConstraint(
                                condition=models.Q(("sealed", False), ("started", True), _connector="OR"),
                                name="invitation_sealed_was_started",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="AccessLink",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("token_hash", models.CharField(max_length=64, unique=True)),
                        ("expires_at", models.DateTimeField()),
                        ("revoked", models.BooleanField(default=False)),
                        (
                            "account",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="access_links",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "invitation",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="access_links",
                                to="weighting.invitation",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("account__isnull", False), ("invitation__isnull", True)),
                                    models.Q(("account__isnull", True), ("invitation__isnull", False)),
                                    _connector="OR",
                                ),
                                name="access_link_one_holder",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="RoundItem",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "indicator",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="weighting.indicator",
                            ),
                        ),
                        (
                            "round",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="items",
                                to="weighting.round",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["indicator__position"],
                        "constraints": [
                            models.UniqueConstraint(fields=("round", "indicator"), name="round_item_once")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Score",
                    fields=[
                        (
                            "id",
                            models.BigIntegerField(
                                default=weighting.models.ballot.random_order_key,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("value", models.PositiveSmallIntegerField(blank=True, null=True)),
                        ("revision", models.PositiveIntegerField(default=1)),
                        ("client", models.CharField(max_length=36)),
                        (
                            "ballot",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="scores",
                                to="weighting.ballot",
                            ),
                        ),
                        (
                            "indicator",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="weighting.indicator",
                            ),
                        ),
                        ("comment", models.TextField(blank=True, max_length=1000)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("ballot", "indicator"), name="score_once"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("value__isnull", True), ("value__in", [1, 2, 3, 4, 5]), _connector="OR"
                                ),
                                name="score_from_1_to_5",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="WeightVersion",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("number", models.PositiveIntegerField(blank=True, null=True)),
                        (
                            "label_zh",
                            models.CharField(blank=True, max_length=200, verbose_name="Chinese label"),
                        ),
                        (
                            "label_en",
                            models.CharField(blank=True, max_length=200, verbose_name="English label"),
                        ),
                        (
                            "status",
                            models.CharField(
                                choices=[("draft", "Draft"), ("frozen", "Frozen"), ("retired", "Retired")],
                                default="draft",
                                max_length=8,
                            ),
                        ),
                        (
                            "source",
                            models.CharField(
                                choices=[
                                    ("round", "Closed scoring round"),
                                    ("imported", "Imported file"),
                                    ("implied", "Implied by published totals"),
                                    ("equal", "Equal weights"),
                                    ("pooled", "Several closed rounds, pooled"),
                                    ("edited", "Edited by hand from another version"),
                                    ("entropy", "Proposal from the data: entropy"),
                                    ("critic", "Proposal from the data: CRITIC"),
                                    ("pca", "Proposal from the data: principal components"),
                                    ("balanced", "Proposal from the data: fitted to importance"),
                                ],
                                max_length=8,
                            ),
                        ),
                        ("manifest", models.BinaryField(blank=True, null=True)),
                        ("manifest_hash", models.CharField(blank=True, max_length=64)),
                        ("is_published", models.BooleanField(default=False, verbose_name="published")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("frozen_at", models.DateTimeField(blank=True, null=True)),
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
                                related_name="weight_versions",
                                to="weighting.framework",
                            ),
                        ),
                        (
                            "parent",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="children",
                                to="weighting.weightversion",
                            ),
                        ),
                        (
                            "round",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="weight_versions",
                                to="weighting.round",
                            ),
                        ),
                        ("evidence", models.JSONField(blank=True, default=dict)),
                        ("note", models.TextField(blank=True, max_length=2000, verbose_name="note")),
                        (
                            "pooled_rounds",
                            models.ManyToManyField(
                                blank=True, related_name="pooled_versions", to="weighting.round"
                            ),
                        ),
                        (
                            "reason",
                            models.TextField(
                                blank=True, max_length=2000, verbose_name="reason for the correction"
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["pk"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("framework", "number"), name="version_number_once"
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("round__isnull", False)),
                                fields=("round",),
                                name="version_once_per_round",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("manifest__isnull", True),
                                        ("manifest_hash", ""),
                                        ("number__isnull", True),
                                        ("status", "draft"),
                                    ),
                                    models.Q(
                                        models.Q(("status", "draft"), _negated=True),
                                        ("manifest__isnull", False),
                                        ("number__isnull", False),
                                        models.Q(("manifest_hash", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="version_frozen_has_manifest",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("is_published", False),
                                    models.Q(("status", "draft"), _negated=True),
                                    _connector="OR",
                                ),
                                name="version_published_is_frozen",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="NodeWeight",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("local_weight", models.FloatField()),
                        ("global_weight", models.FloatField()),
                        ("asked", models.BooleanField(default=True)),
                        (
                            "indicator",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="weighting.indicator",
                            ),
                        ),
                        (
                            "version",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="node_weights",
                                to="weighting.weightversion",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["indicator__position"],
                        "constraints": [
                            models.UniqueConstraint(fields=("version", "indicator"), name="node_weight_once"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("global_weight__gte", 0),
                                    ("global_weight__lte", 1),
                                    ("local_weight__gte", 0),
                                    ("local_weight__lte", 1),
                                ),
                                name="node_weight_is_share",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="CodeAttempts",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("origin", models.CharField(max_length=64)),
                        ("window", models.PositiveBigIntegerField()),
                        ("failures", models.PositiveIntegerField(default=0)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("origin", "window"), name="code_attempts_once")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="RoundNote",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "text_zh",
                            models.TextField(blank=True, max_length=1000, verbose_name="Chinese text"),
                        ),
                        (
                            "text_en",
                            models.TextField(blank=True, max_length=1000, verbose_name="English text"),
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
                            "round",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="notes",
                                to="weighting.round",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["pk"],
                    },
                ),
                migrations.CreateModel(
                    name="ApiToken",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("name", models.CharField(max_length=80, verbose_name="name")),
                        ("token_hash", models.CharField(max_length=64, unique=True)),
                        ("made_on", models.DateField()),
                        ("used_on", models.DateField(blank=True, null=True)),
                        ("revoked", models.BooleanField(default=False)),
                        (
                            "account",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="api_tokens",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-pk"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("name", ""), _negated=True), name="api_token_has_name"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="JoinLink",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("token_hash", models.CharField(max_length=64, unique=True)),
                        (
                            "role",
                            models.CharField(
                                choices=[
                                    ("manager", "Manager"),
                                    ("analyst", "Analyst"),
                                    ("administrator", "Administrator"),
                                ],
                                max_length=16,
                                verbose_name="role",
                            ),
                        ),
                        ("name", models.CharField(blank=True, max_length=150, verbose_name="name")),
                        (
                            "email",
                            models.EmailField(blank=True, max_length=254, verbose_name="e-mail address"),
                        ),
                        (
                            "language",
                            models.CharField(
                                blank=True,
                                choices=[("zh-hans", "Chinese"), ("en", "English")],
                                max_length=10,
                                verbose_name="language",
                            ),
                        ),
                        ("expires_at", models.DateTimeField(blank=True, null=True)),
                        ("revoked", models.BooleanField(default=False)),
                        (
                            "account",
                            models.OneToOneField(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="joined_by",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "made_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="join_links_made",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-pk"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("expires_at__isnull", False), ("made_by__isnull", False)),
                                    models.Q(
                                        ("expires_at__isnull", True),
                                        ("made_by__isnull", True),
                                        ("role", "administrator"),
                                    ),
                                    _connector="OR",
                                ),
                                name="join_link_made_by_somebody_or_the_first",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Letter",
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
                                choices=[("invitation", "Invitation"), ("reminder", "Reminder")],
                                max_length=10,
                            ),
                        ),
                        ("number", models.PositiveSmallIntegerField(default=0)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("waiting", "waiting to be sent"),
                                    ("handed", "handed to the mail server"),
                                    ("refused", "refused by the mail server"),
                                    ("given_up", "given up after several tries"),
                                    ("dropped", "no longer needed"),
                                    ("astray", "went to an address that was corrected since"),
                                    ("no_server", "not sent: no mail server is set up"),
                                ],
                                default="waiting",
                                max_length=10,
                            ),
                        ),
                        ("attempts", models.PositiveSmallIntegerField(default=0)),
                        ("due", models.DateTimeField(db_index=True, null=True)),
                        ("reason", models.CharField(blank=True, max_length=300)),
                        (
                            "invitation",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="letters",
                                to="weighting.invitation",
                            ),
                        ),
                        (
                            "signed_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["number"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("invitation", "kind", "number"), name="letter_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("due__isnull", False), ("state", "waiting")),
                                    models.Q(
                                        models.Q(("state", "waiting"), _negated=True), ("due__isnull", True)
                                    ),
                                    _connector="OR",
                                ),
                                name="letter_due_while_waiting",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="LetterText",
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
                                choices=[("invitation", "Invitation"), ("reminder", "Reminder")],
                                max_length=10,
                            ),
                        ),
                        (
                            "language",
                            models.CharField(
                                choices=[("zh-hans", "Chinese"), ("en", "English")], max_length=8
                            ),
                        ),
                        ("subject", models.CharField(max_length=200)),
                        ("body", models.TextField(max_length=5000)),
                        (
                            "round",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="letter_texts",
                                to="weighting.round",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["pk"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("round", "kind", "language"), name="letter_text_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PlannedReminder",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("before", models.DurationField()),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("planned", "planned"),
                                    (
                                        "written",
                                        "written: the table of experts says what became of each mail",
                                    ),
                                    (
                                        "passed",
                                        "passed over: another went out within the hour, or all were used",
                                    ),
                                    ("no_server", "not sent: no mail server is set up"),
                                ],
                                default="planned",
                                max_length=10,
                            ),
                        ),
                        (
                            "planned_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "round",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="planned_reminders",
                                to="weighting.round",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-before"],
                        "constraints": [
                            models.UniqueConstraint(fields=("round", "before"), name="planned_reminder_once")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="FrameworkDraft",
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
                        ("rows", models.JSONField(blank=True, default=list)),
                        ("next_key", models.PositiveIntegerField(default=0)),
                        ("replaces", models.BooleanField(default=False)),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        (
                            "came_from",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="drafts",
                                to="weighting.framework",
                            ),
                        ),
                        (
                            "created_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["pk"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("replaces", False), ("came_from__isnull", False), _connector="OR"
                                ),
                                name="framework_draft_replaces_one",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("replaces", True)),
                                fields=("came_from",),
                                name="framework_replaced_by_one_draft",
                            ),
                        ],
                    },
                ),
            ],
        ),
        migrations.RunPython(name_as_ever, migrations.RunPython.noop),
    ]
