"""Running the application: one process, or several that share the mapped release."""

from __future__ import annotations

import errno
import gc
import os
import signal
import socket
from contextlib import contextmanager, suppress
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from matcher.errors import BadInput, MatcherError
from service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

_BACKLOG: Final = 2048  # connections that wait to be taken, as uvicorn has it
_NOT_HERE: Final = frozenset(
    {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EINVAL}  # the last for a link-local address without its link
)


class CannotListen(MatcherError):  # noqa: N818 - named for what happened
    """The address cannot be listened on."""


def from_environment() -> FastAPI:
    """Make the application of a worker process, which reads its settings itself."""
    from service.api.app import create_app
    from service.logs import configure_logging
    from service.settings import load_settings

    settings = load_settings()
    configure_logging(settings)
    return create_app(settings)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket bound to an address; port 0 takes a free one. Raises CannotListen."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise CannotListen(_why_not(host, port, error)) from error
    listening.set_inheritable(True)
    # Connections take this over. Otherwise a small answer, written as head and body, waits 40 ms for the client's ACK.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def _why_not(host: str, port: int, error: OSError) -> str:
    """Tell a wrong address from a port that is taken, and from one that this user may not have."""
    nameless = isinstance(error, socket.gaierror)  # its numbers are not those of errno
    got = os.strerror(error.errno) if error.errno and not nameless else error.strerror or str(error)
    if nameless or error.errno in _NOT_HERE:
        return (
            f"expected an address of this machine; got {host!r} ({got}); "
            "choose another with --host: 127.0.0.1 for this machine alone, 0.0.0.0 for everywhere"
        )
    wanted = "a port that this user may listen on" if error.errno == errno.EACCES else f"{host} port {port} to be free"
    return f"expected {wanted}; got port {port} ({got}); choose another with --port"


def address_of(listening: socket.socket) -> str:
    """Return where a browser finds a socket: an address that means "everywhere" is reached at this machine."""
    host, port = listening.getsockname()[:2]
    named = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{named}:{port}"


@contextmanager
def _growing() -> Iterator[None]:
    """Look for no garbage meanwhile, nor later among what is there then: a program stays. A twentieth of the start."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@contextmanager
def _ended() -> Iterator[None]:
    """Take Ctrl-C and SIGTERM for how a server ends, not for a failure: uvicorn hands both on when it is done.

    A service manager would call an exit code of 143 one.
    """
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        signal.signal(signal.SIGTERM, before)


def run(settings: Settings, listening: socket.socket, *, workers: int = 1) -> None:
    """Serve until stopped. With several workers each reads the settings from the environment anew."""
    if workers < 1:
        raise BadInput("workers", expected="at least 1", got=workers)
    with _growing():
        import uvicorn

        from service.api.app import create_app

        app: FastAPI | str = create_app(settings) if workers == 1 else "service.api.server:from_environment"
    config = uvicorn.Config(
        app,
        factory=workers > 1,
        workers=workers,
        log_config=None,  # ours is in place
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )
    if workers == 1:
        with _ended():
            uvicorn.Server(config).run(sockets=[listening])
        return
    from uvicorn.supervisors import Multiprocess

    with TemporaryDirectory(prefix="matcher-metrics-") as folder:
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", folder)  # read by prometheus-client when a worker imports it
        Multiprocess(config, sockets=[listening]).run()
