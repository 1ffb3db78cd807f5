"""The project: settings, routes, entry points, and the core that every app stands on."""
