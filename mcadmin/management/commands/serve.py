"""``manage.py serve``: migrate, then serve the panel until told to end."""

import contextlib
import errno
import socket
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import setup
from core import locks
from core.connections import AT_MOST, Connections
from mcadmin.serving import serve, startup
from servers.records import panel_ports
from web import cli, migrating, process_role
from web.config import Settings

APPLICATION = "mcadmin.asgi:application"


class Command(BaseCommand):
    """See ``help``."""

    help = "Bring the database up to date and serve the panel. SIGTERM or Ctrl-C ends it in order."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--host", default="localhost",
            help="address to listen on (default: %(default)s, which is 127.0.0.1 and ::1)",
        )
        parser.add_argument(
            "--port", type=cli.port, default=5678, metavar="N",
            help="port to listen on; 0 takes a free one (default: %(default)s)",
        )
        parser.add_argument(
            "--worker", action="store_true",
            help="one of several, behind a reverse proxy and beside one `supervise`; needs PostgreSQL and redis_url",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        if options["worker"]:
            startup.refuse_what_cannot_be_shared()
            process_role.assume(process_role.Role.WORKER)
        self._refuse_an_open_address(host)
        descriptors = startup.raise_descriptor_limit()  # half of them are for the panel's own work
        try:
            with self._only_one(), contextlib.ExitStack() as closing:
                listeners = self._listeners(host, port)
                for listener in listeners:
                    closing.enter_context(listener)
                startup.start_logging()
                startup.migrate(self.stdout.write)
                closing.enter_context(startup.one_place())
                self.check()
                code = setup.new_code()
                panel_ports.note(listeners[0].getsockname()[1])
                serve.serve(
                    APPLICATION, listeners, connections=Connections(at_most=min(AT_MOST, descriptors // 2)),
                    on_ready=lambda: self._announce(host, listeners[0], code),
                )
        except locks.Busy as error:
            raise CommandError(str(error)) from None
        self.stdout.write("MC Admin has ended.")

    def _refuse_an_open_address(self, host: str) -> None:
        if serve.is_loopback(host):
            return
        if settings.MC_ADMIN.allowed_hosts == Settings.model_fields["allowed_hosts"].default:
            raise CommandError(
                f"{host} can be reached from other machines, but allowed_hosts names only this one. "
                "Add the names the panel is called by to config.toml, for example:\n"
                'allowed_hosts = ["panel.example.org", "localhost", "127.0.0.1"]'
            )

    def _only_one(self) -> AbstractContextManager[None]:
        """Hold the SQLite file for us alone: its channel layer, events and console live in one process."""
        file = migrating.sqlite_file()
        if file is None:
            return nullcontext()
        if not file.parent.is_dir():
            raise CommandError(f"database_url: the folder {file.parent} does not exist; make it first.")
        message = f"Another `manage.py serve` uses the database {file.name} already; end that one first."
        return locks.exclusive(file.with_name(file.name + ".lock"), message=message)

    def _listeners(self, host: str, port: int) -> list[socket.socket]:
        try:
            return serve.bind_all(host, port)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                reason = f"Port {port} on {host} is taken by another program. Choose another with --port."
            else:
                reason = f"Cannot listen on {host}, port {port}: {error.strerror}."
            raise CommandError(reason) from None

    def _announce(self, host: str, listener: socket.socket, code: str | None) -> None:
        address = "127.0.0.1" if host == "localhost" else host
        shown = f"[{address}]" if ":" in address else address
        url = f"http://{shown}:{listener.getsockname()[1]}"
        self.stdout.write(f"MC Admin answers on {url}")
        if code is not None:
            self.stdout.write(f"It has no owner yet. Make the first one here, once: {url}/setup?code={code}")
        self.stdout.flush()
