"""Every statement of the notes has a claim, or a line that says why it has none."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from recipes.lab import catalog
from recipes.lab.catalog.renamed_claims import RENAMED, current_id

LIST = Path(__file__).with_name("catalogue_ids.txt")
NOTED = 373, 60  # statements of the chapters; statements that were added to them


class Entry(NamedTuple):
    """What became of a noted statement."""

    id: str
    chapter: str
    claim: str = ""  # the id of the claim that has the statement, if one has
    parts: tuple[str, ...] = ()  # other claims that have parts of it
    recipe: str = ""  # that is being built
    reason: str = ""  # why no machine decides it


def names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def read(text: str) -> list[Entry]:
    """The entries of the list, whose signs its head explains."""
    entries, chapter = [], ""
    for line in text.splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            chapter = line.strip("[]")
            continue
        id, sign, rest = (*re.split(r" (->|\+|=|@|\?) ", line, maxsplit=1), "", "")[:3]
        if sign == "@":
            entry = Entry(id, chapter, recipe=rest)
        elif sign == "?":
            entry = Entry(id, chapter, reason=rest)
        elif sign == "=":
            entry = Entry(id, chapter, parts=names(rest))
        elif sign == "->":
            claim, _, parts = rest.partition(" + ")
            entry = Entry(id, chapter, claim, names(parts))
        else:
            entry = Entry(id, chapter, id, names(rest))
        entries.append(entry)
    return entries


ENTRIES = read(LIST.read_text(encoding="utf-8"))
CLAIMS = {
    id: claim
    for recipe in catalog.recipes().values()
    for lesson in recipe.lessons
    for id, claim in lesson.claims.items()
}
RECIPES = {name for name, recipe in catalog.recipes().items() if recipe.lessons}


def test_the_signs_of_the_list():
    found = read(
        "# x\n[1 One]\na\nb -> c\nd + e, f\ng = h\ni @ r\nj ? why = so\nk -> l + m"
    )
    assert [entry.claim for entry in found] == ["a", "c", "d", "", "", "", "l"]
    assert [entry.parts for entry in found] == [
        (), (), ("e", "f"), ("h",), (), (), ("m",)
    ]  # fmt: skip
    assert (found[4].recipe, found[5].reason) == ("r", "why = so")
    assert {entry.chapter for entry in found} == {"1 One"}


def test_every_noted_statement_is_listed_once():
    sections = [entry.chapter.split()[0] for entry in ENTRIES]
    added, further = sections.count("statements"), sections.count("further")
    assert (len(ENTRIES) - added - further, added) == NOTED
    assert len({entry.id for entry in ENTRIES}) == len(ENTRIES)


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.id for entry in ENTRIES])
def test_every_noted_statement_has_a_claim(entry):
    if entry.recipe:
        assert entry.id not in CLAIMS, "it has a claim: take the mark '@' away"
        lacks = f"the recipe {entry.recipe} is here and lacks it"
        assert entry.recipe not in RECIPES, lacks
        return
    if entry.reason:
        assert entry.id not in CLAIMS, "it has a claim: take the mark '?' away"
        assert len(entry.reason.split()) >= 4, "say why no machine decides it"
        return
    wanted = [name for name in (entry.claim, *entry.parts) if name]
    assert wanted
    missing = [name for name in wanted if name not in CLAIMS]
    assert not missing, f"no claim has the id {', '.join(missing)}"
    if entry.claim not in ("", entry.id):
        assert current_id(entry.id) == entry.claim, "renamed_claims.py lacks it"


def test_every_claim_is_a_noted_statement_or_ours():
    listed = {name for entry in ENTRIES for name in (entry.claim, *entry.parts)}
    own = {id for id, claim in CLAIMS.items() if claim.notes == "ours"}
    unlisted = sorted(set(CLAIMS) - listed - own)
    assert not unlisted, f"{LIST.name} lacks {', '.join(unlisted)}"


def test_no_earlier_name_is_in_use():
    assert not set(RENAMED) & set(CLAIMS)
    assert set(RENAMED.values()) <= set(CLAIMS)
