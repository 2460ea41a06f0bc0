"""HTTP: ``/v1`` for programs and the read-only console for people, in one application."""

from service.api.app import create_app

__all__ = ["create_app"]
