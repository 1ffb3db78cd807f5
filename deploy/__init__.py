"""Ways to put the panel on a machine: image, Compose file, systemd unit, proxies; ``tests/`` runs each."""
