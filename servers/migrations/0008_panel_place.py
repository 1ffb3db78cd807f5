from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('servers', '0007_operation_amounts'),
    ]

    operations = [
        migrations.CreateModel(
            name='PanelPlace',
            fields=[
                ('only', models.PositiveSmallIntegerField(default=1, help_text='always 1: there is one row', primary_key=True, serialize=False)),
                ('machine', models.CharField(help_text='boot id of its kernel', max_length=64)),
                ('host', models.CharField(help_text='its name then, for people', max_length=255)),
                ('engine', models.CharField(blank=True, help_text="the engine's id; empty: not known", max_length=128)),
                ('server_path', models.TextField()),
            ],
        ),
    ]
