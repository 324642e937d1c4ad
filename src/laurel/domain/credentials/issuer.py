"""The issuing side as one part: keys, addresses, and everything that is signed for an organisation."""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from laurel.base.ids import CredentialId, OrganisationId, is_uid, new_uids
from laurel.database.pool import Database, Transaction
from laurel.domain.achievements import store as achievements
from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.achievements.model import Awarded
from laurel.domain.credentials import organisation_keys, store, validity
from laurel.domain.credentials.addresses import Addresses
from laurel.domain.credentials.checking import Check
from laurel.domain.credentials.composition import Making, published_email, published_name, published_number
from laurel.domain.credentials.keys import store as key_store
from laurel.domain.credentials.model import Credential, IssuerNotFound, Signed, Waiting
from laurel.domain.credentials.signer import Batch, Signer, subjects_of
from laurel.domain.credentials.status import store as status
from laurel.domain.endorsements import store as endorsements
from laurel.domain.endorsements.model import Endorsement
from laurel.domain.organisations import store as organisations
from laurel.domain.organisations.model import Caller, Organisation
from laurel.domain.people import store as people
from laurel.domain.transparency import proving
from laurel.domain.transparency import store as log_store
from laurel.domain.transparency.appending import append
from laurel.domain.transparency.model import LogEntryNotFound, NewEntry, Proof
from laurel.keyring.sealing import MasterKeys
from laurel.keyring.signing import Keyring
from laurel.openbadges import log
from laurel.openbadges.cross_check import cross_check
from laurel.openbadges.faults import ProofRejected
from laurel.openbadges.multikey import PublicKey
from laurel.outside.clock import Clock

_IN_THIS_THREAD_MAX: Final = 2
_KEPT_SECONDS: Final = 1.0
_KEPT_MAX: Final = 2_000
_SECOND: Final = timedelta(seconds=1)


class Issued(msgspec.Struct, frozen=True):
    """What came of a batch: the credentials signed with their awards, which of them for the first time, and how many
    were refused.
    """

    signed: list[tuple[Waiting, Awarded]]
    first: frozenset[CredentialId]
    refused: int


class ProofOfIssue(msgspec.Struct, frozen=True):
    """That a credential's newest document is in its issuer's log. Hashes are bytes; the addresses are public."""

    origin: str
    proof: Proof
    checkpoint: str
    verifier_key: str
    log_url: str
    proof_url: str
    document_sha256: bytes


class _Dates(msgspec.Struct):
    """The dates of a document that is to be replaced."""

    valid_from: datetime = msgspec.field(name="validFrom")


