"""What other apps may want to hear of; they may not be imported from here."""

from django.dispatch import Signal

# Sent in a thread after a server was moved to .removed/, with ``server_id``; receivers return a sentence for the user.
server_removed = Signal()
# Sent on whatever thread when an operation has begun or ended in this process.
operation_changed = Signal()
