"""From credentials about to be signed to documents that were held against their own keys. No I/O.

Credentials of one shape share a template; whatever a template cannot do takes the way that any document takes.
"""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from threading import Lock
from typing import ClassVar, Final, NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from laurel.base.errors import Kind, LaurelError
from laurel.base.ids import CredentialId
from laurel.domain.credentials import composition
from laurel.domain.credentials.addresses import Addresses
from laurel.domain.credentials.checking import Check
from laurel.domain.credentials.composition import Making
from laurel.domain.credentials.organisation_keys import ActiveKeys
from laurel.domain.organisations.model import Organisation
from laurel.keyring.signing import Keyring, Signature
from laurel.openbadges import did, documents, proofs
from laurel.openbadges.canonical import canonicalise
from laurel.openbadges.cross_check import cross_check
from laurel.openbadges.faults import DocumentRefused
from laurel.openbadges.rdfc import Order
from laurel.openbadges.reading import read_json
from laurel.openbadges.template import Template

_TEMPLATES_MAX: Final = 500
_WORTH_A_TEMPLATE: Final = 4


class SelfVerificationFailed(LaurelError):
    """What was signed does not verify: nothing of it is published, and the job tries again."""

    kind = Kind.UNAVAILABLE
    code: ClassVar[str] = "self_verification_failed"


class SignedDocument(msgspec.Struct, frozen=True):
    """A credential's document, with the signature for the audit."""

    making: Making
    document: str
    signature: Signature


class Batch(msgspec.Struct, frozen=True):
    """What came of signing: what was signed, in order, and why the others cannot be."""

    signed: list[SignedDocument]
    refused: dict[CredentialId, str]


class Signer:
    """Signs credentials of any organisation; remembers templates. Safe to share among threads."""

    def __init__(self, keyring: Keyring, addresses: Addresses) -> None:
        self._keyring = keyring
        self._addresses = addresses
        self._templates: OrderedDict[composition.Shape, Template] = OrderedDict()
        self._lock = Lock()

    def sign(
        self,
        organisation: Organisation,
        keys: ActiveKeys,
        makings: Sequence[Making],
        now: datetime,
        check: Check = cross_check,
    ) -> Batch:
        """Sign `makings`, and hold every proof against the key with `check`. What verifiers would not all read alike is
        refused. Raises SelfVerificationFailed, SealBroken.
        """
        desk = _Desk(self._keyring, self._addresses, organisation, keys, now, check)
        shapes: dict[composition.Shape, list[Making]] = {}
        for making in makings:
            shapes.setdefault(composition.shape_of(making, organisation), []).append(making)
        ready: list[_Ready] = []
        refused: dict[CredentialId, str] = {}
        for shape, group in shapes.items():
            template = self._template(shape, group, desk)
            for number, making in enumerate(group):
                try:
                    ready.append(_Ready(making, desk.prepare(making, template), template is None or number == 0))
                except DocumentRefused as refusal:
                    place = f" ({refusal.field})" if refusal.field else ""
                    refused[making.credential.id] = f"{refusal.message}{place}"
        return Batch(desk.sign(ready), refused)

    def _template(self, shape: composition.Shape, group: Sequence[Making], desk: "_Desk") -> Template | None:
        with self._lock:
            known = self._templates.get(shape)
            if known is not None:
                self._templates.move_to_end(shape)
        if known is not None or len(group) < _WORTH_A_TEMPLATE:
            return known
        try:
            made = Template(desk.compose(group[0]), composition.slots_of(group[0]))
        except DocumentRefused:
            return None  # the way of any document says for each of them why
        with self._lock:
            self._templates[shape] = made
            while len(self._templates) > _TEMPLATES_MAX:
                self._templates.popitem(last=False)
        return made


class _Ready(NamedTuple):
    """Prepared to be signed. Thoroughly: the published text is read again, as a stranger would."""

    making: Making
    to_sign: proofs.ToSign
    thoroughly: bool


class _Desk:
    """One batch of one organisation."""

    def __init__(
        self,
        keyring: Keyring,
        addresses: Addresses,
        organisation: Organisation,
        keys: ActiveKeys,
        now: datetime,
        check: Check,
    ) -> None:
        self._check_all = check
        self._keyring = keyring
        self._addresses = addresses
        self._organisation = organisation
        self._keys = keys
        public = keys.ed25519.key.public_key()
        assert isinstance(public, Ed25519PublicKey)  # noqa: S101 - what the algorithm says
        self._public = public
        self._method = did.method_id(addresses.did(organisation.uid), public)
        self._created = documents.render_instant(now)
        self._proof: proofs.SharedProof | None = None

    def compose(self, making: Making) -> documents.Json:
        """The unsigned document."""
        return composition.compose(making, self._organisation, self._addresses)

    def prepare(self, making: Making, template: Template | None) -> proofs.ToSign:
        """What is to be signed of one. Raises DocumentRefused."""
        until = making.credential.expires_at
        if until is not None and until <= making.valid_from:
            raise DocumentRefused("a credential must not end before it begins", field="valid_until")
        if template is None:
            document = self.compose(making)
            canonical = canonicalise(document, order=Order.PORTABLE)
        else:
            values = composition.slot_values(making, self._addresses)
            document, canonical = template.document(values), template.canonical(values)
        context = document["@context"]
        if self._proof is None or self._proof.context != context:
            self._proof = proofs.SharedProof(context, verification_method=self._method, created=self._created)
        return self._proof.prepare(document, canonical)

    def sign(self, ready: Sequence[_Ready]) -> list[SignedDocument]:
        """Sign all, then hold each proof against the key; one after the other as one piece of work they would take a tenth
        longer, each pushing the other's tables out of the processor's cache.
        """
        signatures = self._keyring.sign_all_checked(self._keys.ed25519.key, [one.to_sign for one in ready])
        texts = [
            msgspec.json.encode(one.to_sign.finish(signature.value))
            for one, signature in zip(ready, signatures, strict=True)
        ]
        self._check(ready, signatures, texts)
        return [
            SignedDocument(one.making, text.decode(), signature)
            for one, signature, text in zip(ready, signatures, texts, strict=True)
        ]

    def _check(self, ready: Sequence[_Ready], signatures: Sequence[Signature], texts: Sequence[bytes]) -> None:
        """Hold every proof against the published key, and read again what is to be read thoroughly."""
        made = [(signature.value, one.to_sign.signing_input) for one, signature in zip(ready, signatures, strict=True)]
        try:
            self._check_all(self._public, made)
            for one, text in zip(ready, texts, strict=True):
                if one.thoroughly:
                    read = read_json(text)
                    proofs.check_proof(read, read["proof"][0], self._public)
        except LaurelError as failure:
            raise SelfVerificationFailed("a signature made just now does not verify") from failure


def subjects_of(signed: Sequence[SignedDocument]) -> list[tuple[str, bytes]]:
    """What the audit keeps of these signatures: subject, SHA-256 of what was signed."""
    return [(one.making.credential.uid, one.signature.input_sha256) for one in signed]
