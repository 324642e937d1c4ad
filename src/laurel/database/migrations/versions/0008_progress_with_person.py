"""A person's progress row is made with the person, so that recording events never has to look whether it is there.

It begins as 200 zero bytes, about what it grows to: rows that keep their size are updated in place of their page.
"""

from laurel.database.migrations.script import run

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the trigger, and the rows of people who have none."""
    run(
        """
        CREATE FUNCTION begin_progress() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO progress (organisation_id, person_id, state)
            SELECT organisation_id, id, decode(repeat('00', 200), 'hex') FROM new_people ON CONFLICT DO NOTHING;
            RETURN NULL;
        END $$;

        CREATE TRIGGER begin_progress AFTER INSERT ON person REFERENCING NEW TABLE AS new_people
        FOR EACH STATEMENT EXECUTE FUNCTION begin_progress();

        INSERT INTO progress (organisation_id, person_id, state)
        SELECT organisation_id, id, decode(repeat('00', 200), 'hex') FROM person ON CONFLICT DO NOTHING;
        """
    )
