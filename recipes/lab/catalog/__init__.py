"""What there is, read from source with `ast`: recipes, their claims and settings."""

from recipes.lab.catalog.reader import HEADER_KEYS, ROOT, Recipe, find, read, recipes

__all__ = ["HEADER_KEYS", "ROOT", "Recipe", "find", "read", "recipes"]
