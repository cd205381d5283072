"""The four verdicts, and the rule from conditions to a verdict, word by word."""

SUPPORTED, REFUTED = "supported", "refuted"
CONDITIONAL, INCONCLUSIVE = "conditional", "inconclusive"
NOT_JUDGED = "not judged"  # what a smoke run says of every claim
KINDS = (SUPPORTED, CONDITIONAL, REFUTED, INCONCLUSIVE)


def rule(says: str, holding: int, failing: int, undecided: int) -> str:
    """Returns the verdict for the numbers of conditions that hold, fail, stay open.

    1. Nothing is decided, or more is undecided than decided: inconclusive; but where
       the notes say "can" and one condition holds: supported.
    2. "can": supported where one holds, else refuted.
    3. "often" with both kinds: supported where at least four hold for each that
       fails, refuted where at least four fail for each that holds, else conditional.
    4. Else: supported where none fails ("is": and none is undecided, else
       inconclusive), refuted where none holds, else conditional.
    """
    decided = holding + failing
    if says == "can" and holding:
        return SUPPORTED
    if not decided or decided < undecided:
        return INCONCLUSIVE
    if says == "can":
        return REFUTED
    if says == "often" and holding and failing:
        if holding >= 4 * failing:
            return SUPPORTED
        return REFUTED if failing >= 4 * holding else CONDITIONAL
    if not failing:
        return INCONCLUSIVE if says == "is" and undecided else SUPPORTED
    return CONDITIONAL if holding else REFUTED
