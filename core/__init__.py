"""What every app may use and nothing else: errors, processes, tasks, locks, paths. Knows no app and no Django."""
