import base64
import hashlib

from laurel.domain.record_events import issue_waiting
from laurel.openbadges import log
from laurel.openbadges.multikey import parse_multikey
from tests.support.credentials import an_award
from tests.web.test_issuing import many_waiting


async def checked(stranger, uid):
    """The proof of a credential after every claim in it was held against the others."""
    facts = (await stranger.get(f"/c/{uid}/proof")).json()
    document = (await stranger.get(f"/c/{uid}.json")).content
    assert hashlib.sha256(document).hexdigest() == facts["document_sha256"]
    salted = hashlib.sha256(bytes.fromhex(facts["salt"]) + document).hexdigest()
    assert salted == facts["commitment"]
    assert salted in facts["leaf"]
    leaf, root = log.leaf_hash(facts["leaf"].encode()), base64.b64decode(facts["root"])
    path = [base64.b64decode(one) for one in facts["path"]]
    log.check_inclusion(leaf, facts["number"], facts["size"], path, root)
    return facts


async def ed25519_key(api):
    (name,) = [
        key["name"]
        for key in (await api.get("/api/v1/signing-keys")).json()
        if (key["algorithm"], key["state"]) == ("Ed25519", "active")
    ]
    return parse_multikey(name)


async def test_a_credential_is_in_the_log_under_a_signed_checkpoint(api, stranger, organisation):
    award = await an_award(api)
    facts = await checked(stranger, award["credential"])
    signed = log.open_checkpoint(facts["checkpoint"], name=facts["origin"], key=await ed25519_key(api))
    assert (signed.size, base64.b64encode(signed.root).decode()) == (facts["size"], facts["root"])
    assert facts["origin"] == f"laurel.test/i/{organisation.uid}/log"
    assert (await stranger.get(f"/i/{organisation.uid}/log/checkpoint")).text == facts["checkpoint"]


async def test_the_checkpoint_names_its_character_set_once(api, stranger, organisation):
    await an_award(api)
    answer = await stranger.get(f"/i/{organisation.uid}/log/checkpoint")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


async def test_tiles_and_bundles_give_the_root_of_the_checkpoint(api, stranger, parts, organisation):
    await many_waiting(api, parts, 300)
    await issue_waiting.issue_all(parts.issuer, organisation.id)
    here = f"/i/{organisation.uid}/log"
    size = int((await stranger.get(f"{here}/checkpoint")).text.splitlines()[1])
    root = base64.b64decode((await stranger.get(f"{here}/checkpoint")).text.splitlines()[2])
    assert size == 300
    hashes = (await stranger.get(f"{here}/tile/0/000")).content + (
        await stranger.get(f"{here}/tile/0/001.p/44")
    ).content
    frontier = log.Frontier()
    for at in range(0, len(hashes), 32):
        frontier = frontier.append(hashes[at : at + 32])
    assert frontier.root() == root
    (node,) = [(await stranger.get(f"{here}/tile/1/000.p/1")).content]
    assert len(node) == 32
    bundle = (await stranger.get(f"{here}/tile/entries/001.p/44")).content
    first = bundle[2 : 2 + int.from_bytes(bundle[:2])]
    assert log.leaf_hash(first) == hashes[256 * 32 : 257 * 32]
    for path in ("tile/0/001", "tile/0/002", "tile/1/000.p/2", "tile/0/001.p/45"):
        assert (await stranger.get(f"{here}/{path}")).status_code == 404
    assert (await stranger.get(f"{here}/tile/0/1")).status_code == 422


async def test_entries_anywhere_in_a_large_log_can_be_proved(api, stranger, parts, organisation):
    await many_waiting(api, parts, 700)
    await issue_waiting.issue_all(parts.issuer, organisation.id)
    async with parts.database.transaction(organisation.id) as tx:
        rows = await tx.fetch(
            "SELECT uid FROM credential WHERE organisation_id = $1 AND log_number = ANY($2)",
            organisation.id,
            [0, 1, 255, 256, 257, 511, 512, 650, 699],
        )
    assert len(rows) == 9
    for row in rows:
        await checked(stranger, row["uid"])


async def test_a_log_that_has_grown_extends_what_it_was(api, stranger, parts, organisation):
    here = f"/i/{organisation.uid}/log"

    async def head():
        lines = (await stranger.get(f"{here}/checkpoint")).text.splitlines()
        return int(lines[1]), base64.b64decode(lines[2])

    heads = []
    for count in (3, 260, 5):
        await many_waiting(
            api,
            parts,
            count,
            name=f"Round {count}",
            queries=[{"alias": "all"}],
            criteria={"type": "count", "query": "all", "value": 1},
        )
        await issue_waiting.issue_all(parts.issuer, organisation.id)
        heads.append(await head())
    for first, first_root in heads:
        for second, second_root in heads:
            if first <= second:
                answer = (await stranger.get(f"{here}/consistency/{first}/{second}")).json()
                path = [bytes.fromhex(one) for one in answer["path"]]
                log.check_consistency(first, second, first_root, second_root, path)


async def test_revocations_are_logged_without_saying_whose(api, stranger, organisation):
    award = await an_award(api)
    await api.post(f"/api/v1/awards/{award['id']}/revoke", json={"reason": "x"})
    bundle = (await stranger.get(f"/i/{organisation.uid}/log/tile/entries/000.p/2")).text
    assert "credential.revoked" in bundle
    assert award["credential"] not in bundle
