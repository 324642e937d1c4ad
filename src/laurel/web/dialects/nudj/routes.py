"""The surface: its prefixes with all their routes."""

from litestar import Router
from litestar.di import Provide

from laurel.web.dialects.nudj import (
    achievement_routes,
    analytics_routes,
    attempt_routes,
    challenge_group_routes,
    challenge_routes,
    event_routes,
    giveaway_routes,
    label_routes,
    leaderboard_routes,
    member_routes,
    owned_routes,
    reward_routes,
    standing_routes,
    webhook_routes,
)
from laurel.web.dialects.nudj.acting import authenticate
from laurel.web.dialects.nudj.errors import render_error
from laurel.web.dialects.nudj.listing import slice_of
from laurel.web.surfaces import Surface

_JSON_DEPTH_MAX = 64
"""Deep enough that a criteria tree over its own limit is refused with the path of the node."""

NUDJ = Surface(
    name="nudj",
    prefixes=("/api/v2/integration", "/api/v2/admin", "/api/v2/analytics"),
    handlers=[
        Router(
            path="/",
            dependencies={"listed": Provide(slice_of)},
            route_handlers=[
                *achievement_routes.HANDLERS,
                *event_routes.HANDLERS,
                *reward_routes.HANDLERS,
                *giveaway_routes.HANDLERS,
                *owned_routes.HANDLERS,
                *member_routes.HANDLERS,
                *label_routes.HANDLERS,
                *leaderboard_routes.HANDLERS,
                *standing_routes.HANDLERS,
                *challenge_routes.HANDLERS,
                *attempt_routes.HANDLERS,
                *challenge_group_routes.HANDLERS,
                *webhook_routes.HANDLERS,
                *analytics_routes.HANDLERS,
            ],
        )
    ],
    render_error=render_error,
    authenticate=authenticate,
    json_depth_max=_JSON_DEPTH_MAX,
)
