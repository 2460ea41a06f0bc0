"""The ``matcher`` command: reads its arguments, calls one module of ``service.commands``, turns errors into exit codes.

Exit codes: 0 done; 1 failed, with one message on standard error; 2 wrong usage; 3 done, but records were rejected;
130 stopped by Ctrl-C, 143 by SIGTERM: either way what was half done is tidied away.
"""

from __future__ import annotations

import errno
import functools
import logging
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, Final

import typer

from embeddings.errors import EmbeddingError
from matcher.errors import MatcherError

FAILED: Final = 1
REJECTS: Final = 3
INTERRUPTED: Final = 130  # 128 + SIGINT, as shells count
TERMINATED: Final = 143

# In the order of --help. A module holds ``command`` or, for a group of commands, ``app``.
COMMANDS: Final = {
    "import": "import_",
    "match": "match",
    "tag": "tag",
    "evaluate": "evaluate",
    "nightly": "nightly",
    "learn": "learn",
    "releases": "releases",
    "export": "export",
    "report": "report",
    "digest": "digest",
    "serve": "serve",
    "accounts": "accounts",
    "keys": "keys",
    "demo": "demo",
    "db": "db",
    "erase": "erase",
    "migrate": "migrate",
    "doctor": "doctor",
}

_CLOSED: Final = "; let the account that runs this in, or name another place (MATCHER_DATA_DIR says where data lie)"
_FIXES: Final = {
    errno.ENOSPC: "; make room, then run it again: no file was left half-written",
    errno.EACCES: _CLOSED,
    errno.EPERM: _CLOSED,
    errno.EROFS: _CLOSED,
}
"""Number of an operating system's error -> what to do."""


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"matcher {version('partner-matcher')}")
        raise typer.Exit


def _root(
    version: bool = typer.Option(
        False,  # noqa: FBT003 - an option's default
        "--version",
        callback=_version,
        is_eager=True,
        help="Show the version and stop.",
    ),
) -> None:
    """Match technology needs with capabilities, with reasons a broker can defend."""


def _prepare() -> None:
    """Set up logging, only once a command really runs: ``--help`` must not pay for it."""
    from service.logs import configure_logging
    from service.settings import load_settings, unknown_variables

    configure_logging(load_settings())
    for name, near in unknown_variables().items():
        if near:  # others may be somebody else's: Kubernetes writes MATCHER_SERVICE_HOST for a service of this name
            logging.getLogger(__name__).warning("%s is no setting and sets nothing; is %s meant?", name, near)


def _prepared(command: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(command)
    def run(*arguments: Any, **options: Any) -> Any:
        _prepare()
        return command(*arguments, **options)

    return run


def build() -> typer.Typer:
    """Collect the commands. Their modules import little; what is heavy waits inside the functions."""
    application = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # plain help starts twice as fast
    )
    application.callback()(_root)
    for name, module_name in COMMANDS.items():
        module = import_module(f"service.commands.{module_name}")
        if hasattr(module, "app"):
            application.add_typer(module.app, name=name, callback=_prepare)
        else:
            application.command(name)(_prepared(module.command))
    return application


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit code; expected errors are one message, not a traceback."""
    if threading.current_thread() is threading.main_thread():  # no other may say what a signal does
        signal.signal(signal.SIGTERM, _terminated)
    try:
        build()(arguments, prog_name="matcher")
    except (MatcherError, EmbeddingError) as error:
        _fail(str(error))
    except OSError as error:
        _fail(_of_files(error))
    except SystemExit as left:
        if left.code in {INTERRUPTED, TERMINATED}:
            typer.echo("matcher: stopped; nothing was left half-written", err=True)
        raise


def _of_files(error: OSError) -> str:
    """Say what could not be done with which file, and what to do where that is known."""
    said = error.strerror or str(error)
    fix = _FIXES.get(error.errno or 0, "")
    return f"{error.filename}: {said}{fix}" if error.filename else f"{said}{fix}"


def _terminated(_number: int, _frame: object) -> None:
    """Leave through every ``finally``, as on Ctrl-C; a server has its own way to stop."""
    sys.exit(TERMINATED)


def _fail(message: str) -> None:
    typer.echo(f"matcher: {message}", err=True)
    sys.exit(FAILED)


if __name__ == "__main__":
    main()
