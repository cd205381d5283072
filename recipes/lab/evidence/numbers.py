"""Numbers as a reader writes them: 4,170 in place of 4.17e+03."""

import re

from recipes.lab.errors import in_singular

# Up to a million; larger ones, and small ones, are read more easily by their exponent.
EXPONENT = re.compile(r"(?<![\w.,])(\d(?:\.(\d+))?)e\+0([0-5])(?!\d)")


def digits(value: float, sign: str = "") -> str:
    """Returns a number with three digits; one that is not finite as "inf" or "nan".

    Args:
        value: The number.
        sign: "+" where a number above 0 has its sign, too.
    """
    return thousands(f"{value:{sign}.3g}")


def times(ratio: float) -> str:
    """Returns a ratio with three digits: "1.00", so that "times" may follow."""
    told = digits(ratio)
    return "1.00" if told == "1" else told


def thousands(text: str) -> str:
    """Returns a text without exponents from 0 to 5: "1.5e+04" becomes "15,000"."""
    return EXPONENT.sub(_without_exponent, text)


def readable(text: str) -> str:
    """Returns a sentence with "1 epoch", and with 4,170 in place of 4.17e+03."""
    return in_singular(thousands(text))


def _without_exponent(found: re.Match) -> str:
    number, decimals, exponent = found.groups()
    places = max(0, len(decimals or "") - int(exponent))
    return f"{float(number) * 10 ** int(exponent):,.{places}f}"
