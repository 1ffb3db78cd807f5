"""What may be done to servers: each rule once, for API, admin site, commands and schedules."""
