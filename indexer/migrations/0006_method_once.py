from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("indexer", "0005_methods_hashed"),
    ]

    operations = [
        migrations.AlterField(
            model_name="indexmethod",
            name="sha256",
            field=models.CharField(max_length=64, unique=True),
        ),
    ]
