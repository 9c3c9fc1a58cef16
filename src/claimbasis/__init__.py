"""Reads news and says, statement by statement, what each claim rests on."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from claimbasis.errors import ClaimbasisError, CorpusError, InputError, ModelError, RecipeError
    from claimbasis.inference.classifier import Classifier
    from claimbasis.text.articles import read_articles
    from claimbasis.text.statements import split_statements
    from claimbasis.types import Article, ArticlePrediction, Prediction, Span, Statement

__all__ = [
    "Article",
    "ArticlePrediction",
    "ClaimbasisError",
    "Classifier",
    "CorpusError",
    "InputError",
    "ModelError",
    "Prediction",
    "RecipeError",
    "Span",
    "Statement",
    "read_articles",
    "split_statements",
]
_MODULES = {
    "errors": ("ClaimbasisError", "CorpusError", "InputError", "ModelError", "RecipeError"),
    "inference.classifier": ("Classifier",),
    "text.articles": ("read_articles",),
    "text.statements": ("split_statements",),
    "types": ("Article", "ArticlePrediction", "Prediction", "Span", "Statement"),
}


def __getattr__(name: str) -> object:
    """A public name, imported when it is first asked for: the command line and tools that only look need not wait."""
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
