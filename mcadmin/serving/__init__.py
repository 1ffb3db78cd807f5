"""The panel as a process: start, HTTP and WebSocket protocols, signals, end, and who of several leads."""
