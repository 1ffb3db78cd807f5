"""``make bench``: print latencies as ratios to the plain alternative in the same run."""

from bench import backups, files_load, monitoring, rcon_load, restore_speed

monitoring.main()
rcon_load.show()
files_load.show()
backups.run_backups()
restore_speed.show()
