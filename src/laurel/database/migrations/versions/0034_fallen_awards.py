"""An award that fell by a retraction leaves its place (person, achievement, period) free to be earned again."""

from laurel.database.migrations.script import run

revision = "0034"
down_revision = "0033"

_FALLEN = """
ALTER TABLE award ADD COLUMN fallen bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN award.fallen IS '0, or the own id of an award that fell by a retraction';
UPDATE award SET fallen = id
WHERE state = 'revoked' AND source = 'rules' AND revoke_reason LIKE 'an event was retracted: %';
ALTER TABLE award DROP CONSTRAINT award_pkey;
ALTER TABLE award ADD PRIMARY KEY (organisation_id, person_id, achievement_id, period, fallen);
CREATE INDEX award_fallen ON award (organisation_id, person_id) WHERE fallen > 0;
ALTER TABLE challenge_attempt ADD COLUMN withdrawn integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN challenge_attempt.withdrawn IS 'completions that were taken back after a further round had begun';
ALTER TABLE challenge_participation ADD COLUMN retracted_at timestamptz;
"""


def upgrade() -> None:
    """Widen the key by what tells a fallen award from the one that stands."""
    run(_FALLEN)
