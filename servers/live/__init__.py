"""What lives as long as the process: event reader, console readers, RCON connections, samplers."""
