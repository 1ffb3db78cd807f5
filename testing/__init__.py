"""What tests of several apps and the benches share: fakes, a panel as a process, tables of routes, settings."""
