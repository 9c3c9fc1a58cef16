# ruff: noqa: T201, PLC0415  # what it prints is what it is for; heavy libraries are loaded after the light ones are timed
"""Statements a second: the stock pipeline, ours, a bag of words, our parts by themselves, and what arithmetic allows.

    python experiments/benchmarks/inference.py ../shared/data/corpora/news2025.jsonl.gz --write README.md

Needs the extra `train`. Without FILE it reads our own corpus. All ways read the same statements of the same articles in one
run, one way after another and round after round, so that a busy minute of the machine hits all of them; a number is the
median over the rounds. The encoder of every way is all-MiniLM-L6-v2: speed does not depend on what the weights know.

The ideal is a machine that only multiplies: the operations of the statements' tokens, each read once, without padding and
repeats, at the pace that large matrices reach here in fp32 and in int8. For an encoder with L layers of width h that is
24 L h² + 4 L h t for each token of a window of t tokens (2 for multiply and add; 4 h² weights of attention and 8 h² of the
feed-forward network; scores and sums over t tokens).
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from machine import N_CORES, ROOT, describe_machine, replace_table

from claimbasis import Article, Classifier, Statement, split_statements
from claimbasis.tokens import encode_statements
from claimbasis.windows import WindowArrays

N_LAYERS, WIDTH, MEAN_WINDOW = 6, 384, 224
STOCK = "stock pipeline, batches of 32"


@dataclass(frozen=True, slots=True)
class Way:
    """One way of labelling, and what it took in each round."""

    name: str
    run: Callable[[], object]
    wall_seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)

    def measure(self) -> None:
        """One round."""
        wall, cpu = time.perf_counter(), time.process_time()
        self.run()
        self.wall_seconds.append(time.perf_counter() - wall)
        self.cpu_seconds.append(time.process_time() - cpu)


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the table; writes JSON, a picture, and the README's table where asked to."""
    options = parse_options(argv)
    machine = describe_machine()
    start_up = measure_start_up()
    articles = read_articles(options.files, options.articles)
    cut = [split_statements(article.text) for article in articles]
    n = sum(map(len, cut))
    with tempfile.TemporaryDirectory() as scratch:
        ways = list(make_ways(articles, cut, export_encoder(Path(scratch) / "model"), Path(scratch)))
        for way in ways:
            way.run()  # to warm up
        for number in range(options.rounds):
            for way in ways:
                way.measure()
            print(f"round {number + 1} of {options.rounds}", file=sys.stderr, flush=True)
    pace = {way.name: n / statistics.median(way.wall_seconds) for way in ways}
    cpu = {way.name: statistics.median(way.cpu_seconds) / n * 1e3 for way in ways}
    ideal = {name: n / seconds for name, seconds in ideal_seconds(cut).items()}
    said = f"{machine}; {len(articles)} articles, {n:,} statements, median of {options.rounds} rounds"
    table = make_table(pace, cpu, ideal, start_up)
    print(f"{said}\n\n{table}")
    if options.json:
        facts = {"machine": said, "statements_per_second": pace, "cpu_ms_per_statement": cpu, "ideal": ideal}
        rounds = [list_rounds(way) for way in ways]
        options.json.write_text(
            json.dumps(facts | {"start_up": start_up, "rounds": rounds}, indent=1), encoding="utf-8"
        )
    if options.picture:
        draw(pace, ideal, options.picture)
    if options.write:
        replace_table(options.write, "speed", "inference.py", f"{said}:\n\n{table}\n")
    return 0


def parse_options(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="statements a second, ours and others'")
    parser.add_argument(
        "files", nargs="*", type=Path, metavar="FILE", help="JSONL articles, also .gz (default: our corpus)"
    )
    parser.add_argument("--articles", type=int, default=30, help="of them (default: 30)")
    parser.add_argument("--rounds", type=int, default=5, help="default: 5")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every number, of every round")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="bars, SVG")
    parser.add_argument("--write", type=Path, metavar="README", help="put the table between this file's markers")
    return parser.parse_args(argv)


