from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("indexer", "0050_completions_of_registers"),
    ]

    operations = [
        migrations.AddField(
            model_name="register",
            name="completed_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="last completed"),
        ),
    ]
