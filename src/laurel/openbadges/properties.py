"""What a key of a document stands for under one active context, compiled once and kept with the context."""

from laurel.openbadges.faults import DocumentRefused
from laurel.openbadges.jsonld import KEYWORDS, Context, Term
from laurel.openbadges.terms import DOUBLE, absolute_iri, datatype_suffix, language_tag

# What a key of a document is, in the order in which the walk asks.
LITERAL, CHECKED_TEXT, LINK, VOCABULARY, JSON_LITERAL, KEYWORD = range(6)


class Property:
    """A key of a document under one active context: the predicate it stands for and how its values are read."""

    __slots__ = ("as_graph", "as_list", "by_language", "datatype", "keyword", "kind", "predicate", "suffix", "term")

    def __init__(self, kind: int, *, predicate: str = "", suffix: str = "", keyword: str = "") -> None:
        self.kind, self.predicate, self.suffix, self.keyword = kind, predicate, suffix, keyword
        self.as_list = self.as_graph = self.by_language = False
        self.term: Term | None = None
        self.datatype: str | None = None


def compile_property(context: Context, key: str) -> Property:
    """What `key` stands for. Raises DocumentRefused for what a verifier could drop or read otherwise."""
    term = context.terms.get(key)
    if key in KEYWORDS or (term is not None and term.iri in KEYWORDS):
        keyword = key if key in KEYWORDS else str(term.iri if term else "")
        if keyword not in {"@id", "@type", "@context", "@index"}:
            raise DocumentRefused(f"{keyword} is not supported in a credential", field="", value=key)
        return Property(KEYWORD, keyword=keyword)
    if term is None:
        if key in context.terms:
            raise DocumentRefused("the context gives this term no meaning", field="", value=key)
        prop = Property(LITERAL, predicate=absolute_iri(_expand_key(context, key)))
        prop.suffix = f"@{context.language}" if context.language else ""
        return prop
    if term.reverse or term.nest is not None or not term.container <= {"@set", "@list", "@graph", "@language"}:
        raise DocumentRefused("the context uses a kind of term that is not supported here", field="", value=key)
    kinds = {"@id": LINK, "@vocab": VOCABULARY, "@json": JSON_LITERAL}
    prop = Property(kinds.get(term.type or "", LITERAL), predicate=absolute_iri(term.iri or ""))
    prop.term = term
    prop.as_list, prop.as_graph = "@list" in term.container, "@graph" in term.container
    prop.by_language = "@language" in term.container
    if term.type is not None and term.type not in {"@id", "@vocab", "@json", "@none"}:
        prop.datatype = prop.suffix = datatype_suffix(absolute_iri(term.type))
        prop.kind = CHECKED_TEXT if prop.suffix in {"", DOUBLE} else prop.kind
    elif term.type is None:
        language = term.language if isinstance(term.language, str) else context.language
        if language and term.language is not None:
            prop.suffix = f"@{language_tag(language)}"
    if isinstance(term.direction, str):
        raise DocumentRefused("@direction is not supported", field="", value=key)
    return prop


def _expand_key(context: Context, key: str) -> str:
    if ":" in key:
        return expand_compact(context, key)
    if context.vocab is not None:
        return context.vocab + key
    raise DocumentRefused("the term is not defined by the contexts, so it would not be signed", field="", value=key)


def expand_compact(context: Context, value: str) -> str:
    """A compact IRI written out; anything else as it is."""
    prefix, _, suffix = value.partition(":")
    if not suffix.startswith("//"):
        term = context.terms.get(prefix)
        if term is not None and term.prefix and term.iri is not None:
            return term.iri + suffix
    return value


def expand_vocabulary(context: Context, value: str) -> str:
    """What a type or a value of the vocabulary stands for. Raises DocumentRefused."""
    if value in context.terms:
        term = context.terms[value]
        if term is None or term.iri is None or term.iri in KEYWORDS:
            raise DocumentRefused("the context gives this value no meaning", field="", value=value[:200])
        return term.iri
    if ":" in value:
        return expand_compact(context, value)
    if context.vocab is not None:
        return context.vocab + value
    raise DocumentRefused("the contexts do not define this type or value", field="", value=value[:200])
