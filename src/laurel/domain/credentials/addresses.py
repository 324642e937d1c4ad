"""Where what is published for strangers stands, and the names (DIDs) that go with it. Documents hold these for ever."""

import hashlib
from urllib.parse import urlsplit

import msgspec

from laurel.openbadges import did

_SUBJECT = b"laurel subject\0"


class Addresses(msgspec.Struct, frozen=True):
    """The addresses under one public URL."""

    public_url: str

    def credential(self, uid: str) -> str:
        """A credential, also its id."""
        return f"{self.public_url}/c/{uid}"

    def achievement(self, uid: str) -> str:
        """An achievement, also its id."""
        return f"{self.public_url}/a/{uid}"

    def achievement_image(self, uid: str) -> str:
        """The badge of an achievement, as nobody's."""
        return f"{self.public_url}/a/{uid}/badge.png"

    def issuer(self, organisation_uid: str) -> str:
        """The profile of an issuer."""
        return f"{self.public_url}/i/{organisation_uid}"

    def key(self, organisation_uid: str, key_uid: str) -> str:
        """One public key as a JWK; the `kid` of tokens."""
        return f"{self.issuer(organisation_uid)}/keys/{key_uid}"

    def status_list(self, uid: str) -> str:
        """A status list, also its id."""
        return f"{self.public_url}/s/{uid}"

    def suspension_list(self, uid: str) -> str:
        """The suspensions of the same places."""
        return suspensions_of(self.status_list(uid))

    def log(self, organisation_uid: str) -> str:
        """The directory of an issuer's log (C2SP: checkpoint and tile/ below it)."""
        return f"{self.issuer(organisation_uid)}/log"

    def log_origin(self, organisation_uid: str) -> str:
        """The log's name in its checkpoints: its address without the scheme."""
        return self.log(organisation_uid).partition("://")[2]

    def did(self, organisation_uid: str) -> str:
        """The did:web of an issuer. Raises KeyRefused when the public URL has a host that no DID can name."""
        parts = urlsplit(self.public_url)
        host = parts.netloc.rpartition("@")[2]
        return did.did_web(host, *filter(None, parts.path.split("/")), "i", organisation_uid)

    def root_did(self) -> str | None:
        """The did:web of the host itself, when Laurel is served from its root."""
        parts = urlsplit(self.public_url)
        return None if parts.path.strip("/") else did.did_web(parts.netloc.rpartition("@")[2])


def suspensions_of(list_url: str) -> str:
    """The address of the suspensions of the places of a status list."""
    return f"{list_url}/suspensions"


def subject_id(person_uid: str) -> str:
    """The name of a person as a subject: the same in all credentials of an organisation, and it leads nowhere."""
    digest = hashlib.sha256(_SUBJECT + person_uid.encode()).hexdigest()
    variant = "89ab"[int(digest[16], 16) & 3]
    return f"urn:uuid:{digest[:8]}-{digest[8:12]}-8{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"
