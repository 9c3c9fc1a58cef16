"""Questions as Label Studio's tasks, and its exports: one of the common tools for annotation."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from claimbasis.codebook import NONE, Codebook
from claimbasis.corpus.questions import Question
from claimbasis.errors import CorpusError

_FIELD = "labels"  # name of the choices in the form, and so of the answers in an export


def to_tasks(questions: Iterable[Question]) -> list[dict[str, Any]]:
    """Tasks to import into a project."""
    return [{"data": {k: v for k, v in q.to_row().items() if k != _FIELD}} for q in questions]


def render_form(codebook: Codebook) -> str:
    """The labelling interface of a project: the statement in its context, and a choice of all codes of the codebook, or none."""
    choices = [(label.name, label.definition) for label in codebook.labels]
    choices += [(name, "") for name in codebook.other_codes.values()]
    choices += [] if codebook.code_of_none else [(NONE, "")]
    rows = (f"    <Choice value={quoteattr(name)} hint={quoteattr(hint)}/>" for name, hint in choices)
    return "\n".join([
        "<View>",
        '  <Text name="before" value="$before"/>',
        '  <Header value="What does this statement rest on?"/>',
        '  <View style="font-weight: bold"><Text name="text" value="$text"/></View>',
        f'  <Choices name="{_FIELD}" toName="text" choice="multiple" required="true">',
        *rows,
        "  </Choices>",
        '  <Text name="after" value="$after"/>',
        "</View>",
        "",
    ])  # fmt: skip


def read_export(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Places and rows of an export as JSON or JSON-MIN: one a task and annotation, `labels` empty for a skipped one.

    Raises:
        CorpusError: The file is no such export.
    """
    try:
        tasks = json.loads(path.read_text(encoding="utf-8-sig"))
        for task in tasks:
            place = f"{path}: task {task.get('id', '?')}"
            # JSON-MIN holds one row an annotation, with the answer among the fields of the task.
            rows = [task | {_FIELD: _choices(task.get(_FIELD))}] if "data" not in task else _annotations(task)
            yield from ((place, row) for row in rows)
    except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise CorpusError(
            f"{path}: no export of Label Studio ({error!r}); export the project as JSON, or name a .jsonl or .csv file"
        ) from error


def _annotations(task: dict[str, Any]) -> list[dict[str, Any]]:
    answers = [
        [
            choice
            for result in annotation["result"]
            if result["from_name"] == _FIELD
            for choice in result["value"]["choices"]
        ]
        for annotation in task.get("annotations", ())
        if not annotation.get("was_cancelled")
    ]
    return [task["data"] | {_FIELD: answer} for answer in answers or [[]]]


def _choices(value: Any) -> Any:  # noqa: ANN401  # a name, or several in an object
    return value["choices"] if isinstance(value, dict) else value
