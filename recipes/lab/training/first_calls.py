"""How long compiled programs took at their first calls, in this process."""

SECONDS: list[float] = []  # a first call traces and compiles
