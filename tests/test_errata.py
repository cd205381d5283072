"""The page of errata says what the published verdicts say."""

import re
from pathlib import Path

from recipes.lab import verdicts

PAGE = Path(__file__).parents[1] / "docs" / "errata.md"
ROW = re.compile(r"^\| ([\d ]+) \| (.+) \| (.+) \| \[`(.+)`\]\(verdicts.md#(.+)\) \|$")
ROWS = [found.groups() for line in PAGE.read_text("utf-8").splitlines()
        if (found := ROW.match(line))]  # fmt: skip
PUBLISHED = {row["id"]: row for row in verdicts()}


def test_each_row_is_a_claim_that_failed_at_least_in_part():
    assert len(ROWS) > 50
    assert len({row[3] for row in ROWS}) == len(ROWS)
    for notes, _, _, id, anchor in ROWS:
        assert anchor == id
        assert PUBLISHED[id]["notes"] == notes
        assert PUBLISHED[id]["verdict"] in ("refuted", "conditional"), id


def test_no_definition_or_formula_that_was_refuted_is_missing():
    wrong = {
        id
        for id, row in PUBLISHED.items()
        if row["says"] == "is"
        and row["verdict"] == "refuted"
        and row["notes"] != "ours"
    }
    assert wrong <= {row[3] for row in ROWS}
