import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("indexer", "0027_published_indices"),
        ("weighting", "0015_letters"),
    ]

    operations = [
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="indexer.province"
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
    ]
