"""From a JSON-LD document straight to canonical N-Quads, without the expansion in between.

Safe mode is always on: whatever a verifier could drop or invent (an undefined term or type, a relative id, a number
that JavaScript writes otherwise) is refused with its place in the document. Contexts are bundled, never fetched.
"""

from typing import Any, Final

from laurel.base import limits
from laurel.openbadges.faults import DocumentRefused
from laurel.openbadges.jcs import canonical_json
from laurel.openbadges.jsonld import BUNDLED, KEYWORDS, Context, ContextLoader
from laurel.openbadges.properties import (
    JSON_LITERAL,
    KEYWORD,
    LINK,
    LITERAL,
    VOCABULARY,
    Property,
    compile_property,
    expand_compact,
    expand_vocabulary,
)
from laurel.openbadges.rdfc import Order, Quad, Work, canonical_text
from laurel.openbadges.repetitions import check_repetitions, way_of_writing
from laurel.openbadges.terms import (
    FIRST,
    JSON_SUFFIX,
    NIL,
    REST,
    TYPE,
    absolute_iri,
    datatype_suffix,
    language_tag,
    literal,
    scalar,
    typed_text,
)

_COMPILED_MAX: Final = 4_000
_STEPS_PER_MEMBER: Final = 4
_STEPS_PER_CONTEXT: Final = 200


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
    if order is Order.PORTABLE:
        if not walk.lines and not walk.quads:
            raise DocumentRefused("nothing is said, so there is nothing to sign", field="")
        if walk.ways:
            check_repetitions(walk.lines, walk.quads, walk.ways)
    return walk.lines, walk.quads


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
        self.ways: dict[Quad, list[str]] = {}

    def fresh(self) -> str:
        self.blank_count += 1
        return f"_:b{self.blank_count}"

    def emit(self, subject: str, predicate: str, object_: str, graph: str) -> None:
        if graph or subject[0] == "_" or object_[0] == "_":
            self.quads.append((subject, predicate, object_, graph))
        else:
            self.lines.append(f"{subject} {predicate} {object_} .\n")

    def emit_value(self, subject: str, prop: Property, value: Any, object_: str, graph: str) -> None:
        """Emit a statement whose value is not plain text."""
        plain = type(value) is str and prop.kind == LITERAL if object_[0] == '"' else object_ != NIL
        if self.portable and (not plain or prop.predicate == TYPE):
            way = way_of_writing(prop, value, object_)
            if way is not None:
                self.ways.setdefault((subject, prop.predicate, object_, graph), []).append(way)
        self.emit(subject, prop.predicate, object_, graph)

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
                type_iri = absolute_iri(expand_vocabulary(active, name))
            except DocumentRefused as refusal:
                raise refusal.under("type") from None
            self.emit(subject, TYPE, type_iri, graph)
        properties = context.properties
        for key, member in value.items():
            prop = properties.get(key)
            try:
                if prop is None:
                    prop = compile_property(context, key)
                    if len(properties) < _COMPILED_MAX:
                        properties[key] = prop
                if prop.kind == KEYWORD:
                    if prop.keyword == "@index" and self.portable:
                        raise DocumentRefused("@index is kept by some processors and not by others", field="")
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
        return absolute_iri(expand_compact(context, value))

    def property(self, subject: str, prop: Property, value: Any, context: Context, graph: str, depth: int) -> None:
        """Emit the statements of one property that is not a single string literal."""
        if prop.kind == JSON_LITERAL:
            if value is not None:
                text = literal(canonical_json(value)) + JSON_SUFFIX
                self.emit_value(subject, prop, value, text, graph)
        elif prop.as_list and value is not None:
            head = self.list(prop, value if isinstance(value, list) else [value], context, graph, depth)
            self.emit_value(subject, prop, value, head, graph)
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
            self.emit_value(subject, prop, value, self.term(prop, value, context, graph, depth), graph)
            return
        name = self.fresh()
        self.emit(subject, prop.predicate, name, graph)
        before = len(self.quads)
        if isinstance(value, dict):
            self.node(value, self.scope(prop, value, context), name, depth + 1)
        if self.portable and len(self.quads) == before:
            raise DocumentRefused("nothing is said here, which some verifiers drop and others refuse", field="")

    def list(self, prop: Property, values: list[Any], context: Context, graph: str, depth: int) -> str:
        head = NIL
        self.work.spend(_STEPS_PER_MEMBER * len(values))
        for value in reversed([member for member in values if member is not None]):
            cell = self.fresh()
            self.emit(cell, FIRST, self.term(prop, _no_list(value), context, graph, depth), graph)
            self.emit(cell, REST, head, graph)
            head = cell
        return head

    def language_map(self, subject: str, prop: Property, value: dict[str, Any], graph: str) -> None:
        for tag, texts in value.items():
            for text in texts if isinstance(texts, list) else [texts]:
                if text is None:
                    continue
                if not isinstance(text, str):
                    raise DocumentRefused("a language map holds strings only", field=f"/{tag}")
                suffix = "" if tag == "@none" else f"@{language_tag(tag)}"
                self.emit(subject, prop.predicate, literal(text) + suffix, graph)

    def term(self, prop: Property, value: Any, context: Context, graph: str, depth: int) -> str:
        """The object term of one value, emitting what it contains."""
        if isinstance(value, str):
            if prop.kind == LINK:
                return self.link(value, context)
            if prop.kind == VOCABULARY:
                scoped = self.scope(prop, None, context)
                return absolute_iri(expand_vocabulary(scoped, value))
            return typed_text(value, prop.suffix, portable=self.portable)
        if isinstance(value, dict):
            if not context.value_keys.isdisjoint(value):
                return self.value_object(value, context)
            return self.node(value, self.scope(prop, value, context), graph, depth + 1)
        return scalar(value, prop.datatype, portable=self.portable)

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
        if "@index" in parts and self.portable:
            raise DocumentRefused("@index is kept by some processors and not by others", field="")
        content, kind, language = parts.get("@value"), parts.get("@type"), parts.get("@language")
        if kind == "@json":
            return literal(canonical_json(content)) + JSON_SUFFIX
        if kind is not None:
            if not isinstance(kind, str) or language is not None:
                raise DocumentRefused("a value object has one type, or a language", field="")
            suffix = datatype_suffix(absolute_iri(expand_vocabulary(context, kind)))
        else:
            suffix = "" if language is None else f"@{language_tag(language)}"
        if isinstance(content, str):
            return typed_text(content, suffix, portable=self.portable)
        if language is not None:
            raise DocumentRefused("only text can have a language", field="")
        return scalar(content, None if kind is None else suffix, portable=self.portable)
