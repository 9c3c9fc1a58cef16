"""An encoder with random weights, small enough to be trained within a second, and statements that it can learn."""

from __future__ import annotations

import json
import re
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

WORDS = [
    "the",
    "ministry",
    "said",
    "aides",
    "who",
    "asked",
    "not",
    "to",
    "be",
    "named",
    "troops",
    "crossed",
    "river",
    "it",
    "is",
    "unclear",
    ".",
]
STATEMENTS = [
    ("the ministry said it .", "O"),
    ("aides who asked not to be named said it .", "A"),
    ("troops crossed the river .", "C"),
    ("it is unclear .", "N"),
]


def write_encoder(folder: Path) -> Path:
    """Saves it as any encoder from a hub would be."""
    vocabulary = {word: i for i, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
    ).save_pretrained(folder)
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32
    )
    BertModel(config).save_pretrained(folder)
    return folder


def mark_sources(number: int) -> str:
    """An article as `claimbasis corpus polnear` writes it."""
    text = "\n\n".join(text for text, _ in STATEMENTS * 3)
    cues = [{"start": m.start(), "end": m.end()} for m in re.finditer("said", text)]
    sources = [{"start": m.start(), "end": m.end()} for m in re.finditer("the ministry|aides who asked.*named", text)]
    row = {"id": f"polnear/train/{number}", "annotator": "a", "text": text}
    return json.dumps(row | {"attributions": [{"source": sources, "cue": cues, "content": []}]}) + "\n"


def write_workplace(folder: Path, encoder: Path) -> None:
    """Data, and a recipe for them."""
    for side in ("train", "dev"):
        rows = [write_article(f"{side}{n}", f"{n}{side}") for n in range(6)]
        (folder / f"{side}.jsonl").write_text("\n".join(rows), encoding="utf-8")
    (folder / "polnear.jsonl").write_text("".join(mark_sources(n) for n in range(6)), encoding="utf-8")
    (folder / "recipe.toml").write_text(
        f"""name = "tiny"\nquestion = "Does it run?"\nseeds = [1, 2]\n[data]\ntrain = ["train.jsonl"]\ndev = ["dev.jsonl"]
        [encoder]\nbase = "{encoder}"\ndropout = 0.0\n[windows]\nmax_tokens = 48\noverlap_tokens = 8\n
        [optimisation]\nepochs = 12\nlearning_rate = 2e-2\ntokens_per_batch = 256\npatience = 12\n
        [spans]\npolnear = ["polnear.jsonl"]""",
        encoding="utf-8",
    )


def write_article(article_id: str, mark: str) -> str:
    """An annotated article; the mark keeps its texts apart from those of others, and the tokenizer does not know it."""
    text, statements = "", []
    for statement, codes in STATEMENTS * 3:
        start = len(text)
        text += f"{mark} {statement} "
        statements.append({"start": start, "end": len(text) - 1, "codes": codes})
    return json.dumps({"id": article_id, "text": text.rstrip(), "statements": statements})
