"""Recipes that put the claims of a set of deep-learning notes to the test."""
