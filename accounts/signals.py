"""What other apps may want to hear of; they may not be imported from here."""

from django.dispatch import Signal

# Sent in a thread when the master token, or an API key, has opened a socket, with ``user``, ``path``, ``pattern`` (the
# socket's name) and ``client_ip`` (None for a Unix socket).
master_token_used = Signal()
