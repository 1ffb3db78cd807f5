from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_chain")]

    operations = [
        migrations.AddField("auditevent", "result", models.CharField(blank=True, default="", max_length=32)),
    ]
