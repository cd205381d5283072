"""What there is, read from source with `ast`: recipes, their claims and settings."""

from recipes.lab.catalog.claim import Claim
from recipes.lab.catalog.lessons import Lesson
from recipes.lab.catalog.reader import (
    HEADER_KEYS,
    ROOT,
    Recipe,
    find,
    find_claim,
    read,
    recipes,
)

__all__ = [
    "HEADER_KEYS",
    "ROOT",
    "Claim",
    "Lesson",
    "Recipe",
    "find",
    "find_claim",
    "read",
    "recipes",
]