class Issuer:
    """Signs for the organisations of this server. One per process."""

    def __init__(self, database: Database, clock: Clock, public_url: str, master_key: bytes) -> None:
        self.database = database
        self.clock = clock
        self.addresses = Addresses(public_url)
        key = master_key if len(master_key) == 32 else hashlib.sha256(master_key).digest()
        self.keyring = Keyring(MasterKeys(key))
        self._signer = Signer(self.keyring, self.addresses)
        self._kept: OrderedDict[str, tuple[float, Signed]] = OrderedDict()

    # ---------------------------------------------------------------------------------------------------- credentials
    async def sign_waiting(
        self,
        tx: Transaction,
        places: Sequence[status.Places],
        limit: int,
        now: datetime,
        check: Check = cross_check,
    ) -> Issued | None:
        """Sign and store up to `limit` credentials that wait, in the caller's transaction; None when there are none.

        `places` were set aside for those without one; who finds none is left for the next time.
        """
        spots = [
            (one, validity.place(one.seed, one.first + offset, one.length))
            for one in places
            for offset in range(one.amount)
        ]
        taken = await store.take_waiting(tx, limit)
        if not taken:
            return None
        organisation = await organisations.organisation(tx)
        keys = await organisation_keys.ensure(tx, self.keyring, now)
        awards = await awarded.find_awarded(tx, [credential.award_id for credential in taken])
        makings, list_ids = await self._makings(tx, taken, awards, spots, now)
        if len(makings) > _IN_THIS_THREAD_MAX:
            batch = await asyncio.to_thread(self._signer.sign, organisation, keys, makings, now, check)
        else:
            batch = self._signer.sign(organisation, keys, makings, now, check)
        await self._store(tx, batch, list_ids, keys, now)
        credentials = [one.making.credential for one in batch.signed]
        return Issued(
            [(credential, awards[credential.award_id]) for credential in credentials],
            frozenset(credential.id for credential in credentials if credential.log_number is None),
            len(batch.refused),
        )

    async def _makings(
        self,
        tx: Transaction,
        taken: Sequence[Waiting],
        awards: dict[Any, Awarded],
        spots: list[tuple[status.Places, int]],
        now: datetime,
    ) -> tuple[list[Making], dict[CredentialId, int]]:
        """What is to be signed, and in which status lists."""
        known = await achievements.find_many(tx, sorted({credential.achievement_id for credential in taken}))
        uids = await people.find_uids(tx, sorted({credential.person_id for credential in taken}))
        again = [credential.id for credential in taken if credential.log_number is not None]
        before = await store.find_signed(tx, again) if again else {}
        lists = await status.status_list_uids(tx) if again else {}
        given = _by_subject(await endorsements.of(tx, list(known), [credential.id for credential in taken], now))
        makings, list_ids = [], {}
        for credential, salt in zip(taken, new_uids(len(taken)), strict=True):
            if credential.status_list_id is not None and credential.status_index is not None:
                list_id, list_uid, index = (
                    credential.status_list_id,
                    lists[credential.status_list_id],
                    credential.status_index,
                )
            elif spots:
                places, index = spots.pop()
                list_id, list_uid = places.id, places.uid
            else:
                continue
            list_ids[credential.id] = list_id
            awarded_at = _awarded_at(credential, awards[credential.award_id])
            makings.append(
                Making(
                    credential=credential,
                    achievement=known[credential.achievement_id],
                    person_uid=uids[credential.person_id],
                    awarded_at=awarded_at,
                    valid_from=_valid_from(credential, awarded_at, before.get(credential.id), now),
                    list_url=self.addresses.status_list(list_uid),
                    status_index=index,
                    salt=salt,
                    email=published_email(credential.fields),
                    name=published_name(credential.fields),
                    license_number=published_number(credential),
                    endorsements=_endorsing(given, credential) if given else (),
                )
            )
        return makings, list_ids

    async def _store(
        self,
        tx: Transaction,
        batch: Batch,
        list_ids: dict[CredentialId, int],
        keys: organisation_keys.ActiveKeys,
        now: datetime,
    ) -> None:
        if batch.refused:
            await store.set_refused(tx, batch.refused, now)
        if not batch.signed:
            return
        await key_store.insert_signatures(tx, keys.ed25519.id, "credential", subjects_of(batch.signed), now)
        events = [
            NewEntry(
                validity.ISSUED if one.making.credential.log_number is None else validity.ISSUED_AGAIN,
                one.document.encode(),
            )
            for one in batch.signed
        ]
        first = await append(tx, events)
        rows = []
        for number, one in enumerate(batch.signed, first):
            credential = one.making.credential
            rows.append(
                store.NewlySigned(
                    credential.person_id,
                    credential.id,
                    list_ids[credential.id],
                    one.making.status_index,
                    number,
                    credential.uid,
                    one.document,
                )
            )
        await store.set_issued(tx, rows, keys.ed25519.id, now)

    async def make_keys(self, organisation_id: OrganisationId, *, by: Caller | str) -> None:
        """See to it that an organisation has its signing keys."""
        async with self.database.transaction(organisation_id) as tx:
            await organisation_keys.ensure(tx, self.keyring, self.clock.now(), by=by)

    # --------------------------------------------------------------------------------------------- what strangers read
    async def find_signed(self, uid: str, *, fresh: bool = False) -> Signed | None:
        """What was signed under this uid, as it was at most a second ago (fresh: as it is); whether it may be shown is the
        caller's to say.
        """
        kept = None if fresh else self._kept.get(uid)
        if kept is not None and time.monotonic() < kept[0]:
            return kept[1]
        found = await store.find_signed_public(self.database, uid) if is_uid(uid) else None
        if found is not None and found.document is not None:
            self._kept[uid] = (time.monotonic() + _KEPT_SECONDS, found)
            if len(self._kept) > _KEPT_MAX:
                self._kept.popitem(last=False)
        return found

    def forget(self, uids: Iterable[str]) -> None:
        """Read these anew: they have just been signed."""
        for uid in uids:
            self._kept.pop(uid, None)

    async def find_organisation(self, uid: str) -> Organisation:
        """The issuer with this uid. Raises IssuerNotFound."""
        found = None
        if is_uid(uid):
            async with self.database.public_lookup(uid) as tx:
                found = await organisations.organisation_by_uid(tx, uid)
        if found is None:
            raise IssuerNotFound("there is no such issuer", field="issuer", value=uid[:50])
        return found

    async def published_keys(self, organisation: Organisation) -> list[key_store.KeyRow]:
        """Its keys that may still verify something, the newest first; made where there are none."""
        async with self.database.transaction(organisation.id) as tx:
            await organisation_keys.ensure(tx, self.keyring, self.clock.now())
            return [row for row in await key_store.signing_keys(tx) if row.key.is_published]

    # -------------------------------------------------------------------------------------------------------- the log
    async def checkpoint(self, tx: Transaction) -> str:
        """The log's signed checkpoint as it is now. Raises LogEntryNotFound before the first entry."""
        return (await self._checkpoint(tx))[0]

    async def _checkpoint(self, tx: Transaction) -> tuple[str, PublicKey, str]:
        """(the signed note, the key that signed it, the log's origin)."""
        organisation = await organisations.organisation(tx)
        origin = self.addresses.log_origin(organisation.uid)
        now = self.clock.now()
        keys = await organisation_keys.ensure(tx, self.keyring, now)
        public = keys.ed25519.key.public_key()
        head = await log_store.head(tx)
        if head is None or head.frontier.size == 0:
            raise LogEntryNotFound("nothing was logged yet")
        if (
            head.checkpoint is None
            or head.checkpoint_size != head.frontier.size
            or not _signed_by(head.checkpoint, origin, public)
        ):
            frontier = await log_store.lock_head(tx)
            assert isinstance(public, Ed25519PublicKey)  # noqa: S101 - what the algorithm says
            ready = log.prepare_checkpoint(
                log.Checkpoint(origin=origin, size=frontier.size, root=frontier.root()), name=origin, key=public
            )
            signature = self.keyring.sign_checked(keys.ed25519.key, ready)
            note = ready.finish(signature.value)
            await log_store.set_checkpoint(tx, note, frontier.size)
            await key_store.insert_signatures(
                tx, keys.ed25519.id, "checkpoint", [(str(frontier.size), signature.input_sha256)], now
            )
            return note, public, origin
        return head.checkpoint, public, origin

    async def proof_of_issue(self, tx: Transaction, credential: Credential | Signed) -> ProofOfIssue | None:
        """That the credential's newest document is in the log, under the newest checkpoint; None before it is signed."""
        if credential.log_number is None:
            return None
        note, public, origin = await self._checkpoint(tx)
        proof = await proving.prove(tx, credential.log_number)
        organisation = await organisations.organisation(tx)
        assert isinstance(public, Ed25519PublicKey)  # noqa: S101 - what the algorithm says
        document = credential.document if isinstance(credential, Signed) else None
        if document is None:
            assert isinstance(credential, Credential)  # noqa: S101 - a Signed one with a number has its document
            document = (await store.find_signed(tx, [credential.id]))[credential.id].document or ""
        return ProofOfIssue(
            origin=origin,
            proof=proof,
            checkpoint=note,
            verifier_key=log.verifier_key(origin, public),
            log_url=self.addresses.log(organisation.uid),
            proof_url=f"{self.addresses.credential(credential.uid)}/proof",
            document_sha256=hashlib.sha256(document.encode()).digest(),
        )

    # ------------------------------------------------------------------------------------------------------ new places
    async def set_places_aside(self, organisation_id: OrganisationId, limit: int) -> tuple[int, list[status.Places]]:
        """(how many wait to be signed, up to `limit`; places in status lists for them), in a transaction of its own."""
        async with self.database.transaction(organisation_id, joins_request=False) as tx:
            waiting, without = await store.waiting(tx, limit)
            places = await validity.set_places_aside(tx, without, self.clock.now()) if without else []
        return waiting, places


