import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("indexer", "0003_city_codes_and_coordinates"),
        ("weighting", "0005_invitation_mailed"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="indexmethod", name="index_method_once"),
        migrations.AddField(
            model_name="indexmethod",
            name="outliers",
            field=models.CharField(
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
        migrations.AddField(
            model_name="indexmethod",
            name="skewness_limit",
            field=models.FloatField(default=2.0, verbose_name="limit of the skewness"),
        ),
        migrations.AddField(
            model_name="indexmethod",
            name="kurtosis_limit",
            field=models.FloatField(default=3.5, verbose_name="limit of the kurtosis"),
        ),
        migrations.AddField(
            model_name="indexmethod",
            name="winsorised_most",
            field=models.PositiveSmallIntegerField(default=5, verbose_name="cells drawn in at most"),
        ),
        migrations.AddField(
            model_name="indexmethod",
            name="denominators",
            field=models.JSONField(blank=True, default=dict, verbose_name="denominators"),
        ),
        migrations.AddField(
            model_name="indexmethod",
            name="sha256",
            field=models.CharField(default="", max_length=64),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="dataset",
            name="auxiliary_codes",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name="dataset",
            name="auxiliary",
            field=models.BinaryField(blank=True, default=bytes),
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
    ]
