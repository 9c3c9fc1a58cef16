"""What people wrote into an annotation file, and the annotated articles that it makes.

A marked statement becomes a small article of its own: its text is the statement with those around it, of which it alone
carries codes. So nothing is claimed about statements that nobody was asked about, and training reads the text in front
of it as context, as it does in front of every annotated passage.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from claimbasis.codebook import NONE, Codebook
from claimbasis.corpus.annotated import PART_OF
from claimbasis.corpus.label_studio import read_export
from claimbasis.corpus.questions import Question
from claimbasis.corpus.tables import Table
from claimbasis.errors import CorpusError
from claimbasis.text.spreadsheet import unguard_cell


@dataclass(slots=True)
class Answers:
    """All answers of some files."""

    codes: dict[Question, str] = field(default_factory=dict)
    places: dict[Question, str] = field(default_factory=dict)  # where each was answered first
    n_empty: int = 0  # rows without an answer
    n_repeated: int = 0  # rows that say again what another said

    def to_rows(self) -> Iterator[dict[str, Any]]:
        """Annotated articles, one an answered statement; `id` is that of the article with the statement's index."""
        for question, codes in self.codes.items():
            start = len(question.before) + 1 if question.before else 0
            yield {
                "id": f"{question.article_id}#{question.index}",
                PART_OF: question.article_id,
                "text": " ".join(filter(None, (question.before, question.text, question.after))),
                "statements": [{"start": start, "end": start + len(question.text), "codes": codes}],
            }


def read_answers(paths: Iterable[Path], codebook: Codebook) -> Answers:
    """The answers in annotation files; rows without one are counted.

    Args:
        paths: What `claimbasis corpus ask` wrote and people filled in (.jsonl, .csv), or exports of Label Studio (.json).
        codebook: The labels and codes that may be written.

    Raises:
        CorpusError: A file cannot be read; a label is unknown; words of a question were changed; two answers differ.
    """
    answers = Answers()
    for place, row in (found for path in paths for found in _read(path)):
        try:
            question, labels = _parse_question(row)
            codes = parse_labels(labels, codebook)
        except CorpusError as error:
            raise CorpusError(f"{place}: {error}") from error
        _add(answers, question, codes, place)
    return answers


def _add(answers: Answers, question: Question, codes: str | None, place: str) -> None:
    known = answers.codes.get(question)
    if codes is None:
        answers.n_empty += 1
    elif known is None:
        answers.codes[question], answers.places[question] = codes, place
    elif set(known) == set(codes):
        answers.n_repeated += 1
    else:
        raise CorpusError(
            f"{place}: says {codes or NONE} of a statement of which {answers.places[question]} says {known or NONE}; settle it, and leave "
            "one of them empty (claimbasis corpus agreement lists such statements of files that were read one by one)"
        )


def parse_labels(value: Any, codebook: Codebook) -> str | None:  # noqa: ANN401  # whatever the file holds
    """Codes of an answer: names of labels or codes, their short names or letters, in any case, the main one first.

    Args:
        value: A list, or text with commas, semicolons, bars or line breaks between names; "none" for none of them.
        codebook: What may be written.

    Returns:
        Letters as in annotated articles; None where nothing was written.

    Raises:
        CorpusError: A word is unknown, or "none" stands beside others.
    """
    words = value if isinstance(value, list) else re.split(r"[,;|\n]", str(value or ""))
    found = [code for word in words if str(word).strip() for code in _find_codes(str(word).strip(), codebook)]
    codes = list(dict.fromkeys(found))
    if codebook.code_of_none in codes and len(codes) > 1:
        raise CorpusError(f"labels {value!r} name {NONE!r} beside others; leave out the one or the others")
    return "".join(codes) if codes else None


def _find_codes(word: str, codebook: Codebook) -> list[str]:
    names = {code.casefold(): code for code in codebook.codes} | {NONE: codebook.code_of_none}
    names |= {name.casefold(): code for code, name in codebook.other_codes.items()}
    names |= {name.casefold(): label.code for label in codebook.labels for name in (label.name, label.short)}
    # The name itself, names with blanks between them as in our tables, or letters in a row as in annotated articles.
    for pieces in ([word], word.split(), list(word)):
        # A letter as it stands comes first: a codebook may tell "a" from "A".
        found = [piece if piece in codebook.codes else names.get(piece.casefold()) for piece in pieces]
        if None not in found:
            return [code for code in found if code is not None]
    allowed = [f"{label.name} ({label.code})" for label in codebook.labels]
    allowed += [f"{name} ({code})" for code, name in codebook.other_codes.items()]
    raise CorpusError(
        f"label {word!r} is not in codebook {codebook.version}; write one or more of {', '.join(allowed)}, or {NONE}"
    )


def _parse_question(row: dict[str, Any]) -> tuple[Question, Any]:
    """The question, and what stands in its place for labels."""
    try:
        # Spreadsheets and people add blanks at the ends of cells; they are no change.
        texts = {name: " ".join(str(row[name] or "").split()) for name in ("before", "text", "after")}
        question = Question(str(row["article_id"]), int(row["index"]), **texts)
        known, labels = str(row["hash"]), row["labels"]
    except (KeyError, TypeError, ValueError) as error:
        raise CorpusError(
            f"no row of an annotation file ({error!r}); needed are labels, article_id, index, before, text, after and hash, as "
            "claimbasis corpus ask writes them"
        ) from error
    if question.fingerprint != known:
        raise CorpusError(
            f"words, id or index of the question were changed (article {question.article_id!r}, statement {question.index}); "
            "only labels may be. Copy the row from the file as it was asked, and save spreadsheets as CSV in UTF-8"
        )
    return question, labels


def _read(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Places and rows of an annotation file, in whatever encoding and with whatever delimiter it was saved."""
    if path.suffix == ".json":
        yield from read_export(path)
        return
    for row in Table(path):
        place = f"{path}:{row.line}"
        if row.reason:
            raise CorpusError(f"{place}: {row.reason}")
        is_csv = path.name.endswith((".csv", ".tsv"))
        yield place, {name: unguard_cell(value) if is_csv else value for name, value in row.values.items()}
