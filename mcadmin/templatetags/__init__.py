"""Tags of the admin site's pages."""
