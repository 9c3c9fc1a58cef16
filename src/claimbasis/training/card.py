"""The card of a model: what it is, what it was made from, how good it is. Filled in by the run that made it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from claimbasis.codebook import NONE, Codebook
from claimbasis.evaluation.metrics import Metrics
from claimbasis.model import ModelSettings
from claimbasis.training.recipe import Recipe

_CARD = """\
# {name}

Says for each statement of a news article what it rests on. It never says whether a statement is true.

| | |
|---|---|
| model id | `{model_id}` |
| encoder | {base}, pooling `{pooling}`, windows of at most {max_tokens} tokens, reads `{reading}` |
| weights | ONNX; int8 (weights and embeddings a channel, activations at run time) and, where shipped, fp32 |
| codebook | version {codebook_version} |
| made by | recipe `{name}`, {seeds}: {question} |
| tracking run | `{run_id}` |
| training data | {train} |
| | {train_articles} articles, {train_statements} statements, hash `{train_hash}` |
| chosen and calibrated on | {dev}: {dev_articles} articles, {dev_statements} statements, hash `{dev_hash}` |
| made on | {created} |

## Labels
{definitions}

A statement may carry several labels or none, which is a real answer.{others}

## Scores on dev
int8 weights in ONNX Runtime, statements as annotated, `{reading}`; 95 % bootstrap intervals over articles. The epoch, the
temperatures, offsets and thresholds were chosen on these same articles, so the numbers lean to the bright side.{fixed}

| label | threshold | temperature | offset | precision | recall | F1 | average precision | calibration error | statements |
|---|---|---|---|---|---|---|---|---|---|
{rows}

Macro-F1 {macro}. The int8 weights change the labels of {changed:.1f} % of the statements against fp32.

Measured by the training command; again at any time with `claimbasis evaluate {dev} --model FOLDER`.

## Where the data come from
{origin}

## Meant for
Readers, analysts and archives that want to see how much of a text rests on unnamed sources, on officials, on deeds.

## Not meant for
Deciding what is true, or judging a person or an outlet by one article. Languages, kinds of text and domains that the
training data do not hold were not measured. A score is the model's confidence in its reading of the text, not in the claim.
"""


def render_card(
    settings: ModelSettings,
    metrics: Metrics,
    calibration_errors: dict[str, float],
    recipe: Recipe,
    *,
    seeds: Sequence[int],
    facts: dict[str, Any],
) -> str:
    """The card as Markdown."""
    rows = [
        f"| `{label}` | {threshold:.2f} | {temperature:.2f} | {offset:.2f} | {m.precision} | {m.recall} | {m.f1} | {m.average_precision} "
        f"| {calibration_errors[label]:.3f} | {m.n_positive} |"
        for (label, m), threshold, temperature, offset in zip(
            metrics.labels.items(), settings.thresholds, settings.temperatures, settings.offsets, strict=True
        )
    ]
    return _CARD.format(
        name=settings.name,
        model_id=settings.model_id("int8"),
        base=settings.base,
        pooling=settings.pooling,
        reading=settings.reading,
        max_tokens=settings.max_tokens,
        codebook_version=settings.codebook_version,
        run_id=settings.run_id,
        created=settings.created,
        seeds=f"seed {seeds[0]}" if len(seeds) == 1 else f"mean of the weights of seeds {', '.join(map(str, seeds))}",
        question=recipe.question,
        train=", ".join(f"`{path}`" for path in (*recipe.data.train, *recipe.silver.files)),
        dev=" ".join(recipe.data.dev) or "a share of the training articles",
        definitions="\n".join(f"- `{label.name}`: {label.definition}" for label in settings.codebook.labels),
        others=_tell_others(settings.codebook),
        origin=recipe.data.origin or "The recipe does not say (`data.origin`).",
        rows="\n".join(rows),
        macro=metrics.macro_f1,
        fixed=_tell_fixed(recipe),
        changed=100 * settings.scores["int8_changed_share"],
        **facts,
    )


def _tell_fixed(recipe: Recipe) -> str:
    names = ", ".join(f"`{label}`" for label in recipe.thresholds)
    return f"\nThe recipe sets the threshold of {names}." if names else ""


def _tell_others(codebook: Codebook) -> str:
    """The codes that annotators told apart and that the model leaves without a label."""
    names = [name for name in codebook.other_codes.values() if name != NONE]
    return f" Annotators told apart, and the model does not: {', '.join(names)}." if names else ""
