"""The whole line on a small random encoder: recipe, training, tracking, export, model folder, prediction."""

from __future__ import annotations

import json
from pathlib import Path

import mlflow
import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tiny_encoder import STATEMENTS

from claimbasis import Article, Classifier, ModelError, RecipeError, Span, Statement
from claimbasis.cli import main
from claimbasis.codebook import shipped_codebook
from claimbasis.corpus.annotated import read_corpus
from claimbasis.corpus.marked import MarkedArticle
from claimbasis.model import copy_model, read_settings, shipped_model
from claimbasis.tokens import NO_TAG
from claimbasis.training.averaging import average_seeds
from claimbasis.training.batches import EpochBatches, WindowData
from claimbasis.training.data import load_data
from claimbasis.training.encoder import NO_TARGET, StatementClassifier, load_tokenizer
from claimbasis.training.export import export_weights
from claimbasis.training.fit import StatementTrainer
from claimbasis.training.lessons import encode_articles, encode_marked
from claimbasis.training.recipe import Encoder, Windows, read_recipe
from claimbasis.training.tracking import open_store
from claimbasis.windows import Window, build_arrays


def model_folders(workplace: Path) -> list[Path]:
    return sorted(workplace.glob("runs/tiny-*/seed-*/model"))


def test_from_recipe_to_predictions(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # In small steps spans are whole by the time that labels are right.
    train = ["train", "recipe.toml", "--set", "optimisation.learning_rate=5e-3"]
    assert main(train) == 0
    first, second = model_folders(workplace)
    classifier = Classifier.load(first)
    article = "\n\n".join(f"0dev {text}" for text, _ in STATEMENTS * 3)
    expected = ["officially_attributed", "anonymous_sourced", "action_corroborated", None] * 3
    prediction = classifier.predict(article)
    assert [p.label for p in prediction] == expected
    assert [p.cue.text if p.cue else None for p in prediction] == ["said", "said", None, None] * 3
    assert prediction[1].source.text.startswith("aides who asked")

    # Each model folder can be found from its run, each run from its folder; both runs hang under one parent.
    open_store()
    runs = {run.info.run_id: run for run in mlflow.search_runs(experiment_names=["claimbasis"], output_format="list")}
    children = [runs[read_settings(folder).run_id] for folder in (first, second)]
    (parent,) = {child.data.tags["mlflow.parentRunId"] for child in children}
    assert len(runs) == 3
    assert all(run.info.status == "FINISHED" for run in runs.values())
    assert runs[parent].data.metrics["macro_f1_mean"] > 0.5
    assert {"seed", "git_commit", "train_hash", "dev_statements", "optimisation.epochs", "model_id"} <= children[
        0
    ].data.params.keys()
    assert len(mlflow.MlflowClient().get_metric_history(children[0].info.run_id, "dev_macro_f1")) >= 2
    artifacts = {a.path for a in mlflow.MlflowClient().list_artifacts(children[0].info.run_id)}
    assert artifacts == {"environment.txt", "model", "precision_recall.svg", "reliability.svg"}
    assert f"claimbasis train --run {parent}" in runs[parent].data.tags["mlflow.note.content"]

    assert main(["export", children[0].info.run_id[:8], "--output", "exported", "--precision", "int8"]) == 0
    assert Classifier.load("exported").model_id == classifier.model_id
    assert not Path("exported/model.fp32.onnx").exists()

    # A second start has nothing left to do.
    before = first.stat().st_mtime
    assert main(train) == 0
    assert first.stat().st_mtime == before

    capsys.readouterr()
    assert (
        main(["evaluate", "dev.jsonl", "--model", str(first), "--baselines", "train.jsonl", "--json", "scores.json"])
        == 0
    )
    printed = capsys.readouterr().out
    assert all(name in printed for name in ("in windows", "alone", "TF-IDF", "most frequent"))


def test_a_killed_training_goes_on_from_its_last_epoch(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    epochs: list[int] = []

    def stop_after_two(self: object, name: str, value: float, *, step: int = 0) -> None:
        if name == "dev_macro_f1":
            epochs.append(step)
            if epochs == [1, 2, 3]:
                raise KeyboardInterrupt

    monkeypatch.setattr("claimbasis.training.tracking.MlflowLog.metric", stop_after_two)
    arguments = ["train", "recipe.toml", "--set", "seeds=[1]", "--set", "optimisation.epochs=5"]
    assert main(arguments) == 130
    assert main(arguments) == 0
    assert epochs == [1, 2, 3, 3, 4, 5]
    assert len(model_folders(workplace)) == 1


def test_patience_is_not_renewed_by_kills(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    epochs: list[int] = []
    kills = {"at epoch 3", "when patience is used up"}

    def kill(when: str) -> None:
        if when in kills:
            kills.remove(when)
            raise KeyboardInterrupt

    def note_epoch(self: object, name: str, value: float, *, step: int = 0) -> None:
        if name == "dev_macro_f1":
            epochs.append(step)
            kill(f"at epoch {step}")

    monkeypatch.setattr("claimbasis.training.tracking.MlflowLog.metric", note_epoch)
    monkeypatch.setattr(StatementTrainer, "_load_best_model", lambda _: kill("when patience is used up"))
    # Steps so small that no epoch is better than the first.
    arguments = ["train", "recipe.toml", "--set", "seeds=[1]", "--set", "optimisation.epochs=9"]
    arguments += ["--set", "optimisation.learning_rate=1e-12", "--set", "optimisation.patience=3"]
    assert [main(arguments) for _ in range(3)] == [130, 130, 0]
    assert epochs == [1, 2, 3, 3, 4]


def test_a_run_that_was_killed_before_it_told_its_settings_is_begun_anew(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    arguments = ["train", "recipe.toml", "--set", "seeds=[1]", "--set", "optimisation.epochs=1"]
    with monkeypatch.context() as patch:
        patch.setattr("claimbasis.training.experiment.describe_run", stop)
        assert main(arguments) == 130
    assert main(arguments) == 0
    (folder,) = model_folders(workplace)
    assert "train_hash" in mlflow.get_run(read_settings(folder).run_id).data.params


def test_corrected_spans_are_other_data(workplace: Path) -> None:
    def mark(end: int) -> None:
        path = Path("train.jsonl")
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        rows[0]["statements"][0]["spans"] = [{"role": "source", "start": 0, "end": end}]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    recipe = read_recipe("recipe.toml")
    mark(4)
    before = load_data(recipe)
    mark(5)
    after = load_data(recipe)
    assert before.hash != after.hash
    assert {name for name in before.facts if before.facts[name] != after.facts[name]} == {"marks_hash"}


def test_mistakes_stop_a_training_before_it_starts(workplace: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert main(["train", "missing.toml"]) == 2
    assert main(["train", "recipe.toml", "--set", 'data.dev=["train.jsonl"]']) == 2
    assert "overlap" in caplog.text
    assert main(["train", "recipe.toml", "--set", "encoder.base=./nowhere"]) == 2
    assert "nowhere" in caplog.text
    assert main(["train", "recipe.toml", "--set", "system=tfidf", "--output", "out"]) == 2
    assert "leaves no model folder" in caplog.text
    assert main(["train", "recipe.toml", "--set", "thresholds.official=0.4"]) == 2
    assert "thresholds.official: no label of the codebook" in caplog.text
    assert model_folders(workplace) == []


def test_epochs_differ_but_have_one_length_and_depend_on_the_seed_alone(workplace: Path, encoder: Path) -> None:
    tokenizer, _ = load_tokenizer(str(encoder))
    articles = encode_articles(read_corpus(["train.jsonl"]), tokenizer, shipped_codebook(), max_statement_tokens=20)
    recipe = read_recipe("recipe.toml")

    def epoch(seed: int, number: int) -> list[list[object]]:
        batches = EpochBatches(articles, [], recipe.windows, tokens_per_batch=256, seed=seed, n_processes=2)
        batches.set_epoch(number)
        return [list(batch) for batch in batches]

    assert epoch(1, 0) == epoch(1, 0) != epoch(1, 1)
    assert epoch(1, 0) != epoch(2, 0)
    assert {len(epoch(1, n)) for n in range(5)} == {len(epoch(1, 0))}
    assert len(epoch(1, 0)) % 2 == 0
    seen = sorted((i, s) for batch in epoch(1, 3) for i, w in batch for s in range(w.predict_from, w.stop))  # type: ignore[attr-defined,misc]
    assert seen == [(i, s) for i in range(6) for s in range(12)]
    lengths = [w.stop - w.first for n in range(5) for batch in epoch(1, n) for _, w in batch]  # type: ignore[attr-defined,misc]
    assert 1 in lengths
    assert max(lengths) > 1


def test_statements_without_targets_do_not_count(encoder: Path) -> None:
    model = StatementClassifier.from_base(Encoder(base=str(encoder)), 3)
    logits = torch.tensor([[[0.0, 0.0, 0.0], [50.0, 50.0, 50.0]]])
    targets = torch.tensor([[[1.0, 0.0, 0.0], [NO_TARGET] * 3]])
    assert model.loss(logits, targets).item() == pytest.approx(np.log(2))


def test_an_export_that_changes_scores_is_refused(
    tmp_path: Path, encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer, special = load_tokenizer(str(encoder))
    model = StatementClassifier.from_base(Encoder(base=str(encoder)), 3).eval()
    sample = build_arrays([[[5, 6], [7]]], special, pooling="both")
    monkeypatch.setattr("claimbasis.training.export.score_drift", lambda *_: 0.002)
    with pytest.raises(ModelError, match="differ"):
        export_weights(model, tokenizer, [sample], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_model_is_never_copied_over_something_else(workplace: Path) -> None:
    with pytest.raises(ModelError, match="not empty"):
        copy_model(shipped_model(), workplace, ["int8"])
    with pytest.raises(ModelError, match="fp32"):
        copy_model(shipped_model(), workplace / "new", ["fp32"])


def test_of_some_articles_half_take_turns(encoder: Path) -> None:
    tokenizer, _ = load_tokenizer(str(encoder))
    span = Span("source", 0, 3, "The")
    statement = Statement(0, 0, 12, "The aide ran")
    marked = [MarkedArticle(Article("The aide ran", id=str(n)), (statement,), (span,), ("source",)) for n in range(8)]
    for_tags = encode_marked(marked, tokenizer, 3, max_statement_tokens=20)
    batches = EpochBatches([], [(for_tags[:2], 1.0), (for_tags[2:], 0.5)], Windows(), tokens_per_batch=20, seed=1)
    chosen = []
    for number in range(4):
        batches.set_epoch(number)
        chosen.append({index for batch in batches for index, _ in batch})
    assert all(len(indices) == 5 and {0, 1} < indices for indices in chosen)
    assert set().union(*chosen) == set(range(8))


def test_tags_stand_where_their_tokens_stand_and_context_teaches_nothing(encoder: Path) -> None:
    tokenizer, special = load_tokenizer(str(encoder))
    text = "He left. She said no."
    statements = (Statement(0, 0, 8, "He left."), Statement(1, 9, 21, "She said no."))
    spans = (Span("source", 9, 12, "She"), Span("cue", 13, 17, "said"))
    marked = MarkedArticle(Article(text, id="a"), statements, spans, ("source", "cue"))
    data = WindowData(encode_marked([marked], tokenizer, 3, max_statement_tokens=20), special, "mean")
    batch = data.collate([(0, Window(0, 2, 1))])
    tags, length = batch["tags"][0], 1 + len(data.articles[0].tokens[0]) + 1
    assert (tags[:length] == NO_TAG).all()
    first = data.articles[0].tokens[1].first
    assert tags[length + first[0]].tolist() == [1, 0, NO_TAG]
    assert tags[length + first[1]].tolist() == [0, 1, NO_TAG]
    assert (batch["targets"] == NO_TARGET).all()


def test_the_mean_of_the_seeds_is_a_model_too(workplace: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = ["--set", "average_seeds=true", "--set", "optimisation.epochs=3", "--output", "best"]
    settings += ["--set", "thresholds.officially_attributed=0.123"]
    assert main(["train", "recipe.toml", *settings]) == 0
    (mean,) = workplace.glob("runs/tiny-*/mean-1-2")
    weights = [load_file(folder / "weights.safetensors") for folder in sorted(mean.parent.glob("seed-*"))]
    assert not torch.equal(*(w["head.weight"] for w in weights))

    recipe = read_recipe("recipe.toml")
    averaged = average_seeds(recipe, shipped_codebook(), sorted(mean.parent.glob("seed-*"))).model.state_dict()
    assert torch.allclose(averaged["head.weight"], (weights[0]["head.weight"] + weights[1]["head.weight"]) / 2)
    card = (mean / "model" / "README.md").read_text(encoding="utf-8")
    assert "mean of the weights of seeds 1, 2" in card
    assert "The recipe sets the threshold of `officially_attributed`." in card
    thresholds = read_settings(mean / "model").thresholds
    assert thresholds[1] == 0.123
    assert 0.123 not in (thresholds[0], thresholds[2])

    scores = [read_settings(folder).scores["macro_f1"] for folder in (*model_folders(workplace), mean / "model")]
    assert read_settings(Path("best")).scores["macro_f1"] == max(scores)
    assert "mean of their weights" in caplog.text

    caplog.clear()
    assert main(["train", "--run", read_settings(mean / "model").run_id]) == 0
    assert f"dev macro-F1 {scores[-1]:.6f}, in run" in caplog.text
    assert ": the same" in caplog.text


def test_every_seed_begins_with_the_same_weights(encoder: Path) -> None:
    first, second = (StatementClassifier.from_base(Encoder(base=str(encoder)), 3) for _ in range(2))
    assert all(
        torch.equal(a, b) for a, b in zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    )


def test_names_are_exchanged_where_the_recipe_says_so(workplace: Path, caplog: pytest.LogCaptureFixture) -> None:
    (workplace / "words.toml").write_text('verbs = ["said", "named"]', encoding="utf-8")
    settings = ("seeds=[1]", "data.exchange_share=0.2", "data.exchange_words=words.toml")
    assert main(["train", "recipe.toml", *(part for value in settings for part in ("--set", value))]) == 2
    assert "words.toml: words are exchanged only where a tokenizer marks" in caplog.text  # the tests' marks nothing


def test_a_seed_that_kept_no_weights_has_no_part_in_a_mean(workplace: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = ["--set", "average_seeds=true", "--set", "optimisation.epochs=1"]
    assert main(["train", "recipe.toml", *settings, "--set", "seeds=[1]"]) == 0
    (folder,) = workplace.glob("runs/tiny-*/seed-1")
    (folder / "weights.safetensors").unlink()
    assert main(["train", "recipe.toml", *settings]) == 2
    assert "train again with --fresh" in caplog.text


def test_other_words_to_exchange_are_other_data(workplace: Path) -> None:
    words = workplace / "words.toml"
    recipe = read_recipe("recipe.toml", ["data.exchange_share=0.5", "data.exchange_words=words.toml"])
    hashes = []
    for text in ('names = ["mary", "anna"]', 'names = ["mary", "olga"]'):
        words.write_text(text, encoding="utf-8")
        hashes.append(load_data(recipe).hash)
    assert len({*hashes, load_data(read_recipe("recipe.toml")).hash}) == 3
    words.unlink()
    with pytest.raises(RecipeError, match=r"words\.toml cannot be read"):
        load_data(recipe)
