"""HTTP: ``/v1`` for programs and the console for people, in one application."""
