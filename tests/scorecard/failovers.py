"""R3: the primary of a replicated database is killed and its standby takes its place, while clients write.

Two plain PostgreSQL servers and a test that promotes; who decides in production (Patroni, an operator) is not part of it. The
standby takes nothing more for a second before the primary fails: what was acknowledged in that second is what must not be lost.
"""

import time
from contextlib import ExitStack

import pytest

from tests.scorecard.bad_network import a_server_through
from tests.support.figures import report, sized
from tests.support.processes import a_short_directory
from tests.support.proxy import BadNetwork
from tests.support.replicas import Pair
from tests.support.streams import Senders, define, differences

HANDS = 4
BATCHES = 120


def fail_over_once() -> tuple[int, float, list[str]]:
    """Events acknowledged, the longest time without an acknowledgement, what differs in the end."""
    with ExitStack() as stack:
        home = stack.enter_context(a_short_directory())
        pair = Pair(home / "p")
        stack.callback(pair.end)
        pair.start()
        network = stack.enter_context(BadNetwork(f"{pair.primary}/.s.PGSQL.5432"))
        server = a_server_through(stack, network, home)
        define(server)
        senders = Senders(server, range(BATCHES), hands=HANDS)
        senders.start()
        while len(senders.acknowledged) < 10:
            time.sleep(0.02)
        pair.stall_the_standby()
        time.sleep(1)
        network.refuse(True)
        pair.fail_over()
        network.lead_to(f"{pair.standby}/.s.PGSQL.5432")
        network.refuse(False)
        network.reset()
        everything = senders.finish(180)
        found = differences(server, range(BATCHES))
        return (
            len(senders.acknowledged) * senders.size,
            senders.longest_gap(),
            [*found, *([] if everything else ["waiting"])],
        )


@pytest.mark.timeout(0)
def test_failovers_lose_nothing_that_was_acknowledged():
    failovers = sized(5, least=1)
    results = [fail_over_once() for _ in range(failovers)]
    found = [difference for _, _, differences_ in results for difference in differences_]
    report(
        f"{failovers} failovers, {sum(events for events, _, _ in results)} events acknowledged, longest write "
        f"gap {max(gap for _, gap, _ in results):.0f} s, {len(found)} differences"
    )
    assert found == []
