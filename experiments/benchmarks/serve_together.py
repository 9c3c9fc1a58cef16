# ruff: noqa: T201  # what it prints is what it is for
"""What the service could gain from reading several articles together: 30-statement articles a second, by how they are read.

    python experiments/benchmarks/serve_together.py

"one batch" puts the statements of eight articles into the same forward passes. The service may not do that: int8 scales
activations by batch, and scores would depend on who else asks. It is the bound of what batching could bring. "two at once" is what the
service does: two articles share the model's threads batch by batch; `Classifier` gives the same scores for any number of threads.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from serve_latency import N_STATEMENTS, describe_machine, make_body

from claimbasis import Article, Classifier
from claimbasis.text.statements import split_statements

N_ARTICLES = 8


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the machine and one line a round."""
    parser = argparse.ArgumentParser(description="what reading articles together could bring")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(argv)
    article = Article(json.loads(make_body(N_STATEMENTS))["text"])
    texts = [statement.text for statement in split_statements(article.text)]
    classifier = Classifier.load()

    def read(n_at_once: int) -> None:
        with ThreadPoolExecutor(n_at_once) as pool:
            list(pool.map(classifier.predict, [article] * N_ARTICLES))

    ways: dict[str, Callable[[], object]] = {
        "one after the other": lambda: read(1),
        "two at once": lambda: read(2),
        "one batch": lambda: classifier.logits(texts * N_ARTICLES),
    }
    print(f"{describe_machine()}; model {classifier.model_id}; {N_ARTICLES} articles of {N_STATEMENTS} statements")
    for _ in range(options.rounds):
        print("  ".join(f"{name}: {measure(way):.2f}" for name, way in ways.items()), flush=True)
    return 0


def measure(read: Callable[[], object]) -> float:
    """Articles a second."""
    started = time.perf_counter()
    read()
    return N_ARTICLES / (time.perf_counter() - started)


if __name__ == "__main__":
    sys.exit(main())
