"""Which challenges a group offers a person in a period. Pure."""

import hashlib
from collections.abc import Collection

from laurel.domain.challenges.model import Group


def offered(group: Group, person_uid: str, period: int, completed: Collection[int]) -> list[int]:
    """The ids of the active challenges: in order those not completed yet, or as many at random, the same all period long."""
    if group.order_kind == "sequential":
        return [known for known in group.challenge_ids if known not in completed][: group.active_count]

    def lot(challenge_id: int) -> bytes:
        return hashlib.sha256(f"{group.uid}:{person_uid}:{period}:{challenge_id}".encode()).digest()

    return sorted(group.challenge_ids, key=lot)[: group.active_count]
