from claimbasis.inference.introductions import find_first_mentions


def test_names_lead_to_the_first_statement_that_had_them() -> None:
    found = find_first_mentions([
        "Tim Rock, spokesman for the agency, said roads were closed.",
        "The storm hit Harlow on Friday.",
        "“We have lost towns,” Mr. Rock’s deputy said in Harlow.",
        "Rock agreed. The agency did not.",
    ])  # fmt: skip
    assert found == [{}, {}, {"Rock": 0, "Harlow": 1}, {"Rock": 0}]


def test_words_that_the_article_also_writes_small_are_no_names() -> None:
    found = find_first_mentions(
        ["The mayor spoke. Aides of Mayor Ann Lee met the press.", "The Mayor and aides left.", "Lee too."]
    )
    assert found == [{}, {}, {"Lee": 0}]
    assert find_first_mentions([]) == []