def _signed_by(note: str, origin: str, key: PublicKey) -> bool:
    assert isinstance(key, Ed25519PublicKey)  # noqa: S101 - what the algorithm says
    try:
        log.open_checkpoint(note, name=origin, key=key)
    except ProofRejected:
        return False
    return True


_Given = dict[tuple[str, int | None], list[Endorsement]]


def _by_subject(given: Sequence[Endorsement]) -> _Given:
    found: _Given = {}
    for one in given:
        found.setdefault((one.kind, one.subject_id), []).append(one)
    return found


def _endorsing(given: _Given, credential: Waiting) -> tuple[Endorsement, ...]:
    """What is to stand in one credential."""
    places = (("issuer", None), ("achievement", credential.achievement_id), ("credential", credential.id))
    return tuple(one for place in places for one in given.get(place, ()))


def _awarded_at(credential: Waiting, award: Awarded) -> datetime:
    """The instant of the award, or the beginning of the day that the issuer gave instead."""
    if credential.issued_on == award.awarded_at.astimezone(UTC).date():
        return award.awarded_at.replace(microsecond=0)
    return datetime(credential.issued_on.year, credential.issued_on.month, credential.issued_on.day, tzinfo=UTC)


def _valid_from(credential: Waiting, awarded_at: datetime, before: Signed | None, now: datetime) -> datetime:
    """When it was awarded; for one that is issued again the present, and later than before.

    Whole seconds, as everything that is signed: within the second of the issue before it is the next one, which is less than a
    second away. One that has ended meanwhile begins before its end, whatever it said before.
    """
    if before is None or before.document is None:
        return awarded_at
    later = msgspec.json.decode(before.document, type=_Dates).valid_from + _SECOND
    current = max(later, now.replace(microsecond=0))
    if credential.expires_at is None or current < credential.expires_at:
        return current
    return min(later, credential.expires_at - _SECOND)
