"""The page's HTML: the Jinja2 templates in `templates/`, in which every value is escaped.

No other module writes a tag. What `render` returns is marked as HTML, so it may stand in another
template; whatever else stands there becomes text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from markupsafe import Markup

# A line break that ends or begins a piece of text between two expressions, or stands beside a tag.
_LAYOUT = re.compile(r"(\A|(?<=>))\s*\n\s*|\s*\n\s*(\Z|(?=<))")
_WRAPPED = re.compile(r"\s*\n\s*")


class _WithoutIndentation(Extension):
    """Keeps a template's own line breaks out of its HTML; one inside a sentence is a space."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        for token in stream:
            if token.type == "data":
                text = _WRAPPED.sub(" ", _LAYOUT.sub("", token.value))
                yield Token(token.lineno, token.type, text)
            else:
                yield token


# Each template is compiled when it is first drawn, and kept.
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=StrictUndefined,
    auto_reload=False,
    extensions=[_WithoutIndentation],
)


def render(template: str, **values: object) -> Markup:
    """Fill in a template, named by its path without ".html.jinja"."""
    # Everything that is not Markup already was escaped by the template.
    return Markup(_ENVIRONMENT.get_template(f"{template}.html.jinja").render(values))


def paragraph(text: str, *, style: str = "") -> Markup:
    """Draw one paragraph; `style` is the last part of its class, such as "wrong" or "done"."""
    return render("paragraph", text=text, style=style)
