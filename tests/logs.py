"""How structlog is set up where no command has configured it."""

import structlog


def log_as_unless_told() -> None:
    """As by default, but with short tracebacks: the pretty ones write out every local, and take seconds."""
    structlog.reset_defaults()
    *others, _ = structlog.get_config()["processors"]
    printed = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*others, printed])
