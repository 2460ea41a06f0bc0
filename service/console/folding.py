"""An environment of templates for one language: what a template says itself is translated when it is compiled.

A page asks for some hundred messages, and looking one up from a template costs more than all the rest of its place.
Import this only where pages are made: it needs Jinja.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2 import Environment, nodes
from jinja2.visitor import NodeTransformer


class Folding(Environment):
    """Puts the text in the place of each ``_("...")`` that is given nothing to fill in."""

    gettext: Callable[[str], str]

    def _generate(self, source: nodes.Template, *args: Any, **options: Any) -> str:
        return super()._generate(_Texts(self.gettext).visit(source), *args, **options)


class _Texts(NodeTransformer):
    def __init__(self, gettext: Callable[[str], str]) -> None:
        self._gettext = gettext

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - the name Jinja calls by
        """Replace a call by what it would return."""
        self.generic_visit(node)
        said = isinstance(node.node, nodes.Name) and node.node.name == "_" and not (node.kwargs or node.dyn_kwargs)
        if not said or not isinstance(node.args[0], nodes.Const):
            return node
        return nodes.TemplateData(self._gettext(node.args[0].value) % {}, lineno=node.lineno)
