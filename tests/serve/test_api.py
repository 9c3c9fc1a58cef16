from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from claimbasis import Article, Classifier
from claimbasis.codebook import shipped_codebook

pytest.importorskip("fastapi", reason="the service is NOT tested: pip install 'claimbasis[dev]'")
from starlette.testclient import TestClient

TEXT = "Two officials who asked not to be named said talks had failed. Tanks crossed the river at dawn."
ERROR_FIELDS = {"error", "found", "allowed", "way_out"}


def test_the_rows_are_those_of_the_classifier(serve: Callable[..., TestClient], classifier: Classifier) -> None:
    articles = [{"text": TEXT, "id": "a", "title": "Talks"}, {"text": "© 2026 Daily", "id": "b"}, {"text": TEXT * 9}]
    answer = serve(classifier).post("/v1/label", json={"articles": articles}).json()
    assert answer == {
        "model_id": classifier.model_id,
        "articles": [
            {"article_id": p.article.id, "title": p.article.title, "statements": p.to_rows()}
            for p in classifier.predict_many([Article(**article) for article in articles])
        ],
    }
    assert answer["articles"][0]["statements"][0]["label"] == "anonymous_sourced"


def test_one_article_needs_no_list(client: TestClient) -> None:
    answer = client.post("/v1/label", json={"text": TEXT, "id": "a", "outlet": "Daily", "date": "2026-03-01"}).json()
    (article,) = answer["articles"]
    assert (article["article_id"], len(article["statements"])) == ("a", 2)


def test_the_model_is_told_with_thresholds_and_limits(client: TestClient) -> None:
    answer = client.get("/v1/model").json()
    assert [label["name"] for label in answer["labels"]] == list(shipped_codebook().label_names)
    assert all(label["definition"] and 0 < label["threshold"] < 1 for label in answer["labels"])
    assert (answer["id"], answer["limits"]["max_article_chars"]) == ("fake-1234", 100_000)
    assert client.get("/health").json() == {"status": "ok", "n_waiting": 0}


@pytest.mark.parametrize(
    ("body", "status", "allowed"),
    [
        ({"text": "x" * 1001}, 422, "at most 1000 characters"),
        ({"articles": [{"text": TEXT}] * 4}, 422, "at most 3 items"),
        ({"articles": []}, 422, "at least 1 item"),
        ({"articles": [{"text": "He said so. " * 6}] * 2}, 422, "at most 10 statements"),
        ({"text": TEXT, "title": "x" * 1001}, 422, "at most 1000 characters"),
        ({"text": TEXT, "texts": TEXT}, 422, "text, id, title"),
        ({"text": TEXT, "articles": []}, 422, "at least 1 item"),
        ({"text": " \n"}, 422, "something besides blanks"),
        ({"text": "null\x00byte"}, 422, "no null bytes"),
        ({"text": 7}, 422, "valid string"),
        ({}, 422, "field required"),
        ([], 422, "an object"),
        ({"text": "x" * 200_000}, 413, "112,000 bytes"),
    ],
)
def test_a_limit_says_what_was_found_and_allowed(
    serve: Callable[..., TestClient], model: Any, body: Any, status: int, allowed: str
) -> None:
    answer = serve(model, max_article_chars=1000, max_articles=3, max_statements=10).post("/v1/label", json=body)
    assert (answer.status_code, answer.json().keys()) == (status, ERROR_FIELDS)
    assert allowed in answer.json()["allowed"]


@pytest.mark.parametrize(
    "body",
    [
        b'{"text": "\xff"}', rb'{"text": "\ud800"}', b"{", b"", b"[" * 100_000, b'{"text": "\xed\xa0\x80"}',
    ],
)  # fmt: skip
def test_what_is_no_json_in_utf8_is_refused(client: TestClient, body: bytes) -> None:
    answer = client.post("/v1/label", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json().keys()) == (400, ERROR_FIELDS)


def test_a_body_without_length_is_measured_while_it_comes(serve: Callable[..., TestClient], model: Any) -> None:
    def stream() -> Iterator[bytes]:
        for _ in range(50):
            yield b" " * 10_000

    answer = serve(model, max_article_chars=1000).post(
        "/v1/label", content=stream(), headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["found"]) == (413, "500,000 bytes")


def test_other_addresses_methods_and_types_are_refused_in_json(client: TestClient) -> None:
    answers = [client.get("/v2"), client.get("/v1/label"), client.post("/v1/label", data={"text": TEXT})]
    assert [(answer.status_code, answer.json().keys()) for answer in answers] == [
        (404, ERROR_FIELDS),
        (405, ERROR_FIELDS),
        (415, ERROR_FIELDS),
    ]
    assert answers[1].headers["Allow"] == "POST"


def test_the_description_names_every_limit_and_answer(client: TestClient) -> None:
    description = client.get("/openapi.json").json()
    answers = {
        path: set(operation["responses"])
        for path, operations in description["paths"].items()
        for operation in operations.values()
    }
    labelled = {"200", "400", "408", "413", "415", "422", "500", "503"}
    told = {"200", "413", "500", "503"}
    assert answers == {"/v1/label": labelled, "/report": labelled, "/v1/model": told, "/health": told, "/": told}
    schemas = description["components"]["schemas"]
    assert schemas["Article"]["properties"]["text"]["maxLength"] == 100_000
    assert schemas["Articles"]["properties"]["articles"]["maxItems"] == 50
    assert schemas["Article"]["additionalProperties"] is False
    assert set(schemas["ErrorAnswer"]["required"]) == ERROR_FIELDS
    assert "HTTPValidationError" not in json.dumps(description)
    assert client.get("/docs").status_code == client.get("/redoc").status_code == 404
