import base64

import pytest

from laurel.web.callers import Spelling, presented_key

EVERY = ~Spelling(0)


def basic(text):
    return b"Basic " + base64.b64encode(text.encode())


@pytest.mark.parametrize(
    ("header", "value"),
    [
        (b"authorization", b"Bearer lrl_k"),
        (b"authorization", b"bearer   lrl_k "),
        (b"authorization", b"Token token=lrl_k"),
        (b"authorization", b'Token token="lrl_k"'),
        (b"authorization", b'Token token="lrl_k", nonce="x"'),
        (b"authorization", b"Token lrl_k"),
        (b"authorization", basic("anybody:lrl_k")),
        (b"authorization", basic("lrl_k:")),
        (b"x-api-token", b"lrl_k"),
        (b"x-api-token", b"Bearer lrl_k"),
        (b"apikey", b"lrl_k"),
        (b"APIKey", b"lrl_k"),
    ],
)
def test_every_spelling_is_read(header, value):
    assert presented_key([(header, value)], b"", EVERY) == "lrl_k"


@pytest.mark.parametrize("query", [b"apikey=lrl_k", b"a=1&apiKey=lrl_k", b"APIKEY=lrl_k&source=x"])
def test_a_key_in_the_query_is_read_in_any_case(query):
    assert presented_key([], query, Spelling.APIKEY_QUERY) == "lrl_k"


@pytest.mark.parametrize(
    ("header", "value", "spelling"),
    [
        (b"authorization", b"Bearer lrl_k", Spelling.BEARER),
        (b"authorization", b"Token lrl_k", Spelling.TOKEN),
        (b"authorization", basic("a:lrl_k"), Spelling.BASIC),
        (b"x-api-token", b"lrl_k", Spelling.X_API_TOKEN),
        (b"apikey", b"lrl_k", Spelling.APIKEY_HEADER),
    ],
)
def test_a_spelling_that_the_surface_does_not_allow_is_not_read(header, value, spelling):
    assert presented_key([(header, value)], b"apikey=lrl_k", EVERY & ~spelling & ~Spelling.APIKEY_QUERY) is None


@pytest.mark.parametrize(
    "value", [b"", b"Bearer", b"Bearer ", b"Token token=", b"Basic !!!", b"Basic /w==", b"Digest x"]
)
def test_what_is_no_key_gives_none(value):
    assert not presented_key([(b"authorization", value)], b"", EVERY)
