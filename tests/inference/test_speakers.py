import numpy as np
import pytest

from claimbasis.inference.speakers import MEAN_SHARE, draw_together, group_by_source


def test_shared_names_make_one_source() -> None:
    sources = ["Tim Rock, spokesman for the Agency", None, "Rock", "Mr Rock", "Ann Lee", "Lee"]
    assert group_by_source(sources) == [[0, 2, 3], [4, 5]]


def test_adjectives_and_owners_are_no_names() -> None:
    sources = ["Russian sources", "Russian officials", "Lee's aides", "Lee", "the Kremlin"]
    assert group_by_source(sources) == []


def test_sources_without_names_share_their_words() -> None:
    assert group_by_source(["Two aides", "the officials", "two aides", "officials", "some"]) == [[0, 2], [1, 3]]


def test_whoever_is_close_to_somebody_is_somebody_else() -> None:
    assert group_by_source(
        ["Rock", "people close to Rock", "officials in Paris", "a diplomat in Paris", "Rock of Paris"]
    ) == [[0, 4]]


def test_pronouns_that_stand_for_nobody_known_are_nobody() -> None:
    assert group_by_source(["He", "he", "they", "They"]) == []


def test_a_title_is_no_name() -> None:
    assert group_by_source(["Mr Rock", "Mr Lee", "Gen Kim", "Gen Oh"]) == []


@pytest.mark.parametrize("n", [2, 6])
def test_groups_come_nearer_to_their_mean_and_others_stay(n: int) -> None:
    logits = np.random.default_rng(1).normal(size=(n + 1, 2)).astype(np.float32)
    group = list(range(1, n + 1))
    drawn = draw_together(logits, [group])
    assert drawn[0] == pytest.approx(logits[0])
    assert drawn[group].mean(axis=0) == pytest.approx(logits[group].mean(axis=0), abs=1e-6)
    spread = np.ptp(drawn[group], axis=0) / np.ptp(logits[group], axis=0)
    assert spread == pytest.approx(1 - MEAN_SHARE * n / (n + 2), abs=1e-4)
