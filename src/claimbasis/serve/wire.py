"""The shapes of requests and answers, for validation at the door and for the OpenAPI description."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, TypeAdapter, ValidationError, create_model

from claimbasis.model import ModelSettings
from claimbasis.serve.limits import Limits
from claimbasis.serve.refusals import Refusal
from claimbasis.types import Article

# Null bytes are no text; a text also needs something to read.
_NO_NULL = r"^[^\x00]*$"
SOMETHING = r"^[^\x00]*[^\x00\s][^\x00]*$"
_FIELDS = {
    "id": "repeated in the answer as `article_id`",
    "title": "repeated in the answer",
    "outlet": "who published it",
    "date": "ISO 8601 where known",
    "url": "where it was published",
}


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class ErrorAnswer(_Closed):
    """Every error of this service."""

    error: str = Field(description="what is wrong")
    found: str = Field(description="what the request brought")
    allowed: str = Field(description="what would have been right")
    way_out: str = Field(description="what to do next")


class StatementAnswer(_Closed):
    """One statement and what it rests on."""

    article_id: str
    index: int = Field(ge=0, description="position among the article's statements")
    start: int = Field(ge=0, description="first character in the article's text")
    end: int = Field(ge=0, description="exclusive")
    text: str
    label: str | None = Field(description="the best label above its threshold, null when there is none")
    labels: list[str] = Field(description="all labels above their thresholds, best first")
    scores: dict[str, float] = Field(description="label: calibrated probability in [0, 1], independent of the others")
    source: str | None = Field(description="the words for whom the statement comes from; null where none was found")
    source_start: int | None = Field(
        description="first character in the article's text, which may stand before the statement"
    )
    source_end: int | None = Field(description="exclusive")
    cue: str | None = Field(description="the words that attribute it, such as “said”")
    cue_start: int | None
    cue_end: int | None
    relay: str | None = Field(description="who passes on what the source said")
    relay_start: int | None
    relay_end: int | None
    model_id: str


class ArticleAnswer(_Closed):
    """One article, in the order of the request."""

    article_id: str
    title: str
    statements: list[StatementAnswer]


class LabelAnswer(_Closed):
    """What the statements rest on."""

    model_id: str
    articles: list[ArticleAnswer]


class LabelDefinition(_Closed):
    """A label that the model gives."""

    name: str
    definition: str = Field(description="from the codebook; empty when it gives none")
    threshold: float = Field(ge=0, le=1, description="least score of a statement that carries the label")


class LimitsAnswer(_Closed):
    """What this server accepts."""

    max_article_chars: int
    max_field_chars: int
    max_file_bytes: int
    max_articles: int
    max_statements: int
    timeout_seconds: float
    send_seconds: float
    max_at_once: int
    max_waiting: int
    max_open: int
    max_held_bytes: int
    max_body_bytes: int


class ModelAnswer(_Closed):
    """The model that answers."""

    id: str
    labels: list[LabelDefinition]
    codebook_version: str
    reading: Literal["windows", "alone", "both", "again"]
    limits: LimitsAnswer


class HealthAnswer(_Closed):
    """The server accepts requests."""

    status: Literal["ok"]
    n_waiting: int = Field(ge=0, description="requests in the queue")


def describe_model(model_id: str, settings: ModelSettings, limits: Limits) -> ModelAnswer:
    """What a model is and what this server accepts."""
    return ModelAnswer(
        id=model_id,
        labels=[
            LabelDefinition(name=label.name, definition=label.definition, threshold=threshold)
            for label, threshold in zip(settings.codebook.labels, settings.thresholds, strict=True)
        ],
        codebook_version=settings.codebook_version,
        reading=settings.reading,
        limits=LimitsAnswer(**asdict(limits), max_body_bytes=limits.max_body_bytes),
    )


class LabelRequests:
    """Reads the bodies of `POST /v1/label` under the limits of one server."""

    def __init__(self, limits: Limits) -> None:
        article = _make_article(limits)
        articles = create_model(
            "Articles",
            __base__=_Closed,
            __doc__=f"Several articles; together at most {limits.max_statements:,} statements.",
            articles=(list[article], Field(min_length=1, max_length=limits.max_articles)),  # type: ignore[valid-type]
        )
        kinds: Any = Annotated[
            Annotated[article, Tag("article")] | Annotated[articles, Tag("articles")], Discriminator(_tell_kind)
        ]
        self._adapter: TypeAdapter[Any] = TypeAdapter(kinds)

    def parse(self, body: bytes) -> list[Article]:
        """The articles of a request.

        Raises:
            Refusal: The body is no JSON, or not such a request.
        """
        try:
            request = self._adapter.validate_json(body)
        except ValidationError as error:
            raise _refuse(error) from None
        return [Article(**row.model_dump()) for row in getattr(request, "articles", [request])]

    def describe(self, ref_template: str) -> dict[str, Any]:
        """The JSON schema of a request, its definitions under `$defs`."""
        return self._adapter.json_schema(ref_template=ref_template)


def _make_article(limits: Limits) -> type[BaseModel]:
    text = Field(pattern=SOMETHING, max_length=limits.max_article_chars, description="not only blanks, no null bytes")
    more: dict[str, Any] = {
        name: (str, Field("", pattern=_NO_NULL, max_length=limits.max_field_chars, description=description))
        for name, description in _FIELDS.items()
    }
    doc = f"One article; at most {limits.max_statements:,} statements."
    return create_model("Article", __base__=_Closed, __doc__=doc, text=(str, text), **more)


def _tell_kind(value: Any) -> str:  # noqa: ANN401  # whatever JSON holds
    return "articles" if isinstance(value, dict) and "articles" in value else "article"


def _refuse(error: ValidationError) -> Refusal:
    """The first of the problems; what was found is told by its size or type, never repeated."""
    problem = error.errors(include_url=False)[0]
    if problem["type"] == "json_invalid":
        return Refusal(
            400,
            "the body is not JSON in UTF-8",
            found=problem["ctx"]["error"],
            allowed="a JSON object in UTF-8, without halves of characters (lone surrogates)",
            way_out='send {"text": "…"} or {"articles": [{"text": "…"}, …]}',
        )
    place = ".".join(map(str, problem["loc"][1:]))[:100] or "the body"
    return Refusal(
        422,
        f"{place} does not fit",
        found=_tell_size(problem["input"], problem["type"]),
        allowed=_tell_allowed(problem["type"], problem["msg"]),
        way_out="correct it; /openapi.json describes every field",
    )


def _tell_size(value: Any, kind: str) -> str:  # noqa: ANN401  # whatever JSON holds
    if kind == "missing":
        return "nothing"
    if kind == "extra_forbidden":
        return "a field with this name"
    if isinstance(value, str):
        return f"{len(value):,} characters"
    return f"{len(value):,} items" if isinstance(value, list) else f"a value of type {type(value).__name__}"


def _tell_allowed(kind: str, message: str) -> str:
    if kind == "string_pattern_mismatch":
        return "no null bytes, and in a text something besides blanks"
    if kind == "extra_forbidden":
        return f"text, {', '.join(_FIELDS)}; or articles alone"
    return message[:1].lower() + message[1:]
