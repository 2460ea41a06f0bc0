"""Marking what pages say, where it is not said in a template."""

from __future__ import annotations


def N_(message: str) -> str:  # noqa: N802 - the name that translators' tools look for
    """Mark a message for the catalogue; it is translated where it is shown."""
    return message
