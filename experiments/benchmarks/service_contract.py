"""Hooks for schemathesis, which tries a running service against its own OpenAPI description.

    claimbasis serve --port 8000 &
    SCHEMATHESIS_HOOKS=experiments/benchmarks/service_contract.py \
        schemathesis run http://127.0.0.1:8000/openapi.json --max-examples 500

No schema can say which bytes are a document: the files that schemathesis makes up are pictures, which are refused as they
should be. They put a text in their place, so that what is tried is the form around it.
"""

from __future__ import annotations

from typing import Any

import schemathesis

FILE = b"Two officials said so. Tanks crossed the river."


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict[str, Any]) -> None:
    """Makes the file one that can be read."""
    file = case.body.get("file") if isinstance(case.body, dict) else None
    if file or getattr(file, "data", None):  # what schemathesis makes up passes for an empty string
        case.body["file"] = FILE


@schemathesis.deserializer("text/html")
def read_page(context: schemathesis.DeserializationContext, response: schemathesis.Response) -> str:
    """Pages are described as strings."""
    return response.text
