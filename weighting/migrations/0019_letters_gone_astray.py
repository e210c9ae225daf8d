"""A mail to an address that was corrected since went astray."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("weighting", "0018_planned_reminders"),
    ]

    operations = [
        migrations.AlterField(
            model_name="letter",
            name="state",
            field=models.CharField(
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
    ]
