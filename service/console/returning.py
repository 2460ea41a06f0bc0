"""Addresses that a page sends somebody back to."""

from __future__ import annotations

from urllib.parse import urlsplit


def inside(wanted: str) -> str:
    """Return an address of this service, whatever was asked for: nobody is sent elsewhere."""
    try:
        parts = urlsplit(wanted.replace("\\", "/"))
    except ValueError:
        return "/"
    ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme
    return wanted if ours and wanted.isprintable() else "/"
