"""Scores are ordered by integers: comparing numerics is not leak-proof, so row-level security kept it out of the index."""

from laurel.database.migrations.script import run

revision = "0015"
down_revision = "0014"

_SCORES = """
DROP INDEX leaderboard_score_rank;
ALTER TABLE leaderboard_score
    ADD COLUMN whole bigint NOT NULL GENERATED ALWAYS AS (floor(score)::bigint) STORED,
    ADD COLUMN billionths bigint NOT NULL GENERATED ALWAYS AS (((score - floor(score)) * 1000000000)::bigint) STORED;
CREATE INDEX leaderboard_score_rank ON leaderboard_score
    (organisation_id, leaderboard_id, period, whole DESC, billionths DESC, reached_at, person_id);
"""


def upgrade() -> None:
    """Add the two columns and build the index on them."""
    run(_SCORES)
