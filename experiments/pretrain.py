r"""Further pre-training of an encoder on raw news (masked language modelling; Gururangan et al. 2020, Devlin et al. 2019).

    python experiments/pretrain.py ../shared/data/corpora/{allsides,news2016,cnn2024,news2025,isw}.jsonl.gz \
        --apart ../shared/data/annotated/dev.jsonl.gz joined/held-out-news.jsonl --n 3000 --output joined/news-encoder
    claimbasis train RECIPE --set encoder.base=joined/news-encoder

Articles are read as the classifier will read them: statements between separators, in windows. Articles that share runs of words with
those of `--apart` are left out: what a model is measured on, it has not read before. Interrupted, it goes on from its last checkpoint.
"""

from __future__ import annotations

import argparse
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch.utils.data import Dataset
from tqdm import tqdm
from transformers import AutoTokenizer, PreTrainedModel, Trainer, TrainingArguments
from transformers.trainer_utils import get_last_checkpoint

from claimbasis.text.articles import read_articles
from claimbasis.text.statements import split_statements
from claimbasis.tokens import encode_statements
from claimbasis.training.encoder import DEFAULT_BASE, StatementClassifier, find_base, load_tokenizer
from claimbasis.training.fit import machine_arguments
from claimbasis.training.recipe import Encoder
from claimbasis.training.silver import choose_articles
from claimbasis.types import Article
from claimbasis.windows import SpecialTokens, build_arrays, plan_windows

logger = logging.getLogger("pretrain")
WINDOW_TOKENS, WINDOWS_PER_BATCH = 128, 16
# Shares by Devlin et al.: of tokens to be guessed; of those, shown as the mask, or as a chance token; the rest stay.
GUESSED, MASKED, CHANCE = 0.15, 0.8, 0.1
IGNORED = -100


