"""Annotated articles: reading, checking, splitting."""
