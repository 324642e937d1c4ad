"""JSON-LD 1.1 contexts, compiled: what a term of a document means, worked out once per context and remembered.

Contexts come from the bundled files or from the caller, never from the network. Features that no credential context
uses (@import, @reverse, @nest, index and id maps) are refused where a document would need them.
Source of the rules: JSON-LD 1.1 Processing Algorithms, sections 4 and 5.
"""

import json
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

from laurel.base import limits
from laurel.openbadges.faults import ContextUnknown, DocumentRefused

CREDENTIALS_V1: Final = "https://www.w3.org/2018/credentials/v1"
CREDENTIALS_V2: Final = "https://www.w3.org/ns/credentials/v2"
OPEN_BADGES_V3: Final = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
OPEN_BADGES_EXTENSIONS: Final = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
CLR_V2: Final = "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json"
OPEN_BADGES_V2: Final = "https://w3id.org/openbadges/v2"
DATA_INTEGRITY_V2: Final = "https://w3id.org/security/data-integrity/v2"
MULTIKEY_V1: Final = "https://w3id.org/security/multikey/v1"
DID_V1: Final = "https://www.w3.org/ns/did/v1"

BUNDLED_FILES: Final = {
    CREDENTIALS_V1: "credentials-v1.json",
    CREDENTIALS_V2: "credentials-v2.json",
    "https://www.w3.org/ns/credentials/undefined-terms/v2": "undefined-terms-v2.json",
    "https://www.w3.org/ns/credentials/status/v1": "bitstring-status-list-v1.json",
    "https://w3id.org/vc/status-list/2021/v1": "status-list-2021-v1.json",
    "https://w3id.org/security/data-integrity/v1": "data-integrity-v1.json",
    DATA_INTEGRITY_V2: "data-integrity-v2.json",
    MULTIKEY_V1: "multikey-v1.json",
    "https://w3id.org/security/suites/ed25519-2020/v1": "ed25519-2020-v1.json",
    DID_V1: "did-v1.json",
    "https://purl.imsglobal.org/spec/ob/v3p0/context.json": "ob-v3p0.json",
    "https://purl.imsglobal.org/spec/ob/v3p0/context/ob_v3p0.jsonld": "ob-v3p0.json",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json": "ob-v3p0-3.0.1.json",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json": "ob-v3p0-3.0.2.json",
    OPEN_BADGES_V3: "ob-v3p0-3.0.3.json",
    OPEN_BADGES_EXTENSIONS: "ob-v3p0-extensions.json",
    CLR_V2: "clr-v2p0-2.0.1.json",
    "https://purl.imsglobal.org/spec/clr/v2p0/context.json": "clr-v2p0.json",
    OPEN_BADGES_V2: "openbadges-v2.json",
}

KEYWORDS: Final = frozenset(
    {
        "@base", "@container", "@context", "@default", "@direction", "@graph", "@id", "@import", "@included",
        "@index", "@json", "@language", "@list", "@nest", "@none", "@prefix", "@propagate", "@protected", "@reverse",
        "@set", "@type", "@value", "@version", "@vocab",
    }
)  # fmt: skip
_KEYWORD_LIKE: Final = re.compile(r"@[A-Za-z]+\Z")
_ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_DEFINITION_KEYS: Final = frozenset(
    {"@id", "@reverse", "@container", "@context", "@direction", "@index", "@language", "@nest", "@prefix",
     "@protected", "@type"}
)  # fmt: skip
_UNSET: Final[Any] = object()
_CACHED_CONTEXTS_MAX: Final = 1_000


def bundled_document(url: str) -> dict[str, Any] | None:
    """The bundled context document at `url`, freshly read, or None."""
    name = BUNDLED_FILES.get(url)
    if name is None:
        return None
    document: dict[str, Any] = json.loads((files("laurel.openbadges") / "contexts" / name).read_bytes())
    return document


class Term:
    """One term definition: what a key of a document stands for. Never changed once made."""

    __slots__ = ("container", "context", "direction", "index", "iri", "language", "nest", "prefix", "protected",
                 "reverse", "type")  # fmt: skip

    def __init__(self) -> None:
        self.iri: str | None = None
        self.type: str | None = None
        self.container: frozenset[str] = frozenset()
        self.language: Any = _UNSET
        self.direction: Any = _UNSET
        self.context: Any = _UNSET
        self.index: Any = None
        self.nest: Any = None
        self.prefix = False
        self.protected = False
        self.reverse = False

    def same_meaning(self, other: "Term") -> bool:
        """Whether both definitions agree in everything but protection (JSON-LD API 4.2.2, step 27)."""
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__ if name != "protected")

    @property
    def has_context(self) -> bool:
        """Whether the term brings a scoped context (which may be null)."""
        return self.context is not _UNSET


