"""``make bench``: print latencies as ratios to the plain alternative in the same run."""

from bench import files_load, monitoring, rcon_load

monitoring.main()
rcon_load.show()
files_load.show()
