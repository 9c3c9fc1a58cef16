"""Reads news and says, statement by statement, what each claim rests on."""

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
