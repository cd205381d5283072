"""Recipes that put every claim of a set of deep-learning notes to the test."""


def __getattr__(name: str):
    if name == "__version__":
        from importlib.metadata import version

        return version("keras-proving-ground")
    raise AttributeError(f"module 'recipes' has no attribute '{name}'")
