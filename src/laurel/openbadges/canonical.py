"""From a JSON-LD document straight to canonical N-Quads, without the expansion in between.

Safe mode is always on: whatever a verifier could drop or invent (an undefined term or type, a relative id, a number
that JavaScript writes otherwise) is refused with its place in the document. Contexts are bundled, never fetched.
"""

import re
from typing import Any, Final

from laurel.base import limits
from laurel.openbadges.faults import DocumentRefused
from laurel.openbadges.jcs import canonical_json
from laurel.openbadges.jsonld import BUNDLED, KEYWORDS, Context, ContextLoader, Term
from laurel.openbadges.rdfc import Order, Quad, Work, canonical_text

RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_TYPE: Final = f"<{RDF}type>"
_FIRST, _REST, _NIL = f"<{RDF}first>", f"<{RDF}rest>", f"<{RDF}nil>"
_IRI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|\\^`\x7f-\x9f\s]*\Z")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*\Z")
_NEEDS_ESCAPE: Final = re.compile('[\x00-\x1f\x7f"\\\\]')
_SHORT: Final = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}
_ESCAPES: Final = {code: _SHORT.get(code, f"\\u{code:04X}") for code in (*range(32), 34, 92, 127)}
_COMPILED_MAX: Final = 4_000
_SAFE_INTEGER: Final = 2**53
_TINY: Final = 1e-6
_STEPS_PER_MEMBER: Final = 4
_STEPS_PER_CONTEXT: Final = 200

# What a key of a document is, in the order in which the walk asks.
LITERAL, LINK, VOCABULARY, JSON_LITERAL, KEYWORD = range(5)


def canonicalise(
    document: dict[str, Any],
    *,
    loader: ContextLoader = BUNDLED,
    order: Order = Order.CODE_POINTS,
    work: Work | None = None,
) -> str:
    """The canonical N-Quads (RDFC-1.0) of `document`. Raises DocumentRefused, ContextUnknown, WorkLimitReached.

    `work` is what may still be spent when several documents of one request share a budget.
    """
    work = work or Work()
    lines, quads = statements(document, loader=loader, order=order, work=work)
    return canonical_text(lines, quads, order=order, work=work)


def statements(
    document: dict[str, Any],
    *,
    loader: ContextLoader = BUNDLED,
    order: Order = Order.CODE_POINTS,
    work: Work | None = None,
) -> tuple[list[str], list[Quad]]:
    """The document's statements: finished lines without blank nodes, and quads with some. Raises as canonicalise."""
    if "@context" not in document:
        raise DocumentRefused("not a JSON-LD object with an @context", field="")
    walk = _Walk(loader, work or Work(), portable=order is Order.PORTABLE)
    walk.node(document, loader.initial, "", 0)
    return walk.lines, walk.quads


def literal(text: str) -> str:
    """`text` as the quoted part of an N-Quads literal. Raises DocumentRefused for a lone surrogate."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise DocumentRefused("text with a lone surrogate", field="", value=repr(text[:100])) from None
    if _NEEDS_ESCAPE.search(text):
        text = text.translate(_ESCAPES)
    return f'"{text}"'


def absolute_iri(value: str) -> str:
    """`value` as an N-Quads IRI. Raises DocumentRefused when it is relative or not well-formed."""
    if not _IRI.match(value):
        raise DocumentRefused("not an absolute IRI", field="", value=value[:200])
    return f"<{value}>"


class Property:
    """A key of a document under one active context: the predicate it stands for and how its values are read."""

    __slots__ = ("as_graph", "as_list", "by_language", "keyword", "kind", "predicate", "suffix", "term")

    def __init__(self, kind: int, *, predicate: str = "", suffix: str = "", keyword: str = "") -> None:
        self.kind, self.predicate, self.suffix, self.keyword = kind, predicate, suffix, keyword
        self.as_list = self.as_graph = self.by_language = False
        self.term: Term | None = None


def _compile(context: Context, key: str) -> Property:
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
        prop.suffix = f"^^{absolute_iri(term.type)}"
    elif term.type is None:
        language = term.language if isinstance(term.language, str) else context.language
        if language and term.language is not None:
            prop.suffix = f"@{_language(language)}"
    if isinstance(term.direction, str):
        raise DocumentRefused("@direction is not supported", field="", value=key)
    return prop


def _expand_key(context: Context, key: str) -> str:
    if ":" in key:
        return _expand_compact(context, key)
    if context.vocab is not None:
        return context.vocab + key
    raise DocumentRefused("the term is not defined by the contexts, so it would not be signed", field="", value=key)


def _expand_compact(context: Context, value: str) -> str:
    prefix, _, suffix = value.partition(":")
    if not suffix.startswith("//"):
        term = context.terms.get(prefix)
        if term is not None and term.prefix and term.iri is not None:
            return term.iri + suffix
    return value


def _expand_vocabulary(context: Context, value: str) -> str:
    if value in context.terms:
        term = context.terms[value]
        if term is None or term.iri is None or term.iri in KEYWORDS:
            raise DocumentRefused("the context gives this value no meaning", field="", value=value[:200])
        return term.iri
    if ":" in value:
        return _expand_compact(context, value)
    if context.vocab is not None:
        return context.vocab + value
    raise DocumentRefused("the contexts do not define this type or value", field="", value=value[:200])


def _language(tag: Any) -> str:
    if not isinstance(tag, str) or not _LANGUAGE.match(tag):
        raise DocumentRefused("not a language tag", field="", value=str(tag)[:100])
    return tag.lower()


def _no_list(value: Any) -> Any:
    if isinstance(value, list):
        raise DocumentRefused("a list inside a list", field="")
    return value


class _Walk:
    """One pass over one document, collecting statements."""

    def __init__(self, loader: ContextLoader, work: Work, *, portable: bool) -> None:
        self.loader = loader
        self.work = work
        self.portable = portable
        self.lines: list[str] = []
        self.quads: list[Quad] = []
        self.blank_count = 0
        self.named_blanks: dict[str, str] = {}

    def fresh(self) -> str:
        self.blank_count += 1
        return f"_:b{self.blank_count}"

    def emit(self, subject: str, predicate: str, object_: str, graph: str) -> None:
        if graph or subject[0] == "_" or object_[0] == "_":
            self.quads.append((subject, predicate, object_, graph))
        else:
            self.lines.append(f"{subject} {predicate} {object_} .\n")

    def node(self, value: dict[str, Any], active: Context, graph: str, depth: int) -> str:
        """Emit everything that the node object says and return its subject term."""
        if depth > limits.DOCUMENT_DEPTH_MAX:
            raise DocumentRefused(
                f"nested deeper than {limits.DOCUMENT_DEPTH_MAX} levels", field="", limit=limits.DOCUMENT_DEPTH_MAX
            )
        self.work.spend(_STEPS_PER_MEMBER * len(value) + 1)
        if "@context" in value:
            try:
                self.charge_contexts(value["@context"], depth)
                active = self.loader.process(active, value["@context"])
            except DocumentRefused as refusal:
                raise refusal.under("@context") from None
        types = self.types_of(value, active)
        context = self.loader.typed(active, types) if types else active
        subject = self.subject(value, context)
        for name in types:
            try:
                type_iri = absolute_iri(_expand_vocabulary(active, name))
            except DocumentRefused as refusal:
                raise refusal.under("type") from None
            self.emit(subject, _TYPE, type_iri, graph)
        properties = context.properties
        for key, member in value.items():
            prop = properties.get(key)
            try:
                if prop is None:
                    prop = _compile(context, key)
                    if len(properties) < _COMPILED_MAX:
                        properties[key] = prop
                if prop.kind == KEYWORD:
                    continue
                if prop.kind == LITERAL and type(member) is str and not prop.as_list:
                    self.emit(subject, prop.predicate, literal(member) + prop.suffix, graph)
                else:
                    self.property(subject, prop, member, context, graph, depth)
            except DocumentRefused as refusal:
                raise refusal.under(key) from None
        return subject

    def charge_contexts(self, context: Any, depth: int) -> None:
        """Contexts inside a document, and such that are written out in it, are not remembered: each costs."""
        entries = context if isinstance(context, list) else [context]
        for entry in entries:
            if isinstance(entry, dict):
                self.work.spend(_STEPS_PER_CONTEXT + len(entry))
            elif depth:
                self.work.spend(_STEPS_PER_CONTEXT)

    def types_of(self, value: dict[str, Any], active: Context) -> tuple[str, ...]:
        """The type names as written, in their order."""
        found: tuple[str, ...] = ()
        for key in active.type_keys:
            names = value.get(key)
            if type(names) is str:
                found += (names,)
            elif type(names) is list and all(type(name) is str for name in names):
                found += tuple(names)
            elif key in value:
                raise DocumentRefused("a type must be a string or a list of strings", field=f"/{key}")
        return found

    def subject(self, value: dict[str, Any], context: Context) -> str:
        given = None
        for key in ("id", "@id"):
            if key in value and (key == "@id" or ((t := context.terms.get(key)) is not None and t.iri == "@id")):
                given = value[key]
                if not isinstance(given, str):
                    raise DocumentRefused("an id must be a string", field=f"/{key}")
                break
        else:
            given = self.aliased_id(value, context)
        if given is None:
            return self.fresh()
        try:
            return self.link(given, context)
        except DocumentRefused as refusal:
            raise refusal.under("id") from None

    def aliased_id(self, value: dict[str, Any], context: Context) -> str | None:
        for key, member in value.items():
            term = context.terms.get(key)
            if term is not None and term.iri == "@id":
                if not isinstance(member, str):
                    raise DocumentRefused("an id must be a string", field=f"/{key}")
                return member
        return None

    def link(self, value: str, context: Context) -> str:
        """The term for a string that names a node."""
        if value[:2] == "_:":
            return self.named_blanks.get(value) or self.named_blanks.setdefault(value, self.fresh())
        return absolute_iri(_expand_compact(context, value))

    def property(self, subject: str, prop: Property, value: Any, context: Context, graph: str, depth: int) -> None:
        """Emit the statements of one property that is not a single string literal."""
        if prop.kind == JSON_LITERAL:
            if value is not None:
                self.emit(subject, prop.predicate, f"{literal(canonical_json(value))}^^<{RDF}JSON>", graph)
        elif prop.as_list:
            head = self.list(prop, value if isinstance(value, list) else [value], context, graph, depth)
            self.emit(subject, prop.predicate, head, graph)
        elif prop.by_language and isinstance(value, dict):
            self.language_map(subject, prop, value, graph)
        elif isinstance(value, list):
            self.work.spend(_STEPS_PER_MEMBER * len(value))
            for index, member in enumerate(value):
                try:
                    self.property(subject, prop, _no_list(member), context, graph, depth)
                except DocumentRefused as refusal:
                    raise refusal.under(index) from None
        elif value is not None:
            self.single(subject, prop, value, context, graph, depth)

    def single(self, subject: str, prop: Property, value: Any, context: Context, graph: str, depth: int) -> None:
        if not prop.as_graph or (isinstance(value, dict) and not context.value_keys.isdisjoint(value)):
            self.emit(subject, prop.predicate, self.term(prop, value, context, graph, depth), graph)
            return
        name = self.fresh()
        self.emit(subject, prop.predicate, name, graph)
        if isinstance(value, dict):
            self.node(value, self.scope(prop, value, context), name, depth + 1)

    def list(self, prop: Property, values: list[Any], context: Context, graph: str, depth: int) -> str:
        head = _NIL
        self.work.spend(_STEPS_PER_MEMBER * len(values))
        for value in reversed([member for member in values if member is not None]):
            cell = self.fresh()
            self.emit(cell, _FIRST, self.term(prop, _no_list(value), context, graph, depth), graph)
            self.emit(cell, _REST, head, graph)
            head = cell
        return head

    def language_map(self, subject: str, prop: Property, value: dict[str, Any], graph: str) -> None:
        for tag, texts in value.items():
            for text in texts if isinstance(texts, list) else [texts]:
                if text is None:
                    continue
                if not isinstance(text, str):
                    raise DocumentRefused("a language map holds strings only", field=f"/{tag}")
                suffix = "" if tag == "@none" else f"@{_language(tag)}"
                self.emit(subject, prop.predicate, literal(text) + suffix, graph)

    def term(self, prop: Property, value: Any, context: Context, graph: str, depth: int) -> str:
        """The object term of one value, emitting what it contains."""
        if isinstance(value, str):
            if prop.kind == LINK:
                return self.link(value, context)
            if prop.kind == VOCABULARY:
                scoped = self.scope(prop, None, context)
                return absolute_iri(_expand_vocabulary(scoped, value))
            return literal(value) + prop.suffix
        if isinstance(value, dict):
            if not context.value_keys.isdisjoint(value):
                return self.value_object(value, context)
            return self.node(value, self.scope(prop, value, context), graph, depth + 1)
        suffix = prop.suffix if prop.suffix[:2] == "^^" else ""
        return self.scalar(value, suffix)

    def scope(self, prop: Property, value: dict[str, Any] | None, context: Context) -> Context:
        """The context inside a value of `prop`: type scopes end here, a scope of the property begins."""
        inner = context
        if context.previous is not None and value is not None and not self.only_names(value, context):
            inner = context.previous
        if prop.term is not None and prop.term.has_context:
            inner = self.loader.process(inner, prop.term.context, override=True)
        return inner

    def only_names(self, value: dict[str, Any], context: Context) -> bool:
        if len(value) != 1:
            return False
        key = next(iter(value))
        term = context.terms.get(key)
        return key == "@id" or (term is not None and term.iri == "@id")

    def value_object(self, value: dict[str, Any], context: Context) -> str:
        parts: dict[str, Any] = {}
        for key, member in value.items():
            term = context.terms.get(key)
            name = key if key in KEYWORDS else (term.iri if term is not None else None)
            if name not in {"@value", "@type", "@language", "@index"}:
                raise DocumentRefused(f"{key} does not belong in a value object", field="", value=key)
            parts[name] = member
        content, kind, language = parts.get("@value"), parts.get("@type"), parts.get("@language")
        if kind == "@json":
            return f"{literal(canonical_json(content))}^^<{RDF}JSON>"
        if kind is not None:
            if not isinstance(kind, str) or language is not None:
                raise DocumentRefused("a value object has one type, or a language", field="")
            suffix = f"^^{absolute_iri(_expand_vocabulary(context, kind))}"
        else:
            suffix = "" if language is None else f"@{_language(language)}"
        if isinstance(content, str):
            return literal(content) + suffix
        if language is not None:
            raise DocumentRefused("only text can have a language", field="")
        return self.scalar(content, suffix)

    def scalar(self, value: Any, suffix: str) -> str:
        """A boolean or number as a typed literal (JSON-LD API 8.2.2, steps 9 to 12)."""
        if value is True or value is False:
            return f'"{str(value).lower()}"{suffix or f"^^<{XSD}boolean>"}'
        if not isinstance(value, int | float):
            raise DocumentRefused("not a JSON value that can be signed", field="", value=type(value).__name__)
        if value != value or abs(value) == float("inf"):  # noqa: PLR0124 - the test for "not a number"
            raise DocumentRefused("a number that is not finite", field="")
        wants_double = suffix == f"^^<{XSD}double>"
        if value == int(value) and abs(value) < 1e21 and not wants_double:
            if abs(value) > _SAFE_INTEGER:
                raise DocumentRefused("an integer beyond 2^53 is not portable", field="", value=str(value))
            return f'"{int(value)}"{suffix or f"^^<{XSD}integer>"}'
        if self.portable and value != 0 and abs(value) < _TINY:
            raise DocumentRefused("a number this close to zero is not portable", field="", value=value)
        mantissa, _, exponent = f"{value:.15E}".partition("E")
        whole, _, fraction = mantissa.partition(".")
        text = f"{whole}.{fraction.rstrip('0') or '0'}E{int(exponent)}"
        return f'"{text}"{suffix or f"^^<{XSD}double>"}'
