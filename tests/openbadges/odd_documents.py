"""Documents of every odd shape that JSON-LD allows: few names, so that the same thing is often said twice."""

from hypothesis import strategies as st

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XSD = "http://www.w3.org/2001/XMLSchema#"
CONTEXT = {
    "@vocab": "https://example.org/v#",
    "id": "@id",
    "type": "@type",
    "xsd": XSD,
    "ex": "https://example.org/",
    "link": {"@type": "@id"},
    "word": {"@type": "@vocab"},
    "json": {"@type": "@json"},
    "double": {"@id": "ex:n", "@type": "xsd:double"},
    "float": {"@id": "ex:n", "@type": "xsd:float"},
    "integer": {"@id": "ex:n", "@type": "xsd:integer"},
    "string": {"@id": "ex:t", "@type": "xsd:string"},
    "plain": {"@id": "ex:t"},
    "number": {"@id": "ex:n"},
    "list": {"@id": "ex:l", "@container": "@list"},
    "set": {"@id": "ex:l", "@container": "@set"},
    "links": {"@id": "ex:l", "@type": "@id", "@container": "@list"},
    "german": {"@id": "ex:t", "@language": "DE"},
    "titles": {"@id": "ex:t", "@container": "@language"},
    "graph": {"@id": "ex:g", "@container": "@graph"},
    "kind": {"@id": f"{RDF}type", "@type": "@id"},
}
NUMBERS = st.sampled_from(
    [0, -0.0, 1, 1.0, -7, 1.5, 0.1, 0.30000000000000004, 1e15, 1e21, -1e25, 1e300, 123456.789, 1e-5, 2**53, 100]
)
TEXTS = st.one_of(
    st.sampled_from(["", "a", "1", "1.5E0", "true", "EN", "_:x", "\x85", "\u2028", "\x8d", "\n", "\\u0041", '"']),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
)
IDS = st.sampled_from(
    [
        "https://example.org/1",
        "https://example.org/2",
        "ex:1",
        "ex:a%20b",
        "urn:x:é",
        "urn:uuid:1",
        "https://example.org/\U0001f600",
        "https://example.org/a/../b",
        "HTTPS://EXAMPLE.org/",
        "_:x",
        "_:y",
        f"{RDF}nil",
    ]
)
TAGS = st.sampled_from(["de", "DE", "en-GB", "x"])
TYPED = st.sampled_from(["xsd:string", "xsd:double", "xsd:integer", "xsd:boolean", "xsd:date", f"{XSD}float", "@json"])
SCALARS = st.one_of(NUMBERS, st.booleans(), TEXTS)
VALUE_OBJECTS = st.one_of(
    st.builds(lambda v: {"@value": v}, SCALARS),
    st.builds(lambda v, t: {"@value": v, "@type": t}, SCALARS, TYPED),
    st.builds(lambda v, t: {"@value": v, "@language": t}, TEXTS, TAGS),
)
VALUES = st.one_of(SCALARS, VALUE_OBJECTS, st.none())
JSON_VALUES = st.one_of(SCALARS, st.lists(SCALARS, max_size=2), st.dictionaries(TEXTS, SCALARS, max_size=3))


TYPES = st.sampled_from(["A", "ex:B", "https://example.org/v#A"])
DOUBLES = st.one_of(NUMBERS, st.sampled_from(["1.5E0", "1.0E-1", "-7.0E0"]))
MEMBERS = dict.fromkeys(("float", "german", "integer", "list", "number", "plain", "set", "string"), VALUES)
MEMBERS |= {"double": DOUBLES, "kind": IDS, "link": IDS, "links": IDS, "type": TYPES}
MEMBERS |= {"json": JSON_VALUES, "word": st.sampled_from(["A", "b", "ex:c"])}
NESTED = ("graph", "link", "list", "part")
NAMES = sorted({*MEMBERS, *NESTED, "id", "titles"})


@st.composite
def odd_nodes(draw, depth=2):
    node = {}
    for name in draw(st.lists(st.sampled_from(NAMES), max_size=8, unique=True)):
        if name == "id":
            node["id"] = draw(IDS)
        elif name == "titles":
            node["titles"] = draw(st.dictionaries(TAGS, st.lists(TEXTS, max_size=2), max_size=2))
        elif name in NESTED and (name not in MEMBERS or draw(st.booleans())):
            node[name] = draw(st.lists(odd_nodes(depth - 1), max_size=3)) if depth else []
        else:
            node[name] = draw(st.one_of(MEMBERS[name], st.lists(MEMBERS[name], max_size=3)))
    return node