class MaskedLanguageModel(torch.nn.Module):
    """An encoder that guesses tokens; only hidden ones go through the vocabulary, which would cost as much as the encoder."""

    def __init__(self, encoder: torch.nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        size, vocabulary = encoder.config.hidden_size, encoder.config.vocab_size
        self.transform = torch.nn.Sequential(torch.nn.Linear(size, size), torch.nn.GELU(), torch.nn.LayerNorm(size))
        self.bias = torch.nn.Parameter(torch.zeros(vocabulary))

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, labels: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """Mean cross-entropy, in nats, over the tokens of (windows, tokens) whose label is not `IGNORED`."""
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        guessed = labels != IGNORED
        words = self.encoder.get_input_embeddings().weight
        logits = self.transform(hidden[guessed]) @ words.T + self.bias
        return {"loss": torch.nn.functional.cross_entropy(logits.float(), labels[guessed])}


class Masking:
    """Makes batches of windows with other tokens hidden each time."""

    def __init__(self, special: SpecialTokens, mask: int, vocabulary: int) -> None:
        self._special, self._mask, self._vocabulary = special, mask, vocabulary

    def __call__(self, windows: Sequence[Sequence[Sequence[int]]]) -> dict[str, torch.Tensor]:
        """Model inputs and labels, all (windows, tokens), of windows that are given as the tokens of their statements."""
        arrays = build_arrays(windows, self._special, pooling="separator")
        ids = torch.from_numpy(arrays.input_ids)
        is_special = torch.isin(
            ids, torch.tensor([self._special.start, self._special.separator, self._special.padding])
        )
        guessed = (torch.rand(ids.shape) < GUESSED) & ~is_special
        labels = torch.where(guessed, ids, IGNORED)
        chance = torch.rand(ids.shape)
        others = torch.randint(self._vocabulary, ids.shape)
        shown = torch.where(chance < MASKED, self._mask, torch.where(chance < MASKED + CHANCE, others, ids))
        return {
            "input_ids": torch.where(guessed, shown, ids),
            "attention_mask": torch.from_numpy(arrays.attention_mask),
            "labels": labels,
        }


class Windows(Dataset[Sequence[Sequence[int]]]):
    """All windows of some articles."""

    def __init__(self, articles: Sequence[Article], tokenizer: Tokenizer) -> None:
        self._windows = [
            window for article in tqdm(articles, unit="article", disable=None) for window in _cut(article, tokenizer)
        ]

    def __len__(self) -> int:
        return len(self._windows)

    def __getitem__(self, index: int) -> Sequence[Sequence[int]]:
        return self._windows[index]


def _cut(article: Article, tokenizer: Tokenizer) -> list[list[Sequence[int]]]:
    texts = [statement.text for statement in split_statements(article.text)]
    tokens = encode_statements(tokenizer, texts, max_tokens=WINDOW_TOKENS - 2)
    windows = plan_windows([len(t) for t in tokens], max_tokens=WINDOW_TOKENS, overlap_tokens=0, reading="windows")
    return [[t.ids for t in tokens[w.first : w.stop]] for w in windows]


def main(argv: Sequence[str] | None = None) -> int:
    """Trains, and writes a folder that `encoder.base` may name."""
    options = _parse(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.manual_seed(options.seed)
    articles = choose_articles(
        read_articles(options.texts, on_reject=lambda error: logger.error("skipped: %s", error)),
        read_articles(options.apart, on_reject=_refuse),
        n=options.n,
        seed=options.seed,
    )
    whole = AutoTokenizer.from_pretrained(find_base(options.base), trust_remote_code=False)
    if not articles or whole.mask_token_id is None:
        what = f"{options.base} has no mask token" if articles else "no article is left to read"
        raise SystemExit(f"{what}; name another base, or other texts")
    tokenizer, special = load_tokenizer(options.base)
    windows = Windows(articles, tokenizer)
    logger.info("%d articles, %d windows", len(articles), len(windows))
    checkpoints = options.output.with_name(f"{options.output.name}.checkpoints")
    arguments = _arguments(checkpoints, options)
    encoder = _load_encoder(options.base, arguments)
    trainer = Trainer(
        model=MaskedLanguageModel(encoder),
        args=arguments,
        train_dataset=windows,
        data_collator=Masking(special, whole.mask_token_id, encoder.config.vocab_size),
    )
    trainer.train(resume_from_checkpoint=get_last_checkpoint(str(checkpoints)) if checkpoints.is_dir() else None)
    encoder.float().save_pretrained(options.output)
    whole.save_pretrained(options.output)
    shutil.rmtree(checkpoints, ignore_errors=True)  # else the next start with this output would go on from its end
    return 0


def _load_encoder(base: str, arguments: TrainingArguments) -> PreTrainedModel:
    """As for a training of labels, whose head is not wanted here."""
    classifier = StatementClassifier.from_base(Encoder(base=base), n_labels=1)
    if arguments.bf16 and arguments.use_cpu:
        classifier.use_plain_attention()
    return classifier.encoder


def _refuse(error: Exception) -> None:
    raise error  # what cannot be read would not be kept apart


def _arguments(folder: Path, options: argparse.Namespace) -> TrainingArguments:
    return TrainingArguments(
        output_dir=str(folder),
        seed=options.seed,
        num_train_epochs=options.epochs,
        per_device_train_batch_size=WINDOWS_PER_BATCH,
        learning_rate=options.learning_rate,
        warmup_steps=0.05,
        weight_decay=0.01,
        logging_steps=100,
        save_steps=500,
        save_total_limit=1,
        report_to=[],
        remove_unused_columns=False,
        **machine_arguments(),
    )


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="further pre-training of an encoder on raw news")
    parser.add_argument("texts", nargs="+", metavar="TEXTS", help="articles, in any form that claimbasis label reads")
    parser.add_argument("--apart", nargs="+", default=[], metavar="FILE", help="annotated articles to keep apart from")
    parser.add_argument("--base", default=DEFAULT_BASE, help=f"encoder to begin with (default: {DEFAULT_BASE})")
    parser.add_argument("--n", type=int, default=4000, metavar="N", help="most articles (default: 4000)")
    parser.add_argument("--epochs", type=float, default=1.0)
    parser.add_argument("--learning-rate", type=float, default=2e-4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path, required=True, metavar="FOLDER")
    return parser.parse_args(argv)


if __name__ == "__main__":
    raise SystemExit(main())
