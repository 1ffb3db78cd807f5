from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('backups', '0004_lost_worlds'),
    ]

    operations = [
        migrations.AddField(
            model_name='madesnapshot',
            name='lists',
            field=models.JSONField(default=dict, help_text="the lines of each server's list of what to leave out"),
        ),
        migrations.AddField(
            model_name='madesnapshot',
            name='notes',
            field=models.JSONField(default=list, help_text='what is to be said of these lists, a sentence each'),
        ),
    ]
