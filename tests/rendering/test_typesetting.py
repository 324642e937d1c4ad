import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laurel.rendering import bidi, builtin_designs, bundled_fonts
from laurel.rendering.attributes import fill, translated
from laurel.rendering.model import Curve, Text
from laurel.rendering.svg import baselines, line_start
from laurel.rendering.typeset import set_text
from tests.rendering.samples import LONG_NAME, SCRIPTS, fields

LETTERS = st.text(
    st.sampled_from("aWi ée\u0301ñЖщλ山田カナ한국محمدبنשלוםहिन्दीক্ষไทยก้🔥👩\u200d🚀.,-()'\u00a0\n\u200f1234"),
    max_size=120,
)


def a_text(**members) -> Text:
    return Text(**({"x": 10, "y": 20, "width": 200, "height": 50, "size": 30, "content": ""} | members))


def setting_of(text, node, language="en"):
    return set_text(text, node, language, bundled_fonts())


def assert_inside(node, setting):
    for line, baseline in zip(setting.lines, baselines(node, setting), strict=True):
        start = line_start(node, line, setting.size)
        assert start + min(line.left, 0) * setting.size >= -0.01
        assert start + max(line.right, line.advance) * setting.size <= node.width + 0.01
        assert -0.2 * setting.size <= baseline <= node.height + 0.2 * setting.size


@settings(max_examples=150, deadline=None)
@given(
    LETTERS,
    st.floats(20, 600),
    st.floats(8, 200),
    st.integers(1, 4),
    st.sampled_from(["left", "center", "right"]),
    st.sampled_from(["sans", "serif", "script", "text"]),
)
def test_no_text_ever_leaves_its_box(text, width, height, lines_max, align, font):
    node = a_text(width=width, height=height, lines_max=lines_max, align=align, font=font, size_min=5)
    setting = setting_of(text, node)
    assert len(setting.lines) <= lines_max
    assert setting.size <= 30
    assert_inside(node, setting)


@pytest.mark.parametrize("name", [LONG_NAME, "W" * 120, "山" * 60, *SCRIPTS.values()])
def test_every_built_in_design_keeps_every_name_inside_its_boxes(name):
    filled = fields(name, achievement__name=name, issuer__name=name)
    for design in builtin_designs().values():
        for node in design.nodes:
            if isinstance(node, Text) and not node.curve and (words := fill(translated(node.content, "en"), filled)):
                assert_inside(node, setting_of(words, node))


def test_a_long_name_is_whole_on_every_built_in_certificate():
    filled = fields(LONG_NAME)
    for design in builtin_designs().values():
        for node in design.nodes:
            if isinstance(node, Text) and "[recipient.name]" in node.content:
                assert setting_of(fill("[recipient.name]", filled), node).complete


def test_a_short_text_keeps_its_size():
    setting = setting_of("Ada", a_text())
    assert (setting.size, len(setting.lines)) == (30, 1)


def test_a_text_shrinks_a_little_before_it_wraps():
    node = a_text(width=200, height=120, lines_max=2, font="sans")
    assert len(setting_of("Data Analysis", node).lines) == 1
    assert len(setting_of("Applied Data Analysis", node).lines) == 2


def test_lines_come_out_even():
    node = a_text(width=700, height=200, lines_max=3, size=40, size_min=10)
    first, second = setting_of("A sentence that is a little longer than the line, by a word", node).lines
    assert abs(first.advance - second.advance) < 0.25 * first.advance


def test_a_text_that_cannot_fit_ends_in_an_ellipsis():
    node = a_text(width=60, size_min=20)
    setting = setting_of("Incomprehensibilities", node)
    assert not setting.complete
    assert setting.size == 20
    assert setting.lines[-1].text.endswith("…")


def test_a_word_wider_than_the_line_is_broken_rather_than_lost():
    setting = setting_of("Konstantinopolitanisch", a_text(width=130, height=100, lines_max=2, size_min=16, size=18))
    assert setting.complete
    assert "".join(line.text for line in setting.lines) == "Konstantinopolitanisch"


def test_a_name_on_a_curve_stays_within_its_sweep():
    node = a_text(size=40, size_min=4, curve=Curve(radius=100, sweep=90))
    (line,) = setting_of("The Royal International Institute", node).lines
    assert line.advance * setting_of("The Royal International Institute", node).size <= 100 * 3.1416 / 2


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_is_written_without_missing_glyphs(script):
    for font in ("sans", "serif", "script", "text"):
        (line,) = setting_of(SCRIPTS[script], a_text(width=900, font=font)).lines
        assert all(glyph.index for glyph in line.glyphs)
    assert bundled_fonts().missing_characters(SCRIPTS[script]) == ""


def test_characters_that_no_font_has_are_told():
    assert bundled_fonts().missing_characters("A ꔀ ꔁ ꔀ") == "ꔀꔁ"


def test_arabic_letters_join_and_run_from_right_to_left():
    (line,) = setting_of("محمد", a_text()).lines
    assert [glyph.cluster for glyph in line.glyphs] == [3, 2, 1, 0]
    isolated = {setting_of(letter, a_text()).lines[0].glyphs[0].index for letter in "محمد"}
    assert len({glyph.index for glyph in line.glyphs} - isolated) >= 3


def test_numbers_and_latin_inside_arabic_run_from_left_to_right():
    text = "صفحة 12 ABC"
    base = bidi.base_level(text)
    assert base == 1
    assert bidi.levels(text, base) == [1, 1, 1, 1, 1, 2, 2, 1, 2, 2, 2]
    assert bidi.levels("a 12 محمد 34 b", 0) == [0] * 5 + [1] * 5 + [2, 2] + [0, 0]


def test_runs_are_reordered_by_level():
    assert bidi.visual_order([0, 1, 0]) == [0, 1, 2]
    assert bidi.visual_order([1, 2, 1]) == [2, 1, 0]
    assert bidi.visual_order([0, 1, 2, 1, 0]) == [0, 3, 2, 1, 4]


def test_han_letters_take_the_forms_of_the_language():
    shapes = {
        language: setting_of("直骨今", a_text(), language).lines[0].glyphs
        for language in ("ja", "zh-Hans", "zh-Hant", "ko")
    }
    assert len({tuple(glyph.index for glyph in glyphs) for glyphs in shapes.values()}) >= 3


def test_katakana_and_korean_words_are_not_broken():
    japanese = setting_of("データサイエンス基礎講座", a_text(width=300, height=100, size=36, lines_max=2))
    assert [line.text for line in japanese.lines] == ["データサイエンス", "基礎講座"]
    korean = setting_of("데이터 분석 전문가 과정", a_text(width=200, height=100, size=36, lines_max=2))
    assert [line.text for line in korean.lines] == ["데이터 분석", "전문가 과정"]


@pytest.mark.parametrize("font", ["sans", "serif", "script", "text"])
def test_greek_words_are_written_in_one_typeface(font):
    """Fonts for Latin often have a few Greek letters for formulas; a word with only its π from there looks broken."""
    setting = setting_of("Ελένη Παπαδοπούλου", a_text(font=font, width=600))
    assert {glyph.face.family for line in setting.lines for glyph in line.glyphs} == {"Noto Sans"}
