import json

import msgspec
import pytest

from laurel.openbadges.did import key_of_did_key
from laurel.openbadges.multikey import render_multikey
from tests.openbadges import builders
from tests.support.processes import laurel, serving

KEY_NAME = render_multikey(builders.KEY.public_key())
DID_KEY = f"did:key:{KEY_NAME}"


def a_self_contained_badge():
    """A badge that carries all that is needed to verify it: its issuer is its key."""
    assert key_of_did_key(DID_KEY) == builders.KEY.public_key()
    badge = builders.a_badge(issuer=builders.a_profile(id=DID_KEY))
    return builders.sign(builders.documents.badge_document(badge), verification_method=f"{DID_KEY}#{KEY_NAME}")


@pytest.fixture
def offered(tmp_path):
    path = tmp_path / "badge.json"

    def verify(content, *options):
        path.write_bytes(content if isinstance(content, bytes) else msgspec.json.encode(content))
        return laurel("verify", str(path), *options, data_dir=tmp_path / "none")

    return verify


def test_a_genuine_badge_is_said_to_be_one_and_where_trust_ends(offered):
    done = offered(a_self_contained_badge())
    assert done.returncode == 0, done.stderr
    assert "GENUINE  Open Badges 3.0" in done.stdout
    assert "for the reader to judge" in done.stdout


def test_a_changed_badge_ends_with_a_code_of_its_own(offered):
    done = offered(a_self_contained_badge() | {"name": "Another\x1b[31m"})
    assert done.returncode == 8
    assert "NOT VERIFIED" in done.stdout
    assert "\x1b[31m" not in done.stdout


def test_what_could_not_be_asked_is_told_apart_from_what_is_false(offered):
    entry = {"id": "https://127.0.0.1/list", "type": "1EdTechRevocationList"}
    badge = builders.a_badge(issuer=builders.a_profile(id=DID_KEY), status=entry)
    done = offered(
        builders.sign(builders.documents.badge_document(badge), verification_method=f"{DID_KEY}#{KEY_NAME}"), "--json"
    )
    assert done.returncode == 9, done.stdout
    assert json.loads(done.stdout)["verified"] is False


def test_a_file_that_is_not_there_is_named(tmp_path):
    done = laurel("verify", str(tmp_path / "absent.png"), data_dir=tmp_path / "none")
    assert (done.returncode, "absent.png" in done.stderr) == (1, True)


def test_a_record_is_exported_and_our_own_addresses_need_no_network(tmp_path):
    with serving(tmp_path / "log", data_dir=tmp_path / "data") as server:
        achievement = server.post(
            "/api/v1/achievements",
            json={
                "name": "Welding",
                "description": "Joins steel.",
                "status": "live",
                "queries": [{"alias": "q", "event_name": "e"}],
                "criteria": {"type": "count", "query": "q", "operator": ">=", "value": 1},
            },
        ).json()
        award = server.post(
            f"/api/v1/achievements/{achievement['id']}/awards",
            json={"person": {"email": "ada@example.org"}, "create_person": True},
        )
        assert award.status_code == 201, award.text
        record = tmp_path / "record.json"
        done = laurel("export", "clr", str(record), "--person", "ada@example.org", **server.settings)
        assert done.returncode == 0, done.stderr
        assert "ada@example.org" not in record.read_text()
        done = laurel("verify", str(record), "--recipient", "ada@example.org", **server.settings)
        assert done.returncode == 0, done.stdout
        assert "GENUINE  CLR 2.0" in done.stdout
        assert "request" not in done.stderr
