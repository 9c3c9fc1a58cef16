"""Fine-tunes one encoder with one seed, by the Hugging Face Trainer."""

from __future__ import annotations

import json
import logging
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_model
from scipy.special import expit
from tokenizers import Tokenizer
from torch.utils.data import DataLoader
from tqdm.contrib.logging import logging_redirect_tqdm
from transformers import EarlyStoppingCallback, Trainer, TrainerControl, TrainingArguments
from transformers.trainer import TRAINER_STATE_NAME
from transformers.trainer_callback import PrinterCallback, ProgressCallback
from transformers.trainer_utils import get_last_checkpoint
from transformers.utils import SAFE_WEIGHTS_NAME

from claimbasis.evaluation.calibration import choose_thresholds
from claimbasis.evaluation.metrics import Floats, macro_f1
from claimbasis.training.batches import EpochBatches, WindowData
from claimbasis.training.callbacks import LogCallback, QuietProgress, Watch, WatchCallback
from claimbasis.training.data import ExperimentData
from claimbasis.training.encoder import NO_TARGET, StatementClassifier, load_tokenizer
from claimbasis.training.exchange import WordExchange
from claimbasis.training.exported import start_from
from claimbasis.training.lessons import EncodedArticle, count_positives, encode_lessons, find_marked_roles
from claimbasis.training.recipe import Optimisation, Recipe
from claimbasis.training.tracking import RunLog
from claimbasis.types import ROLES
from claimbasis.windows import Pass, SpecialTokens, Window, batch_by_tokens, passes_of, plan_windows, window_length

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FitResult:
    """A fine-tuned network with what is needed to run and export it."""

    model: StatementClassifier
    tokenizer: Tokenizer
    special: SpecialTokens
    roles: tuple[str, ...]  # of the spans that it has learned to mark


def fit(
    recipe: Recipe,
    seed: int,
    data: ExperimentData,
    log: RunLog,
    folder: Path,
    watch: Watch | None = None,
) -> FitResult:
    """Fine-tunes on train, keeps the epoch with the best macro-F1 on dev.

    Continues from the last whole epoch when `folder` holds checkpoints of this run.

    Args:
        recipe: All settings.
        seed: The only source of chance.
        data: What to learn from, and to choose the epoch by.
        log: Where losses and metrics go, one step an epoch.
        folder: Holds the checkpoints while the run lasts.
        watch: May end the run early.
    """
    torch.manual_seed(seed)
    tokenizer, special = load_tokenizer(recipe.encoder.base)
    lessons = encode_lessons(data, tokenizer, max_statement_tokens=recipe.windows.statement_tokens)
    model = StatementClassifier.from_base(recipe.encoder, len(data.codebook.labels))
    start = start_from(model, Path(recipe.encoder.start), data.codebook) if recipe.encoder.start else None
    positives, negatives = count_positives(lessons.labelled)
    model.positive_weight.copy_((negatives / positives.clamp(min=1)) ** recipe.optimisation.positive_weight)
    arguments = _arguments(recipe, seed, folder)
    if arguments.bf16 and arguments.use_cpu:
        model.use_plain_attention()
    batches = EpochBatches(
        lessons.labelled,
        [(lessons.marked, recipe.spans.epoch_share), (lessons.silver, recipe.silver.epoch_share)],
        recipe.windows,
        tokens_per_batch=recipe.optimisation.tokens_per_batch,
        seed=seed,
        n_processes=arguments.world_size,
    )
    trainer = StatementTrainer(
        model=model,
        args=arguments,
        train_dataset=WindowData(lessons.all, special, recipe.encoder.pooling, _exchange(recipe, tokenizer)),
        eval_dataset=WindowData(lessons.dev, special, recipe.encoder.pooling),
        optimizers=(_optimizer(model, recipe.optimisation), None),
        callbacks=[EarlyStoppingCallback(recipe.optimisation.patience), LogCallback(log, data.codebook.label_names)],
    )
    trainer.prepare(batches, recipe)
    if watch:
        trainer.add_callback(WatchCallback(watch))
    checkpoint = _last_checkpoint(folder)
    if checkpoint and (best := _find_result(checkpoint, recipe.optimisation.patience)):
        load_model(model, best / SAFE_WEIGHTS_NAME)
    else:
        with logging_redirect_tqdm():  # log lines go above the progress bar, not into it
            trainer.train(resume_from_checkpoint=checkpoint)
    # Takes off what mixed precision wrapped around the network: it is exported and compared as plain fp32.
    model = trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False).to("cpu").eval()
    learned = {*find_marked_roles(lessons.all)} if recipe.spans.weight else set()
    roles = tuple(role for role in ROLES if role in learned or (start and role in start.roles))
    model.silence_tags(roles)
    return FitResult(model, tokenizer, special, roles)


