"""Names and numbers that training exchanges."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers

from claimbasis.errors import RecipeError
from claimbasis.training.exchange import WordExchange

SHIPPED = Path(__file__).parents[2] / "seeds" / "exchangeable-words.toml"
WORDS = ["[UNK]", "mary", "anna", "olga", "rome", "oslo", "said", "##ville", "in"]


@pytest.fixture
def tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return tokenizer


def make_exchange(tmp_path: Path, tokenizer: Tokenizer, text: str, share: float = 1.0) -> WordExchange:
    path = tmp_path / "words.toml"
    path.write_text(text, encoding="utf-8")
    return WordExchange(path, tokenizer, share)


def test_a_window_keeps_its_shape_and_who_is_who(tmp_path: Path, tokenizer: Tokenizer) -> None:
    exchange = make_exchange(
        tmp_path, tokenizer, 'names = ["mary", "anna", "olga", "nobody"]\nplaces = ["rome", "oslo"]'
    )
    texts = ["mary said", "anna in rome said", "mary in oslo", "romeville"]
    window = [tokenizer.encode(text).ids for text in texts]
    torch.manual_seed(3)
    drawn = [[[WORDS[i] for i in ids] for ids in exchange(window)] for _ in range(20)]
    for (name, _), (other, _, place, said), (again, _, place_2), (begun, _) in drawn:
        assert name == again != other
        assert {name, other} <= {"mary", "anna", "olga"}
        assert {place, place_2} == {"rome", "oslo"}
        assert (said, begun) == ("said", "rome")  # "romeville" is no Rome
    assert len({words[0][0] for words in drawn}) == 3


def test_the_share_decides_how_often(tmp_path: Path, tokenizer: Tokenizer) -> None:
    window = [tokenizer.encode("mary said").ids]
    for share, most in ((0.0, 0), (1.0, 100)):
        exchange = make_exchange(tmp_path, tokenizer, 'names = ["mary", "anna"]', share)
        assert sum(exchange(window) != window for _ in range(100)) <= most
    assert sum(exchange(window) != window for _ in range(100)) > 20


@pytest.mark.parametrize("text", ['names = ["mary"]', "names = 3", "names = [", 'names = ["unheard", "of"]'])
def test_a_list_of_no_use_is_refused(tmp_path: Path, tokenizer: Tokenizer, text: str) -> None:
    with pytest.raises(RecipeError, match=r"words\.toml"):
        make_exchange(tmp_path, tokenizer, text)


def test_tokenizers_that_mark_continuations_otherwise_are_refused(tmp_path: Path) -> None:
    tokenizer = Tokenizer(models.WordPiece({"[UNK]": 0, "mary": 1, "anna": 2}, unk_token="[UNK]"))
    with pytest.raises(RecipeError, match="##"):
        make_exchange(tmp_path, tokenizer, 'names = ["mary", "anna"]')


def test_no_shipped_word_has_two_classes() -> None:
    counts = Counter(word for words in tomllib.loads(SHIPPED.read_text(encoding="utf-8")).values() for word in words)
    assert counts.most_common(1)[0][1] == 1
    assert all(word == word.lower().strip() for word in counts)
