"""Experts of whom no e-mail address is known, and links that were handed out by hand."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("weighting", "0025_ended_rounds_lie_apart")]

    operations = [
        migrations.AlterField(
            "expert", "email", models.EmailField(blank=True, max_length=254, verbose_name="e-mail")
        ),
        migrations.RemoveConstraint("expert", "expert_email_once"),
        migrations.AddConstraint(
            "expert",
            models.UniqueConstraint(
                condition=models.Q(("email", ""), _negated=True),
                fields=("panel", "email"),
                name="expert_email_once",
            ),
        ),
        migrations.AddField("accesslink", "handed", models.BooleanField(default=False)),
        migrations.AlterField(
            "plannedreminder",
            "state",
            models.CharField(
                choices=[
                    ("planned", "planned"),
                    ("written", "written: the table of experts says what became of each mail"),
                    ("passed", "passed over: another went out within the hour, or all were used"),
                    ("no_address", "not sent: nobody who had not sealed has an e-mail address"),
                    ("no_server", "not sent: no mail server is set up"),
                ],
                default="planned",
                max_length=10,
            ),
        ),
    ]