ODD_DOCUMENTS = odd_nodes().map(lambda node: {"@context": CONTEXT, **node})


def odd(**members):
    return {"@context": CONTEXT, "id": "urn:x:1", **members}


EMPTY_LISTS = [{"id": "urn:x:2", "list": []}, {"id": "urn:x:2", "list": []}]
# What processors that verifiers run read differently from one another, or not at all, and the reason that is given.
REFUSED = {
    "an empty list of one thing twice": (odd(part=EMPTY_LISTS), "the same statement twice"),
    "one JSON literal twice": (
        odd(part=[{"id": "urn:x:2", "json": {"a": 1}}, {"id": "urn:x:2", "json": {"a": 1}}]),
        "the same statement twice",
    ),
    "a number and its text": (
        odd(number=5, integer="5"),
        "the same statement twice",
    ),
    "a number under two terms": (odd(number=-7, integer=-7), "the same statement twice"),
    "text with and without its type": (odd(plain="a", string="a"), "the same statement twice"),
    "a type as type and as property": (odd(type="ex:B", kind="ex:B"), "the same statement twice"),
    "equal neighbours in a list": (odd(list=["b", "", "", "a"]), "give up telling apart"),
    "text of a double in other words": (odd(double="1.5"), "canonical form"),
    "text of a double that is no number": (odd(double="much"), "canonical form"),
    "text of a double without end": (odd(double="INF"), "canonical form"),
    "zero below zero": (odd(double=-0.0), "close to zero"),
    "a graph that says nothing": (odd(graph={"id": "urn:x:2"}), "nothing is said"),
    "nothing": (odd(), "nothing is said"),
}
# What was read in another way than by them before.
READ = {
    "no value for a list": (odd(list=None, plain="a"), '<urn:x:1> <https://example.org/t> "a" .\n'),
    "a list of no value": (
        odd(list=[None]),
        f"<urn:x:1> <https://example.org/l> <{RDF}nil> .\n",
    ),
    "a number as text": (odd(string=5), '<urn:x:1> <https://example.org/t> "5" .\n'),
    "a number of type text": (
        odd(number={"@value": 0, "@type": "xsd:string"}),
        '<urn:x:1> <https://example.org/n> "0" .\n',
    ),
    "yes as text": (odd(string=True), '<urn:x:1> <https://example.org/t> "true" .\n'),
    "a number of type double": (odd(double=3), f'<urn:x:1> <https://example.org/n> "3.0E0"^^<{XSD}double> .\n'),
    "two lists of the same members": (
        odd(part=[{"id": "urn:x:2", "list": ["A", "B"]}, {"id": "urn:x:3", "list": ["A", "B"]}]),
        (
            "<urn:x:1> <https://example.org/v#part> <urn:x:2> .\n"
            "<urn:x:1> <https://example.org/v#part> <urn:x:3> .\n"
            "<urn:x:2> <https://example.org/l> _:c14n1 .\n"
            "<urn:x:3> <https://example.org/l> _:c14n0 .\n"
            f'_:c14n0 <{RDF}first> "A" .\n'
            f"_:c14n0 <{RDF}rest> _:c14n3 .\n"
            f'_:c14n1 <{RDF}first> "A" .\n'
            f"_:c14n1 <{RDF}rest> _:c14n2 .\n"
            f'_:c14n2 <{RDF}first> "B" .\n'
            f"_:c14n2 <{RDF}rest> <{RDF}nil> .\n"
            f'_:c14n3 <{RDF}first> "B" .\n'
            f"_:c14n3 <{RDF}rest> <{RDF}nil> .\n"
        ),
    ),
    "two nameless parts beside an emoji and a private character": (
        {
            "@context": CONTEXT,
            "link": [{"plain": "1"}, {"plain": "2"}],
            "number": "\U0001f600",
            "string": "\ue000",
            "word": "w1",
        },
        (
            '_:c14n0 <https://example.org/t> "1" .\n'
            '_:c14n1 <https://example.org/n> "\U0001f600" .\n'
            '_:c14n1 <https://example.org/t> "\ue000" .\n'
            "_:c14n1 <https://example.org/v#link> _:c14n0 .\n"
            "_:c14n1 <https://example.org/v#link> _:c14n2 .\n"
            "_:c14n1 <https://example.org/v#word> <https://example.org/v#w1> .\n"
            '_:c14n2 <https://example.org/t> "2" .\n'
        ),
    ),
}
