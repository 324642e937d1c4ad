import random

import pytest
import segno

from laurel.rendering.qr import cells_of


def as_segno_has_it(content: str, level: str) -> bytes:
    code = segno.make(content, error=level, micro=False, boost_error=False, mask=3)
    return b"".join(code.matrix)


@pytest.mark.parametrize("level", ["L", "M", "Q", "H"])
@pytest.mark.parametrize("length", [1, 8, 24, 60])
def test_a_composed_code_is_the_code(level, length):
    chance = random.Random(length)
    for number in range(60):
        content = f"https://laurel.example/c/{''.join(chance.choices('0123456789abcdef', k=length))}"
        cells, side = cells_of(content, level)
        assert cells == as_segno_has_it(content, level), number
        assert side * side == len(cells)


@pytest.mark.parametrize("content", ["0123456789", "HELLO WORLD 42", "https://exämple.org/ñ", "日本語", "a", "x\ty"])
def test_any_content_is_encoded(content):
    for _ in range(3):
        assert cells_of(content, "M")[0] == as_segno_has_it(content, "M")
