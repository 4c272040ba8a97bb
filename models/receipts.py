"""Receipt codes: 12 digits, the last a check digit, read aloud alike in every language.

Digits only, because a Latin letter is not read the same way in Kazakh, Russian and English. The check digit
(Damm's) catches every single wrong digit and every swap of two neighbours.
"""

import secrets

from stdnum import damm

_RANDOM_DIGITS = 11


def new_receipt() -> str:
    """A fresh code: 12 digits without separators."""
    digits = f"{secrets.randbelow(10**_RANDOM_DIGITS):0{_RANDOM_DIGITS}d}"
    return digits + str(damm.calc_check_digit(digits))


def show_receipt(code: str) -> str:
    """The code as people see it: three groups of four, "4821-5503-9174"."""
    return "-".join(code[i : i + 4] for i in range(0, len(code), 4))


def read_receipt(typed: str) -> str | None:
    """The code that somebody typed, with whatever spaces and dashes; None if it can't be one."""
    digits = "".join(str(int(sign)) for sign in typed if sign.isdecimal())
    return digits if len(digits) == _RANDOM_DIGITS + 1 and damm.is_valid(digits) else None
