"""The application: routes, and what they promise in the OpenAPI description."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from claimbasis.report.page import render_page
from claimbasis.serve.answers import REPORT_PATH, answer_home, answer_refusal, answer_report
from claimbasis.serve.description import (
    describe_form,
    describe_html_errors,
    describe_json_errors,
    describe_request,
    fill_description,
)
from claimbasis.serve.forms import parse_form, read_form
from claimbasis.serve.gate import Gate, Traffic
from claimbasis.serve.home import Home
from claimbasis.serve.labelling import Model, label_articles
from claimbasis.serve.limits import Limits
from claimbasis.serve.refusals import Refusal
from claimbasis.serve.wire import HealthAnswer, LabelAnswer, LabelRequests, ModelAnswer, describe_model
from claimbasis.serve.worker import CheckTime, Worker
from claimbasis.types import Article, ArticlePrediction


class Service:
    """What all routes of one server share."""

    def __init__(self, model: Model, limits: Limits) -> None:
        self.model = model
        self.limits = limits
        self.worker = Worker(limits)
        self.traffic = Traffic()
        self.requests = LabelRequests(limits)

    async def label(
        self,
        request: Request,
        parse: Callable[[CheckTime], Sequence[Article]],
        render: Callable[[list[ArticlePrediction]], str],
        *,
        n_bytes: int,
    ) -> str:
        """Parses `n_bytes`, labels and renders in one of the worker's threads, so that the event loop stays free.

        Raises:
            Refusal: The articles are beyond a limit, or there is no room or no time for them.
        """

        def act(check_time: CheckTime) -> str:
            predictions = label_articles(self.model, parse(check_time), self.limits, check_time)
            request.state.n_articles, request.state.n_statements = len(predictions), sum(map(len, predictions))
            check_time()
            return render(predictions)

        return await self.worker.run(act, n_bytes=n_bytes)


def make_app(model: Model, limits: Limits) -> FastAPI:
    """An application around a loaded model."""
    service = Service(model, limits)

    @asynccontextmanager
    async def run_worker(_: FastAPI) -> AsyncIterator[None]:
        service.worker.start()
        yield
        service.worker.stop()

    # The usual pages of documentation load scripts from elsewhere; the description itself is enough.
    app = FastAPI(
        title="claimbasis", version=version("claimbasis"), docs_url=None, redoc_url=None, lifespan=run_worker,
        description="Says, statement by statement, what news rests on. It never says what is true.",
    )  # fmt: skip
    app.state.traffic = service.traffic
    app.add_middleware(Gate, limits=limits, traffic=service.traffic, worker=service.worker)
    app.add_exception_handler(HTTPException, _answer_unknown)
    _add_api(app, service)
    _add_pages(app, service)
    fill_description(app, service.requests)
    return app


def _add_api(app: FastAPI, service: Service) -> None:
    @app.post(
        "/v1/label",
        response_model=LabelAnswer,
        responses=describe_json_errors(400, 408, 413, 415, 422, 500, 503),
        openapi_extra=describe_request(service.requests),
    )
    async def label(request: Request) -> Response:
        """Labels one article or several; the rows are those of `claimbasis label --format jsonl`."""
        _check_json(request)
        body = await request.body()
        answer = await service.label(request, lambda _: service.requests.parse(body), _render_json, n_bytes=len(body))
        return Response(answer, media_type="application/json")

    @app.get("/v1/model", responses=describe_json_errors(413, 500, 503))
    async def model() -> ModelAnswer:
        """The model, its labels, and the limits of this server."""
        return describe_model(service.model.model_id, service.model.settings, service.limits)

    @app.get("/health", responses=describe_json_errors(413, 500, 503))
    async def health() -> HealthAnswer:
        """Whether the server accepts requests."""
        return HealthAnswer(status="ok", n_waiting=service.worker.n_waiting)


def _add_pages(app: FastAPI, service: Service) -> None:
    limits, model_id, codebook = service.limits, service.model.model_id, service.model.settings.codebook

    @app.get("/", response_class=HTMLResponse, responses=describe_json_errors(413, 500, 503))
    async def home() -> Response:
        """The page with the form."""
        return answer_home(Home(limits=limits, model_id=model_id, codebook=codebook))

    @app.post(
        REPORT_PATH,
        response_class=HTMLResponse,
        responses=describe_html_errors(400, 408, 413, 415, 422, 500, 503),
        openapi_extra=describe_form(limits),
    )
    async def report(request: Request) -> Response:
        """The page that `claimbasis report` makes of a text or a file."""
        content = await read_form(request, limits)
        try:
            page = await service.label(
                request,
                lambda check_time: parse_form(content, limits, check_time),
                render_page,
                n_bytes=content.n_bytes,
            )
            return answer_report(page)
        except Refusal as refusal:
            again = Home(refusal, limits, model_id, codebook, title=content.title, text=content.text)
            return answer_home(again, refusal.status, refusal.headers)


def _render_json(predictions: list[ArticlePrediction]) -> str:
    fields = ("article_id", "title", "statements")
    articles = [{name: article[name] for name in fields} for article in (p.to_dict() for p in predictions)]
    return json.dumps({"model_id": predictions[0].model_id, "articles": articles}, ensure_ascii=False)


def _check_json(request: Request) -> None:
    found = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if found != "application/json":
        raise Refusal(
            415,
            "the body is not JSON",
            found=found[:100] or "no content type",
            allowed="application/json",
            way_out="send JSON and the header Content-Type: application/json",
        )


async def _answer_unknown(request: Request, error: Exception) -> Response:
    """For addresses and methods that do not exist."""
    status: Any = getattr(error, "status_code", 500)
    refusal = Refusal(
        status,
        "no such address" if status == 404 else "no such method at this address",
        found=request.method if status == 405 else "an address without a route",
        allowed="GET /, POST /report, POST /v1/label, GET /v1/model, GET /health, GET /openapi.json",
        way_out="correct the address or the method",
    )
    response = answer_refusal(refusal, "")
    response.headers.update(getattr(error, "headers", None) or {})
    return response
