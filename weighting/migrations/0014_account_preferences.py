"""What somebody prefers, and the day an account was last used."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("weighting", "0013_versions_fitted_to_importance"),
    ]

    operations = [
        migrations.AddField(
            model_name="account",
            name="language",
            field=models.CharField(
                blank=True,
                choices=[("zh-hans", "Chinese"), ("en", "English")],
                max_length=10,
                verbose_name="language",
            ),
        ),
        migrations.AddField(
            model_name="account",
            name="last_used_on",
            field=models.DateField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="account",
            name="time_zone",
            field=models.CharField(blank=True, max_length=40, verbose_name="time zone"),
        ),
    ]
