"""What scripts hold on to: commands, options, settings. ``python -m tests.surface`` records a wanted change."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from service.cli import build
from service.settings import PREFIX, Settings

CONTRACT = Path(__file__).parent / "contracts" / "surface.json"


def commands() -> Iterator[tuple[str, Any]]:
    """Yield each command by its full name, groups opened up."""
    yield from _walk("", typer.main.get_command(build()))


def _walk(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    below = getattr(command, "commands", None)
    if below is None:
        yield name, command
        return
    for part, inner in below.items():
        yield from _walk(f"{name} {part}".strip(), inner)


def options(command: Any) -> Iterator[Any]:
    """Yield what a command takes, but --help."""
    return (parameter for parameter in command.params if parameter.name != "help")


def variables() -> list[str]:
    """Return every environment variable that is read."""
    return [PREFIX + name.upper() for name in Settings.model_fields]


def surface() -> dict[str, Any]:
    """Return the stable interface as plain values."""
    return {
        "commands": {name: sorted(_written(option) for option in options(command)) for name, command in commands()},
        "settings": sorted(variables()),
    }


def _written(option: Any) -> str:
    names = "/".join([*option.opts, *option.secondary_opts])
    return f"{names} (required)" if option.required else names


def written() -> str:
    """Return the contract file's text."""
    return json.dumps(surface(), indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    CONTRACT.write_text(written(), encoding="utf-8")
