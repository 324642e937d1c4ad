"""The webhook achievement.earned in the shape that Litmos documents: camelCase, instants in UTC without a zone."""

from datetime import UTC, datetime

from laurel.base import json_text
from laurel.domain.notifications.model import AWARD_CREATED, Told
from laurel.web.dialects.litmos.translate import COMPLETED, course_code, cut, kind_of, names_of


class AchievementEarned:
    """The format `litmos` of webhooks."""

    topics = frozenset({AWARD_CREATED})
    quiet_too = False

    def render(self, told: Told) -> bytes | None:
        """The event for an award; nothing when what it is about is gone."""
        award, person, definition = told.award, told.person, told.achievement
        if award is None or person is None or definition is None:
            return None
        language = told.organisation.language
        first, last = names_of(person)
        credential = told.credential
        data = {
            "userId": person.uid,
            "userName": person.email or person.uid,
            "courseId": definition.uid,
            "title": cut(definition.name_in(language, language), 512),
            "code": course_code(definition),
            "achievementDate": _zoneless(award.awarded_at),
            "compliantTilldate": None
            if credential is None or credential.expires_at is None
            else _zoneless(credential.expires_at),
            "result": COMPLETED,
            "type": kind_of(definition.type),
            "firstName": first,
            "lastName": last,
            "achievementId": award.id,
            "certificateId": None if credential is None else credential.uid,
        }
        message = told.message
        return json_text.encode(
            {
                "id": message.id,
                "created": _zoneless(message.at),
                "type": "achievement.earned",
                "object": "event",
                "data": data,
            }
        )


def _zoneless(value: datetime) -> str:
    utc = value.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}"
