"""No new round is given a k below the least; those that were held keep theirs."""

import django.core.validators
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("weighting", "0011_drafts_of_least_panel")]

    operations = [
        migrations.RemoveConstraint("round", "round_not_of_one"),
        migrations.AlterField(
            "round",
            "minimum_panel",
            models.PositiveIntegerField(
                default=5,
                validators=[django.core.validators.MinValueValidator(4)],
                verbose_name="minimum panel k",
            ),
        ),
        migrations.AddConstraint(
            "round", models.CheckConstraint(condition=Q(quorum__gte=2), name="round_not_of_one")
        ),
        migrations.AddConstraint(
            "round",
            models.CheckConstraint(
                condition=Q(minimum_panel__gte=4) | ~Q(state__in=["draft", "ready"]),
                name="round_of_least_panel",
            ),
        ),
    ]