class Context:
    """An active context with everything that was compiled under it; shared by all documents that use it."""

    __slots__ = ("_typed", "_under", "direction", "language", "previous", "properties", "terms", "type_keys",
                 "value_keys", "vocab")  # fmt: skip

    def __init__(self) -> None:
        self.terms: dict[str, Term | None] = {}
        self.vocab: str | None = None
        self.language: str | None = None
        self.direction: str | None = None
        self.previous: Context | None = None
        self.properties: dict[str, Any] = {}
        self.type_keys: tuple[str, ...] = ("@type",)
        self.value_keys: frozenset[str] = frozenset({"@value"})
        self._typed: dict[tuple[str, ...], Context] = {}
        self._under: dict[tuple[Any, ...], Context] = {}

    def copy(self) -> "Context":
        """A context with the same definitions and empty caches."""
        other = Context()
        other.terms = dict(self.terms)
        other.vocab, other.language, other.direction = self.vocab, self.language, self.direction
        other.previous = self.previous
        return other

    def seal(self) -> "Context":
        """Note which keys mean @type and @value; called once all terms are in."""
        aliases = [(key, term.iri) for key, term in self.terms.items() if term is not None]
        self.type_keys = ("@type", *(key for key, iri in aliases if iri == "@type"))
        self.value_keys = frozenset({"@value", *(key for key, iri in aliases if iri == "@value")})
        return self


class ContextLoader:
    """Knows the context documents and compiles them; one per set of documents, made at start and shared.

    `extra` maps further URLs to context documents (for tests, or contexts that an operator trusts).
    """

    def __init__(self, extra: Mapping[str, Any] | None = None) -> None:
        self._extra = dict(extra or {})
        self._documents: dict[str, Any] = {}
        self._cached = 0
        self.initial = Context().seal()

    def knows(self, url: str) -> bool:
        """Whether a context with this URL can be used."""
        return url in self._extra or url in BUNDLED_FILES

    def root(self, context: Any) -> Context:
        """The active context for a document with this top-level `@context`."""
        return self.process(self.initial, context)

    def process(self, active: Context, local: Any, *, override: bool = False, propagate: bool = True) -> Context:
        """`active` with the local context applied; results for URLs and lists of URLs are remembered.

        Raises ContextUnknown, DocumentRefused.
        """
        key = _cache_key(local)
        if key is None:
            return self._process(active, local, override=override, propagate=propagate, remote=())
        key = (*key, override, propagate)
        found = active._under.get(key)  # noqa: SLF001 - the cache belongs to the loader, the slot to the context
        if found is None:
            found = self._process(active, local, override=override, propagate=propagate, remote=())
            self._count()
            active._under[key] = found  # noqa: SLF001 - as above
        return found

    def typed(self, active: Context, types: tuple[str, ...]) -> Context:
        """`active` with the type-scoped contexts of `types` applied in their order."""
        relevant = tuple(sorted(name for name in types if (t := active.terms.get(name)) is not None and t.has_context))
        if not relevant:
            return active
        found = active._typed.get(relevant)  # noqa: SLF001 - as above
        if found is None:
            found = active
            for name in relevant:
                term = active.terms[name]
                if term is not None:
                    found = self.process(found, term.context, propagate=False)
            self._count()
            active._typed[relevant] = found  # noqa: SLF001 - as above
        return found

    def _count(self) -> None:
        """Forget everything compiled when it is too much: all of it hangs on the initial context."""
        self._cached += 1
        if self._cached > _CACHED_CONTEXTS_MAX:
            self._cached = 0
            self.initial = Context().seal()

    def _document(self, url: str) -> Any:
        if url not in self._documents:
            document = self._extra.get(url) or bundled_document(url)
            if not isinstance(document, dict) or "@context" not in document:
                raise ContextUnknown(f"the context {url} is not one that is bundled", field="", value=url)
            self._documents[url] = document["@context"]
        return self._documents[url]

    def _process(
        self, active: Context, local: Any, *, override: bool, propagate: bool, remote: tuple[str, ...]
    ) -> Context:
        result = active
        if isinstance(local, dict) and isinstance(local.get("@propagate"), bool):
            propagate = local["@propagate"]
        entries = local if isinstance(local, list) else [local]
        if len(entries) > limits.CONTEXTS_MAX:
            raise DocumentRefused(f"more than {limits.CONTEXTS_MAX} contexts", field="", limit=limits.CONTEXTS_MAX)
        origin = active
        for entry in entries:
            if entry is None:
                if not override and any(term is not None and term.protected for term in result.terms.values()):
                    raise DocumentRefused("a null context would undo protected terms", field="")
                result = Context().seal()
            elif isinstance(entry, str):
                result = self._process_url(result, entry, override=override, remote=remote)
            elif isinstance(entry, dict):
                result = _Definition(self, result, entry, override=override, remote=remote).apply()
            else:
                raise DocumentRefused("a context must be a URL, an object or null", field="", value=entry)
        if not propagate:
            if result is active:
                result = active.copy().seal()
            if result.previous is None:
                result.previous = origin
        return result

    def _process_url(self, active: Context, url: str, *, override: bool, remote: tuple[str, ...]) -> Context:
        if url in remote or len(remote) >= limits.CONTEXTS_MAX:
            raise DocumentRefused(f"the context {url} includes itself", field="", value=url)
        return self._process(active, self._document(url), override=override, propagate=True, remote=(*remote, url))

    def check_scoped(self, local: Any, remote: tuple[str, ...]) -> None:
        """Refuse a term whose scoped context names contexts that cannot be loaded."""
        for entry in local if isinstance(local, list) else [local]:
            if isinstance(entry, str) and entry not in remote:
                self._document(entry)
            elif entry is not None and not isinstance(entry, str | dict):
                raise DocumentRefused("a scoped context must be a URL, an object or null", field="", value=entry)


