"""Chain data from our own transparency log: the shapes of the imitated product, with the true names of what is in them.

The receipt is an RFC 6962 inclusion proof under a signed checkpoint, not a transaction of a public chain, and says so.
"""

import base64
import hashlib
from collections.abc import Sequence
from typing import Any

from laurel.domain.credentials.issuer import ProofOfIssue
from laurel.domain.credentials.model import Credential
from laurel.domain.organisations.model import Organisation
from laurel.web.dialects.accredible.spelling import show_day

CHAIN = "TransparencyLog"


def show_chain_data(
    public_url: str, organisation: Organisation, credential: Credential, found: ProofOfIssue
) -> dict[str, Any]:
    """`credential_json_data` and `receipt` of a credential that stands in the log."""
    page = f"{public_url}/c/{credential.uid}"
    identity = hashlib.sha256(f"{credential.fields.get('recipient_email') or ''}{credential.uid}".encode()).hexdigest()
    return {
        "credential_json_data": {
            "@context": "https://w3id.org/blockcerts/v1",
            "type": "CertificateDocument",
            "certificate": {
                "type": "Certificate",
                "id": page,
                "name": credential.fields["name"],
                "description": credential.fields["description"],
                "issuer": {
                    "type": "Issuer",
                    "id": f"{public_url}/i/{organisation.uid}",
                    "name": organisation.name,
                    "url": organisation.url or public_url,
                    "email": organisation.email,
                },
            },
            "verify": {"type": "Ed25519 signed checkpoint", "attribute-signed": "root", "signer": found.verifier_key},
            "assertion": {
                "type": "Assertion",
                "uid": credential.uid,
                "id": f"{page}.json",
                "issuedOn": show_day(credential.issued_on),
            },
            "recipient": {
                "type": "email",
                "hashed": True,
                "identity": f"sha256${identity}",
                "salt": credential.uid,
                "familyName": credential.fields["recipient_name"],
            },
        },
        "receipt": _receipt(found),
    }


def _receipt(found: ProofOfIssue) -> dict[str, Any]:
    proof = found.proof
    return {
        "@context": "https://www.rfc-editor.org/rfc/rfc9162",
        "type": "RFC6962InclusionProof",
        "targetHash": proof.entry.hash().hex(),
        "merkleRoot": proof.root.hex(),
        "proof": sides(proof.path, proof.number, proof.size),
        "anchors": [{"type": "C2SPCheckpoint", "sourceId": found.origin, "checkpoint": found.checkpoint}],
        "number": proof.number,
        "size": proof.size,
        "salt": proof.entry.salt.hex(),
        "leaf": base64.b64encode(proof.entry.leaf()).decode(),
        "document_sha256": found.document_sha256.hex(),
        "log": found.log_url,
        "proof_url": found.proof_url,
    }


def sides(path: Sequence[bytes], number: int, size: int) -> list[dict[str, str]]:
    """The audit path of leaf `number` among `size`, each hash on the side where it is joined (RFC 9162, 2.1.3.2)."""
    node, last = number, size - 1
    joined = []
    for hashed in path:
        if node % 2 or node == last:
            joined.append({"left": hashed.hex()})
            while node % 2 == 0 and node:
                node, last = node >> 1, last >> 1
        else:
            joined.append({"right": hashed.hex()})
        node, last = node >> 1, last >> 1
    return joined
