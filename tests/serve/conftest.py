from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from claimbasis import Article, ArticlePrediction, Prediction, Statement
from claimbasis.model import ModelSettings, read_settings, shipped_model
from claimbasis.serve.limits import Limits

if TYPE_CHECKING:
    from starlette.testclient import TestClient

pytest.importorskip("fastapi", reason="the service is NOT tested: pip install 'claimbasis[dev]'")
pytest.importorskip("httpx2", reason="the service is NOT tested: pip install 'claimbasis[dev]'")


class FakeModel:
    """Gives every statement the first label; waits before each article until `gate` is open."""

    model_id = "fake-1234"

    def __init__(self, settings: ModelSettings) -> None:
        self.settings = settings
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Semaphore(0)
        self.failure: Exception | None = None
        self.done: list[str] = []  # ids of articles, in the order in which they were read to their ends

    def predict_statements(
        self,
        article: Article,
        statements: Sequence[Statement],
        *,
        on_statements: Callable[[int], None] | None = None,
    ) -> ArticlePrediction:
        self.entered.release()
        assert self.gate.wait(10)
        if self.failure:
            raise self.failure
        if on_statements:
            on_statements(len(statements))
        self.done.append(article.id)
        names = self.settings.labels
        scores = dict(zip(names, (0.9, 0.2, 0.1), strict=True))
        predictions = tuple(Prediction(statement, scores, names[:1]) for statement in statements)
        return ArticlePrediction(article, predictions, self.model_id, self.settings.codebook)


@pytest.fixture
def model() -> FakeModel:
    return FakeModel(read_settings(shipped_model()))


@pytest.fixture
def serve() -> Iterator[Callable[..., TestClient]]:
    """Starts an application around a model; keyword arguments are limits. It reads one request at a time unless told."""
    # Not at the top: without the extra this file is read all the same, to say what is skipped.
    from starlette.testclient import TestClient  # noqa: PLC0415

    from claimbasis.serve.app import make_app  # noqa: PLC0415

    with ExitStack() as stack:
        yield lambda model, **limits: stack.enter_context(
            TestClient(make_app(model, Limits(**{"max_at_once": 1} | limits)))
        )


@pytest.fixture
def client(serve: Callable[..., TestClient], model: FakeModel) -> TestClient:
    return serve(model)
