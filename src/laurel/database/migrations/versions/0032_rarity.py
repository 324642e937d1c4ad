"""Counters of people, and of awards and holders of each achievement, kept in step so that nobody has to count.

They are spread over shards, one for all that a transaction changes; only sums mean something. Deleted people count neither as people
nor as holders.
"""

from laurel.database.migrations.script import run

revision = "0032"
down_revision = "0031"

_TABLES = """
CREATE TABLE people_tally (
    organisation_id bigint NOT NULL,
    shard smallint NOT NULL,
    people bigint NOT NULL,
    PRIMARY KEY (organisation_id, shard)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

CREATE TABLE achievement_tally (
    organisation_id bigint NOT NULL,
    achievement_id bigint NOT NULL,
    shard smallint NOT NULL,
    awards bigint NOT NULL,
    holders bigint NOT NULL,
    PRIMARY KEY (organisation_id, achievement_id, shard)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

INSERT INTO people_tally (organisation_id, shard, people)
SELECT organisation_id, 0, count(*) FROM person WHERE deleted_at IS NULL GROUP BY organisation_id;

INSERT INTO achievement_tally (organisation_id, achievement_id, shard, awards, holders)
SELECT w.organisation_id, w.achievement_id, 0, count(*), count(DISTINCT p.id) FROM award w
LEFT JOIN person p ON p.organisation_id = w.organisation_id AND p.id = w.person_id AND p.deleted_at IS NULL
WHERE w.state = 'active' GROUP BY w.organisation_id, w.achievement_id;
"""

_TRIGGERS = """
CREATE FUNCTION count_new_people() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO people_tally AS t (organisation_id, shard, people)
    SELECT organisation_id, pg_current_xact_id()::text::bigint % 16, count(*) FROM new_people WHERE deleted_at IS NULL GROUP BY organisation_id
    ON CONFLICT (organisation_id, shard) DO UPDATE SET people = t.people + EXCLUDED.people;
    RETURN NULL;
END $$;

CREATE TRIGGER count_new_people AFTER INSERT ON person REFERENCING NEW TABLE AS new_people
FOR EACH STATEMENT EXECUTE FUNCTION count_new_people();

CREATE FUNCTION count_person_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO people_tally AS t (organisation_id, shard, people)
    VALUES (NEW.organisation_id, pg_current_xact_id()::text::bigint % 16, -1)
    ON CONFLICT (organisation_id, shard) DO UPDATE SET people = t.people - 1;
    INSERT INTO achievement_tally AS t (organisation_id, achievement_id, shard, awards, holders)
    SELECT NEW.organisation_id, w.achievement_id, 0, 0, -1 FROM award w
    WHERE w.organisation_id = NEW.organisation_id AND w.person_id = NEW.id AND w.state = 'active'
    GROUP BY w.achievement_id ORDER BY w.achievement_id
    ON CONFLICT (organisation_id, achievement_id, shard) DO UPDATE SET holders = t.holders - 1;
    RETURN NULL;
END $$;

CREATE TRIGGER count_person_gone AFTER UPDATE OF deleted_at ON person
FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION count_person_gone();
"""


def upgrade() -> None:
    """Create them, count once, and let triggers keep the people."""
    run(_TABLES)
    run(_TRIGGERS)
