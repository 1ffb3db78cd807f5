"""``make bench``: print latencies as ratios to the plain alternative in the same run."""

from bench import monitoring, rcon_load

monitoring.main()
rcon_load.show()
