"""Texts under fields, read off the source."""

from __future__ import annotations

from agog_capacity.field_texts import field_text
from agog_capacity.model import Model


class Above(Model):
    """A model."""

    kept: int
    """Text over
    two lines."""
    replaced: int
    """Of the one above."""
    bare: int
    count: int = 0
    """Behind a default."""

    class Inside(Model):
        """A model in a model."""

        kept: int
        """Inside."""


class Below(Above):
    """A model that inherits."""

    replaced: int
    """Its own."""
    bare_again: int


def test_texts_are_of_the_field_itself_or_of_the_class_it_is_inherited_from():
    assert field_text(Above, "kept") == field_text(Below, "kept") == "Text over two lines."
    assert field_text(Above, "replaced") == "Of the one above."
    assert field_text(Below, "replaced") == "Its own."
    assert field_text(Below, "count") == "Behind a default."
    assert field_text(Above.Inside, "kept") == "Inside."


def test_a_field_without_text_has_none():
    assert field_text(Above, "bare") == field_text(Below, "bare_again") == ""
