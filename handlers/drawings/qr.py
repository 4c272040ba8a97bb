"""QR codes: a link that is opened by pointing a camera at it."""

from io import BytesIO

QUIET = 4
"""The empty rim around a code that readers need, in modules."""
_SIDE = 600


def qr_matrix(link: str) -> list[list[bool]]:
    """The modules of the code of a link, row by row, without the rim; True is dark.

    It can be read with 15 % of it covered (level M), more where the size allows it.
    """
    from segno import make_qr

    return [[bool(module) for module in row] for row in make_qr(link, error="m").matrix]


def qr_code(link: str) -> bytes:
    """The code of a link as PNG: a square of at least 600 pixels, with its rim, for a screen or a wall."""
    from segno import make_qr

    code = make_qr(link, error="m")
    target = BytesIO()
    side, _ = code.symbol_size(border=QUIET)
    code.save(target, kind="png", scale=-(-_SIDE // side), border=QUIET)
    return target.getvalue()