def read_articles(files: Sequence[Path], n_articles: int) -> list[Article]:
    """Articles spread evenly over the files."""
    texts = []
    for path in files or [ROOT / "data/corpus/train.jsonl"]:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
            texts += [json.loads(line)["text"] for line in lines]
    step = max(1, len(texts) // n_articles)
    return [Article(text=text) for text in texts[::step][:n_articles]]


def export_encoder(folder: Path) -> Path:
    """A model folder of the default encoder in both precisions; its head knows nothing."""
    import shutil
    from dataclasses import replace

    from claimbasis.model import read_settings, shipped_model, write_settings
    from claimbasis.training.encoder import DEFAULT_BASE, StatementClassifier, load_tokenizer
    from claimbasis.training.export import export_weights
    from claimbasis.training.recipe import Encoder
    from claimbasis.windows import build_arrays

    tokenizer, special = load_tokenizer(DEFAULT_BASE)
    sample = build_arrays([[[2000, 2001], [2002]], [[2003]]], special, pooling="both")
    export_weights(StatementClassifier.from_base(Encoder(), 3), tokenizer, [sample], folder)
    shutil.copyfile(shipped_model() / "tokenizer.json", folder / "tokenizer.json")
    settings = replace(read_settings(shipped_model(), verify=False), name="bare", files={})
    write_settings(folder, settings, ["model.fp32.onnx", "model.int8.onnx", "tokenizer.json"])
    return folder


def make_ways(articles: list[Article], cut: list[list[Statement]], model: Path, scratch: Path) -> Iterator[Way]:
    """All ways of labelling the articles."""
    texts = [s.text for statements in cut for s in statements]
    stock = make_stock_pipeline(scratch / "stock")
    yield Way("stock pipeline, one at a time", lambda: [stock(text) for text in texts])
    yield Way(STOCK, lambda: stock(texts, batch_size=32))
    shipped = Classifier.load()
    for name, classifier in (
        ("ours, windows, int8", shipped.with_reading("windows")),
        ("ours, alone, int8", shipped.with_reading("alone")),
        ("ours, both ways, int8", shipped.with_reading("both")),
        ("ours, again where unsure, int8", shipped.with_reading("again")),
        ("ours, windows, fp32", Classifier.load(model, precision="fp32", reading="windows")),
    ):
        yield Way(name, lambda c=classifier: read_all(c.predict_many(articles)))
    yield Way("TF-IDF with logistic regression", make_bag_of_words(texts))
    yield Way("part: splitter", lambda: read_all(split_statements(a.text) for a in articles))
    tokenizer, longest = shipped._tokenizer, shipped.settings.max_statement_tokens
    yield Way(
        "part: tokenizer",
        lambda: read_all(encode_statements(tokenizer, [s.text for s in each], max_tokens=longest) for each in cut),
    )
    yield Way("part: model, windows, int8", make_bare_model(shipped.with_reading("windows"), articles))


def read_all(stream: Iterable[object]) -> None:
    """Takes all there is, and keeps nothing."""
    for _ in stream:
        pass


def make_stock_pipeline(folder: Path) -> Callable[..., object]:
    """As the library's documentation has it: a model for sequence classification and its tokenizer."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline
    from transformers.utils import logging

    from claimbasis.training.encoder import DEFAULT_BASE, find_base

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    base = find_base(DEFAULT_BASE)
    AutoModelForSequenceClassification.from_pretrained(base, num_labels=3).save_pretrained(folder)
    AutoTokenizer.from_pretrained(base).save_pretrained(folder)
    return pipeline("text-classification", model=str(folder), tokenizer=str(folder), top_k=None, truncation=True)


def make_bag_of_words(texts: list[str]) -> Callable[[], object]:
    """The baseline of the evaluation, trained on our corpus."""
    from claimbasis.codebook import shipped_codebook
    from claimbasis.corpus.annotated import read_corpus
    from claimbasis.evaluation.baselines import fit_tfidf
    from claimbasis.evaluation.protocol import annotated_targets

    train = read_corpus([str(ROOT / "data/corpus/train.jsonl")])
    targets, _ = annotated_targets(train, shipped_codebook())
    score = fit_tfidf([s.statement.text for item in train for s in item.statements], targets)
    return lambda: score(texts)


def make_bare_model(classifier: Classifier, articles: list[Article]) -> Callable[[], object]:
    """The model on batches that lie ready, on all its threads."""
    runtime, batches = classifier._runtime, list[WindowArrays]()
    submit, runtime.submit = runtime.submit, lambda arrays: batches.append(arrays) or submit(arrays)
    read_all(classifier.predict_many(articles))
    runtime.submit = submit
    return lambda: [future.result() for future in [submit(batch) for batch in batches]]


def ideal_seconds(cut: list[list[Statement]]) -> dict[str, float]:
    """Seconds for the statements' tokens and one separator each, at the paces of fp32 and int8 matrices."""
    classifier = Classifier.load()
    n_tokens = sum(length + 1 for each in cut for length in classifier.token_lengths([s.text for s in each]))
    operations = n_tokens * (24 * N_LAYERS * WIDTH**2 + 4 * N_LAYERS * WIDTH * MEAN_WINDOW)
    return {precision: operations / pace for precision, pace in measure_peaks().items()}


def measure_peaks() -> dict[str, float]:
    """Operations a second of ONNX Runtime's products of large matrices on all cores."""
    import onnxruntime
    from onnx import TensorProto, helper

    rng, size, paces = np.random.default_rng(0), 1536, {}
    kinds = {"fp32": ("MatMul", TensorProto.FLOAT, TensorProto.FLOAT, TensorProto.FLOAT)}
    kinds["int8"] = ("MatMulInteger", TensorProto.UINT8, TensorProto.INT8, TensorProto.INT32)
    for name, (operator, left, right, result) in kinds.items():
        b = rng.integers(-60, 60, (size, size))
        weights = helper.make_tensor("b", right, b.shape, b.ravel().tolist())
        shapes = [helper.make_tensor_value_info(n, t, [size, size]) for n, t in (("a", left), ("c", result))]
        graph = helper.make_graph(
            [helper.make_node(operator, ["a", "b"], ["c"])], "g", shapes[:1], shapes[1:], [weights]
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = N_CORES
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        a = rng.integers(0, 120, (size, size)).astype(np.float32 if name == "fp32" else np.uint8)
        seconds = []
        for _ in range(15):
            started = time.perf_counter()
            session.run(None, {"a": a})
            seconds.append(time.perf_counter() - started)
        paces[name] = 2 * size**3 / min(seconds)
    return paces


def measure_start_up() -> dict[str, float]:
    """Cold starts, median of five: seconds to import, seconds and memory to label the example, in new processes."""
    label = [sys.executable, "-m", "claimbasis.cli", "label", str(ROOT / "seeds/example-article.txt")]
    bare, _ = run_cold([sys.executable, "-c", "pass"])
    imported, _ = run_cold([sys.executable, "-c", "import claimbasis"])
    seconds, megabytes = run_cold(label)
    return {"import_seconds": imported - bare, "label_seconds": seconds, "label_peak_mb": megabytes}


def run_cold(command: list[str]) -> tuple[float, float]:
    """Median seconds, and most megabytes of resident memory."""
    watched = (
        "import resource, subprocess, sys, time; t = time.perf_counter(); "
        "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL); "
        "print(time.perf_counter() - t, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3)"
    )
    said = [
        subprocess.run([sys.executable, "-c", watched, *command], capture_output=True, text=True, check=True).stdout
        for _ in range(5)
    ]
    pairs = [tuple(map(float, line.split())) for line in said]
    return statistics.median(seconds for seconds, _ in pairs), max(megabytes for _, megabytes in pairs)


def make_table(
    pace: dict[str, float], cpu: dict[str, float], ideal: dict[str, float], start_up: dict[str, float]
) -> str:
    """Markdown."""
    lines = ["| way | statements/s | times the stock pipeline | processor ms/statement |", "|---|---:|---:|---:|"]
    lines += [f"| {name} | {pace[name]:,.0f} | {pace[name] / pace[STOCK]:.1f} | {cpu[name]:.2f} |" for name in pace]
    lines += [
        f"| ideal: matrices alone, {name} | {value:,.0f} | {value / pace[STOCK]:.1f} | |"
        for name, value in ideal.items()
    ]
    bare = cpu["part: model, windows, int8"]
    parts = 1 - bare / cpu["ours, windows, int8"]
    shares = ", ".join(f"{p} {pace[f'ours, windows, {p}'] / ideal[p]:.0%}" for p in ("fp32", "int8"))
    return "\n".join([
        *lines,
        "",
        f"Of the ideal, windows reach: {shares}. Splitter, tokenizer and Python take {max(parts, 0):.0%} of the processor time. "
        f"`import claimbasis` takes {start_up['import_seconds']:.2f} s; a cold `claimbasis label` of the example article "
        f"{start_up['label_seconds']:.2f} s and {start_up['label_peak_mb']:.0f} MB.",
    ])  # fmt: skip


def list_rounds(way: Way) -> dict[str, Any]:
    """A way's rounds, for JSON."""
    return {"name": way.name, "wall_seconds": way.wall_seconds, "cpu_seconds": way.cpu_seconds}


def draw(pace: dict[str, float], ideal: dict[str, float], path: Path) -> None:
    """Bars of statements a second; parts are left out, for they are not ways."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    bars = {name: value for name, value in pace.items() if not name.startswith(("part", "TF-IDF"))}
    bars |= {f"ideal, {name}": value for name, value in ideal.items()}
    figure, axes = pyplot.subplots(figsize=(7, 3))
    colours = ["#b9b2a6" if "stock" in name else "#2f6f73" if "ours" in name else "#e0c48a" for name in bars]
    axes.barh(list(bars), list(bars.values()), color=colours)
    axes.bar_label(axes.containers[0], fmt="%.0f", padding=3)
    axes.invert_yaxis()
    axes.set_xlabel("statements a second")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})


if __name__ == "__main__":
    raise SystemExit(main())
