"""What the training loop tells others: the log, whoever watches, and the person at the terminal."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Protocol

from transformers import TrainerCallback
from transformers.trainer_callback import ProgressCallback

from claimbasis.training.tracking import RunLog

logger = logging.getLogger(__name__)


class Watch(Protocol):
    """Sees how a training fares, and may stop it."""

    def goes_on(self, epoch: int, dev_macro_f1: float) -> bool:
        """Whether another epoch is worth its time; asked after each, the first being 1."""


class LogCallback(TrainerCallback):  # type: ignore[misc]
    """Passes losses and metrics on, one step an epoch."""

    def __init__(self, log: RunLog, labels: Sequence[str]) -> None:
        self._log = log
        self._names = {"loss": "train_loss", "eval_loss": "dev_loss", "eval_macro_f1": "dev_macro_f1"}
        self._names |= {f"eval_f1_{k}": f"dev_f1_{label}" for k, label in enumerate(labels)}

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any) -> None:
        logs = logs or {}
        if not state.is_world_process_zero:
            return
        for name, value in logs.items():
            if name in self._names:
                self._log.metric(self._names[name], value, step=round(state.epoch))
        if "eval_macro_f1" in logs:
            logger.info(
                "epoch %d: dev macro-F1 %.3f, dev loss %.3f",
                round(state.epoch),
                logs["eval_macro_f1"],
                logs["eval_loss"],
            )


class WatchCallback(TrainerCallback):  # type: ignore[misc]
    """Asks after each epoch whether to go on."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: dict[str, float], **_: Any) -> None:
        if not self._watch.goes_on(round(state.epoch), metrics["eval_macro_f1"]):
            control.should_training_stop = True


class QuietProgress(ProgressCallback):  # type: ignore[misc]
    """The progress bar without its dump of every logged number."""

    def on_log(self, *_: Any, **__: Any) -> None:
        pass
