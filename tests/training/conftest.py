from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import mlflow
import pytest
from tiny_encoder import STATEMENTS, mark_sources, write_encoder


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture
def workplace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoder: Path, write_corpus: Callable[..., Path]
) -> Iterator[Path]:
    """An empty working directory with data and a recipe."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    for side in ("train", "dev"):
        # A number of its own keeps the texts apart; the tokenizer does not know it.
        write_corpus(
            *((f"{side}{n}", [(f"{n}{side} {text}", code) for text, code in STATEMENTS * 3]) for n in range(6)),
            name=f"{side}.jsonl",
        )
    Path("polnear.jsonl").write_text("".join(mark_sources(n) for n in range(6)), encoding="utf-8")
    Path("recipe.toml").write_text(
        f"""name = "tiny"\nquestion = "Does it run?"\nseeds = [1, 2]\n[data]\ntrain = ["train.jsonl"]\ndev = ["dev.jsonl"]
        [encoder]\nbase = "{encoder}"\ndropout = 0.0\n[windows]\nmax_tokens = 48\noverlap_tokens = 8\n
        [optimisation]\nepochs = 12\nlearning_rate = 2e-2\ntokens_per_batch = 256\npatience = 12\n
        [spans]\npolnear = ["polnear.jsonl"]""",
        encoding="utf-8",
    )
    yield tmp_path
    mlflow.set_tracking_uri("")