def _exchange(recipe: Recipe, tokenizer: Tokenizer) -> WordExchange | None:
    share = recipe.data.exchange_share
    return WordExchange(Path(recipe.data.exchange_words), tokenizer, share) if share else None


def _last_checkpoint(folder: Path) -> str | None:
    """The newest whole checkpoint; one that a kill left half written is removed."""
    while folder.is_dir() and (found := get_last_checkpoint(str(folder))):
        try:
            # The Trainer writes this file last.
            json.loads((Path(found) / TRAINER_STATE_NAME).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            shutil.rmtree(found)
        else:
            return str(found)
    return None


def _find_result(checkpoint: str, patience: int) -> Path | None:
    """The checkpoint with the best epoch, where patience had run out when the last one was written; else None."""
    state = json.loads((Path(checkpoint) / TRAINER_STATE_NAME).read_text(encoding="utf-8"))
    stopping = state["stateful_callbacks"][EarlyStoppingCallback.__name__]["attributes"]
    if stopping["early_stopping_patience_counter"] < patience:
        return None
    # By its name: the folder may have been moved since.
    return Path(checkpoint).parent / Path(state["best_model_checkpoint"]).name


class StatementTrainer(Trainer):  # type: ignore[misc]
    """The Trainer with batches of windows, and with macro-F1 over statements as its dev metric."""

    def prepare(self, batches: EpochBatches, recipe: Recipe) -> None:
        """Sets what the parent's constructor knows nothing of."""
        self._batches, self._recipe = batches, recipe
        # The progress bar stays; its dump of every logged number does not.
        self.remove_callback(ProgressCallback)
        self.remove_callback(PrinterCallback)
        self.add_callback(QuietProgress)

    def get_train_dataloader(self) -> DataLoader[Any]:
        """Batches of windows, another cut in each epoch."""
        loader = DataLoader(self.train_dataset, batch_sampler=self._batches, collate_fn=self.train_dataset.collate)
        return self.accelerator.prepare(loader)  # type: ignore[no-any-return]

    def compute_loss(self, model: torch.nn.Module, inputs: dict[str, torch.Tensor], *_: Any, **__: Any) -> torch.Tensor:
        """Mean loss of a batch."""
        targets, tags = inputs.pop("targets"), inputs.pop("tags")
        logits, tag_logits = model(**inputs)
        # The network's own methods: distributed training wraps `model`.
        label_loss, tag_loss = self.model.loss(logits, targets), self.model.tag_loss(tag_logits, tags)
        return label_loss + self._recipe.spans.weight * tag_loss  # type: ignore[no-any-return]

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Loss and F1 on dev, with thresholds chosen there."""
        logits = predict_logits(self.model, self.eval_dataset, self._recipe)
        targets = known_targets(self.eval_dataset.articles)
        scores = expit(logits)
        predicted = scores >= np.asarray(choose_thresholds(scores, targets))
        loss = float(np.logaddexp(0, np.where(targets, -logits, logits)).mean())
        metrics = {"eval_loss": loss, "eval_macro_f1": macro_f1(targets, predicted)}
        metrics |= {f"eval_f1_{k}": macro_f1(targets[:, [k]], predicted[:, [k]]) for k in range(targets.shape[1])}
        self.log(metrics)
        self.control: TrainerControl = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics


def predict_logits(model: StatementClassifier, data: WindowData, recipe: Recipe) -> Floats:
    """Logits of all statements that have targets, read as the finished model will read, shape (n, labels)."""
    passes = [_predict_pass(model, data, recipe, reading) for reading in passes_of(recipe.windows.reading)]
    return np.asarray(np.mean(passes, axis=0))


@torch.no_grad()
def _predict_pass(model: StatementClassifier, data: WindowData, recipe: Recipe, reading: Pass) -> Floats:
    device = next(model.parameters()).device
    keys = [(i, w) for i, article in enumerate(data.articles) for w in plan(article, recipe, reading)]
    lengths = [window_length(data.articles[i].lengths, w) for i, w in keys]
    logits = [np.full(article.targets.shape, np.nan) for article in data.articles]
    model.eval()
    for batch in batch_by_tokens(lengths, tokens_per_batch=2 * recipe.optimisation.tokens_per_batch):
        inputs = data.collate([keys[b] for b in batch])
        del inputs["targets"], inputs["tags"]
        output = model(**{name: tensor.to(device) for name, tensor in inputs.items()})[0].float().cpu().numpy()
        for row, b in enumerate(batch):
            i, w = keys[b]
            logits[i][w.predict_from : w.stop] = output[row, w.predict_from - w.first : w.stop - w.first]
    return np.concatenate(
        [x[(article.targets[:, 0] != NO_TARGET).numpy()] for x, article in zip(logits, data.articles, strict=True)]
    )


def plan(article: EncodedArticle, recipe: Recipe, reading: Pass) -> list[Window]:
    """The windows of an article as one pass of inference reads it."""
    settings = recipe.windows
    return plan_windows(
        article.lengths, max_tokens=settings.max_tokens, overlap_tokens=settings.overlap_tokens, reading=reading
    )


def known_targets(articles: Sequence[EncodedArticle]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Targets of all statements that have any, shape (n, labels), bool."""
    targets = torch.cat([article.targets for article in articles])
    return (targets[targets[:, 0] != NO_TARGET] == 1).numpy()


def machine_arguments() -> dict[str, Any]:
    """What of a Trainer's arguments depends on the machine alone."""
    has_gpu = torch.cuda.is_available()
    has_bf16 = torch.cuda.is_bf16_supported() if has_gpu else torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return {"bf16": bool(has_bf16), "use_cpu": not has_gpu, "dataloader_pin_memory": has_gpu}


def _arguments(recipe: Recipe, seed: int, folder: Path) -> TrainingArguments:
    return TrainingArguments(
        output_dir=str(folder),
        seed=seed,
        num_train_epochs=recipe.optimisation.epochs,
        learning_rate=recipe.optimisation.learning_rate,
        warmup_steps=recipe.optimisation.warmup_share,
        eval_strategy="epoch",
        save_strategy="epoch",
        logging_strategy="epoch",
        save_total_limit=1,
        load_best_model_at_end=True,
        restore_callback_states_from_checkpoint=True,  # patience does not begin anew
        metric_for_best_model="macro_f1",
        greater_is_better=True,
        report_to=[],
        ddp_find_unused_parameters=False,
        **machine_arguments(),
        accelerator_config={"even_batches": False, "dispatch_batches": False},
        remove_unused_columns=False,
    )


_LAYER = re.compile(r"\blayers?\.(\d+)\.")


def _optimizer(model: StatementClassifier, settings: Optimisation) -> torch.optim.Optimizer:
    """AdamW; each layer further from the head learns more slowly by `layer_decay`; no decay on biases and norms."""
    names = [(name, weight) for name, weight in model.named_parameters() if weight.requires_grad]
    n_layers = 1 + max((int(found[1]) for name, _ in names if (found := _LAYER.search(name))), default=-1)
    groups = []
    for name, weight in names:
        found = _LAYER.search(name)
        depth = n_layers + 1 if name.startswith("head") else int(found[1]) + 1 if found else 0
        groups.append({
            "params": [weight],
            "lr": settings.learning_rate * settings.layer_decay ** (n_layers + 1 - depth),
            "weight_decay": settings.weight_decay if weight.ndim > 1 else 0.0,
        })  # fmt: skip
    return torch.optim.AdamW(groups, lr=settings.learning_rate, fused=True)
