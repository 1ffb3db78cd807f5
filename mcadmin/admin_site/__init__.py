"""The admin site: owners only, without JavaScript; the same operations that API and commands have."""