def _cache_key(local: Any) -> tuple[Any, ...] | None:
    if isinstance(local, str):
        return (local,)
    if isinstance(local, list) and all(isinstance(entry, str) for entry in local):
        return tuple(local)
    if local is None:
        return (None,)
    return None


class _Definition:
    """One context object being applied to an active context (JSON-LD API 4.1.2 step 5.4 on, and 4.2.2)."""

    def __init__(
        self, loader: ContextLoader, active: Context, local: dict[str, Any], *, override: bool, remote: tuple[str, ...]
    ) -> None:
        self.loader, self.local, self.override, self.remote = loader, local, override, remote
        self.result = active.copy()
        self.defined: dict[str, bool] = {}
        self.depth = 0
        self.protected = local.get("@protected") is True

    def apply(self) -> Context:
        local = self.local
        if local.get("@version", 1.1) != 1.1:
            raise DocumentRefused("only @version 1.1 is understood", field="", value=local["@version"])
        if "@import" in local:
            raise DocumentRefused("@import is not supported", field="")
        if local.get("@base") is not None:
            raise DocumentRefused("@base is not supported: ids must be absolute", field="")
        self._settings(local)
        for name in local:
            if name not in KEYWORDS:
                self.define(name)
        return self.result.seal()

    def _settings(self, local: dict[str, Any]) -> None:
        if "@vocab" in local:
            vocab = local["@vocab"]
            if vocab is not None and not isinstance(vocab, str):
                raise DocumentRefused("@vocab must be a string or null", field="", value=vocab)
            self.result.vocab = None if vocab is None else self.expand(vocab)
        if "@language" in local:
            language = local["@language"]
            if language is not None and not isinstance(language, str):
                raise DocumentRefused("@language must be a string or null", field="", value=language)
            self.result.language = language
        if local.get("@direction") is not None:
            raise DocumentRefused("@direction is not supported", field="")

    def expand(self, value: str) -> str | None:
        """`value` as an IRI or keyword, relative to the vocabulary, defining what it needs on the way."""
        if value in KEYWORDS:
            return value
        if _KEYWORD_LIKE.match(value):
            return None
        if value in self.local and not self.defined.get(value):
            self.define(value)
        if value in self.result.terms:
            term = self.result.terms[value]
            return None if term is None else term.iri
        if ":" in value[1:]:
            prefix, _, suffix = value.partition(":")
            if prefix == "_" or suffix.startswith("//"):
                return value
            if prefix in self.local and not self.defined.get(prefix):
                self.define(prefix)
            term = self.result.terms.get(prefix)
            if term is not None and term.iri is not None and term.prefix:
                return term.iri + suffix
            if _ABSOLUTE.match(value):
                return value
        return value if self.result.vocab is None else self.result.vocab + value

    def define(self, name: str) -> None:
        """Make the definition of one term of the local context."""
        state = self.defined.get(name)
        if state is True:
            return
        if state is False:
            raise DocumentRefused(f"the term {name!r} is defined by itself", field="", value=name)
        if len(self.defined) > limits.CONTEXT_TERMS_MAX or self.depth > limits.DOCUMENT_DEPTH_MAX:
            raise DocumentRefused(
                "the context has too many terms, or terms that build on too many others",
                field="",
                limit=limits.CONTEXT_TERMS_MAX,
            )
        if not name or _KEYWORD_LIKE.match(name):
            self.defined[name] = True
            return
        self.defined[name] = False
        before = self.result.terms.pop(name, None)
        value = self.local[name]
        simple = isinstance(value, str)
        if value is None or (isinstance(value, dict) and "@id" in value and value["@id"] is None):
            term: Term | None = Term() if isinstance(value, dict) and self._protects(value) else None
            if term is not None:
                term.protected = True
        else:
            definition = {"@id": value} if simple else value
            if not isinstance(definition, dict):
                raise DocumentRefused(f"the term {name!r} is not defined by a string or object", field="", value=name)
            self.depth += 1
            term = self._make(name, definition, simple=simple)
            self.depth -= 1
        if before is not None and before.protected and not self.override:
            if term is None or not term.same_meaning(before):
                raise DocumentRefused(f"the protected term {name!r} is defined anew", field="", value=name)
            term = before
        self.result.terms[name] = term
        self.defined[name] = True

    def _protects(self, definition: dict[str, Any]) -> bool:
        return bool(definition.get("@protected", self.protected))

    def _make(self, name: str, definition: dict[str, Any], *, simple: bool) -> Term:
        unknown = set(definition) - _DEFINITION_KEYS
        if unknown:
            raise DocumentRefused(f"the term {name!r} has unknown keys", field="", value=sorted(unknown))
        term = Term()
        term.protected = self._protects(definition)
        term.reverse = "@reverse" in definition
        term.index, term.nest = definition.get("@index"), definition.get("@nest")
        self._identify(term, name, definition, simple=simple)
        kind = definition.get("@type")
        if kind is not None:
            expanded = self.expand(kind) if isinstance(kind, str) else None
            if expanded is None or (expanded not in {"@id", "@vocab", "@json", "@none"} and ":" not in expanded):
                raise DocumentRefused(f"the term {name!r} has an unknown @type", field="", value=kind)
            term.type = expanded
        containers = definition.get("@container")
        if containers is not None:
            names = containers if isinstance(containers, list) else [containers]
            if not all(isinstance(entry, str) and entry in KEYWORDS for entry in names):
                raise DocumentRefused(f"the term {name!r} has an unknown @container", field="", value=name)
            term.container = frozenset(names)
        if "@context" in definition:
            term.context = definition["@context"]
            self.loader.check_scoped(term.context, self.remote)
        if "@language" in definition and kind is None:
            term.language = definition["@language"]
        if "@direction" in definition and kind is None:
            term.direction = definition["@direction"]
        if "@prefix" in definition:
            term.prefix = definition["@prefix"] is True
        return term

    def _identify(self, term: Term, name: str, definition: dict[str, Any], *, simple: bool) -> None:
        target = definition.get("@id", name)
        if not isinstance(target, str):
            raise DocumentRefused(f"the @id of the term {name!r} is not a string", field="", value=name)
        if "@id" in definition and target != name:
            term.iri = self.expand(target)
            if term.iri is None or (term.iri not in KEYWORDS and ":" not in term.iri):
                raise DocumentRefused(f"the term {name!r} does not stand for an IRI", field="", value=target)
            term.prefix = simple and ":" not in name and "/" not in name and term.iri[-1] in ":/?#[]@"
        elif ":" in name[1:]:
            prefix, _, suffix = name.partition(":")
            if prefix in self.local:
                self.define(prefix)
            known = self.result.terms.get(prefix)
            term.iri = known.iri + suffix if known is not None and known.iri is not None else name
        elif self.result.vocab is not None:
            term.iri = self.result.vocab + name
        else:
            raise DocumentRefused(f"the term {name!r} does not stand for an IRI", field="", value=name)


BUNDLED: Final = ContextLoader()
"""The loader of the bundled contexts, compiled on first use."""
