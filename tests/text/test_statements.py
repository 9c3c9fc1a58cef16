from __future__ import annotations

import itertools

import pytest
import sentencex
from splitting_cases import CASES, JOIN

from claimbasis import split_statements


@pytest.mark.parametrize("name", CASES)
def test_hard_cases_are_cut_where_a_reader_would(name: str) -> None:
    assert [s.text for s in split_statements(JOIN.get(name, " ").join(CASES[name]).removeprefix("• "))] == CASES[name]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n\n ",
        "One. Two.\n\nThree",
        "Café “déjà vu”…  \r\n\r\nÜ. 😀 Smile now. Then go.",
        "x" * 5000,
        "A.B.C. " * 900,
    ],
)
def test_offsets_point_into_the_untouched_text_and_never_overlap(text: str) -> None:
    statements = split_statements(text)
    assert all(text[s.start : s.end] == s.text == s.text.strip() for s in statements)
    assert all(a.end <= b.start for a, b in itertools.pairwise(statements))
    assert [s.index for s in statements] == list(range(len(statements)))


def test_a_row_padded_with_blanks_takes_no_time() -> None:
    row = "Country     |  " * 30 + "Source of the number as the ministry told it"
    assert split_statements(row)[-1].text.endswith("ministry told it")


def test_no_letter_is_lost_from_a_text_without_full_stops() -> None:
    text = "word " * 3000
    assert "".join(s.text for s in split_statements(text)).replace(" ", "") == text.replace(" ", "")


def test_a_long_line_is_cut_behind_full_stops() -> None:
    statements = split_statements("The envoys left the hall. " * 4_000)
    assert {s.text for s in statements} == {"The envoys left the hall."}
    assert len(statements) == 4_000


def test_quotations_that_never_close_take_no_quadratic_time(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks: list[str] = []
    monkeypatch.setattr(sentencex, "get_sentence_boundaries", lambda _, block: blocks.append(block) or [])
    text = "“" * 20_000 + "''" * 5_000
    split_statements(text)
    assert "".join(blocks) == text
    assert max(block.count("“") + block.count("''") for block in blocks) == 1_000


def test_only_the_asked_part_is_read() -> None:
    text = "First one. Second one. Third one."
    assert [s.text for s in split_statements(text, start=11, end=22)] == ["Second one."]


@pytest.mark.parametrize(
    "line",
    [
        "Advertisement", "Read more: Ten things we learned", "Home | World | Politics | Sport", "Share this article",
        "© 2024 Northgate Media. All rights reserved.", "* * *", "Sign up for our newsletter", "We use cookies to improve this site.",
        "Subscribe now", "![chart](chart.png)", "3 min read", "-----",
    ],
)  # fmt: skip
def test_page_furniture_gives_no_statement(line: str) -> None:
    text = f"The bridge fell at noon.\n\n{line}\n\nNobody was hurt."
    assert [s.text for s in split_statements(text)] == ["The bridge fell at noon.", "Nobody was hurt."]


@pytest.mark.parametrize(
    "line",
    [
        "Sources say more talks are likely.",
        "Home secretary resigns",
        "Police | Army talks collapse after a raid on the village of Dor.",
    ],
)
def test_sentences_that_look_like_furniture_stay(line: str) -> None:
    assert [s.text for s in split_statements(line)] == [line]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_markdown_markup_is_no_part_of_statements(line_end: str) -> None:
    text = "---\ntitle: x\n---\n# Talks fail\n\n> He left.\n\n```python\ncode here.\n```\n\n* It rained.\n"
    statements = split_statements(text.replace("\n", line_end))
    assert [s.text for s in statements] == ["Talks fail", "He left.", "It rained."]


@pytest.mark.parametrize("opening", ["```", "``` python", "````", '```python title="x"', "```{r}"])
def test_code_is_hidden_and_nothing_around_it(opening: str) -> None:
    closing = "`" * (4 if opening == "````" else 3)
    code = f"{opening}\ncode here.\n{closing}\n\n"
    text = f"Talks fail.\n\n{code}The bridge fell.\n\n{code}Two sources said so.\n"
    assert [s.text for s in split_statements(text)] == ["Talks fail.", "The bridge fell.", "Two sources said so."]


@pytest.mark.parametrize("divider", ["~~~~~~~~", "~~~", "```"])
def test_a_divider_hides_nothing_behind_it(divider: str) -> None:
    text = f"The bridge fell.\n\n{divider}\n\nTwo sources said so.\n"
    assert [s.text for s in split_statements(text)] == ["The bridge fell.", "Two sources said so."]
