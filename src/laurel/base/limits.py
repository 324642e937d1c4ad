"""Every named limit. Going over one is a refusal that says the limit; nothing here reads the environment."""

from laurel.base.errors import TooLarge

BODY_BYTES_MAX = 20 * 1024 * 1024
JSON_DEPTH_MAX = 32
EVENTS_PER_REQUEST_MAX = 10_000
EVENTS_PER_TRANSACTION_MAX = 1_000
EVENT_KEY_LENGTH_MAX = 200
EVENT_NAME_LENGTH_MAX = 200
EVENT_CATEGORY_LENGTH_MAX = 100
EVENT_SOURCE_LENGTH_MAX = 200
EVENT_TAGS_MAX = 50
EVENT_PAYLOAD_BYTES_MAX = 16 * 1024
EVENT_PAYLOAD_DEPTH_MAX = 10
EVENT_FUTURE_SECONDS_MAX = 24 * 3600
NUMBER_INTEGER_DIGITS_MAX = 18
NUMBER_DECIMAL_DIGITS_MAX = 9
TAG_LENGTH_MAX = 100
TAGS_MAX = 100
NAME_LENGTH_MAX = 512
DESCRIPTION_LENGTH_MAX = 10_000
URL_LENGTH_MAX = 2_048
LANGUAGES_MAX = 50
LANGUAGE_LENGTH_MAX = 35
EMAIL_LENGTH_MAX = 254
IDENTIFIER_LENGTH_MAX = 200
IDENTIFIERS_PER_PERSON_MAX = 20
CRITERIA_DEPTH_MAX = 10
CRITERIA_NODES_MAX = 200
QUERIES_MAX = 50
ALIAS_LENGTH_MAX = 100
ATTRIBUTE_PATH_LENGTH_MAX = 200
ATTRIBUTE_PATH_DEPTH_MAX = 10
PREREQUISITES_MAX = 50
ALIGNMENTS_MAX = 100
RESULT_DESCRIPTIONS_MAX = 50
REWARD_ITEMS_MAX = 50
CASCADE_DEPTH_MAX = 20
METADATA_BYTES_MAX = 64 * 1024
ACHIEVEMENTS_PER_ORGANISATION_MAX = 200_000
PAGE_SIZE_DEFAULT = 50
PAGE_SIZE_MAX = 1_000
IDEMPOTENCY_KEY_LENGTH_MAX = 255
IDEMPOTENCY_KEPT_SECONDS = 24 * 3600
SCOPES_MAX = 20
EXPLAIN_EVENTS_MAX = 100


def check_length(text: str, limit: int, field: str) -> str:
    """`text` itself, or TooLarge naming the field, the limit and the length."""
    if len(text) > limit:
        raise TooLarge(
            f"{field} has {len(text)} characters, the limit is {limit}", field=field, limit=limit, value=len(text)
        )
    return text


def check_count(count: int, limit: int, field: str) -> None:
    """Raise TooLarge when a list has more than `limit` members."""
    if count > limit:
        raise TooLarge(f"{field} has {count} members, the limit is {limit}", field=field, limit=limit, value=count)
