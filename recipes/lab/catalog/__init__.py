"""What there is, read from source with `ast`: recipes, their claims and settings."""

from recipes.lab.catalog.claim import Claim
from recipes.lab.catalog.lessons import Lesson
from recipes.lab.catalog.lookup import ROOT, broken, find, find_claim, named, recipes
from recipes.lab.catalog.reader import HEADER_KEYS, Recipe, read

__all__ = [
    "HEADER_KEYS",
    "ROOT",
    "Claim",
    "Lesson",
    "Recipe",
    "broken",
    "find",
    "find_claim",
    "named",
    "read",
    "recipes",
]
