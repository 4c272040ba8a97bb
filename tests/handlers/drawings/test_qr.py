"""QR codes: the picture holds the link, large enough and with its rim."""

from io import BytesIO

import pytest
import segno
from PIL import Image

from handlers.drawings.qr import qr_code, qr_matrix

LINKS = ["https://t.me/qurmet_bot?start=c_AB12", "https://t.me/qurmet_bot?start=" + "v" * 64]


@pytest.mark.parametrize("link", LINKS)
def test_the_picture_holds_the_link(link: str) -> None:
    picture = Image.open(BytesIO(qr_code(link))).convert("L")
    wanted = segno.make_qr(link, error="m").matrix
    assert picture.width == picture.height >= 600
    module = picture.width / (len(wanted) + 8)
    middles = [int((place + 0.5) * module) for place in range(len(wanted) + 8)]
    seen = [[picture.getpixel((x, y)) == 0 for x in middles] for y in middles]
    assert [row[4:-4] for row in seen[4:-4]] == [list(map(bool, row)) for row in wanted]
    rim = [row[:4] + row[-4:] for row in seen] + seen[:4] + seen[-4:]
    assert not any(any(row) for row in rim)


def test_the_code_survives_a_smudge() -> None:
    code = segno.make_qr(LINKS[0], error="m")
    assert code.error in {"M", "Q", "H"}
    assert qr_matrix(LINKS[0]) == [list(map(bool, row)) for row in code.matrix]
    assert qr_matrix(LINKS[0]) != qr_matrix(LINKS[1])
