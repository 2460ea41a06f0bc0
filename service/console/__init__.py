"""The console: pages a person reads, made from the same answers the interface gives. Works without JavaScript."""

from service.console.pages import mount
from service.console.problems import or_page

__all__ = ["mount", "or_page"]
