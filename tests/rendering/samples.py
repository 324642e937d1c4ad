"""Builders for designs and for what fills them."""

import json
from datetime import UTC, datetime
from typing import Any

from laurel.rendering import Design, Fields, parse_design

CREATED_AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
LONG_NAME = "Maximiliana Alexandrovna Konstantinopolitanskaya-Featherstonehaugh de la Fuente y Villanueva"
SCRIPTS = {
    "latin": "Zoë Łukasiewicz-Nguyễn",
    "greek": "Ελένη Παπαδοπούλου",
    "cyrillic": "Екатерина Щербакова",
    "arabic": "محمد عبد الرحمن بن يحيى الشيخ",
    "hebrew": "רחל בן־דוד",
    "devanagari": "प्रियंका श्रीवास्तव",
    "bengali": "রবীন্দ্রনাথ ঠাকুর",
    "tamil": "திருவள்ளுவர்",
    "thai": "สมชาย ใจดี",
    "japanese": "山田 太郎",
    "chinese": "欧阳明月",
    "korean": "김민준",
    "mixed": "Dr. محمد Schmidt 山田 (2026)",
}


def fields(name: str = "Ada Lovelace", language: str = "en", **values: str) -> Fields:
    return Fields(
        values={
            "recipient.name": name,
            "achievement.name": "Data Analysis",
            "achievement.description": "For designing, running and explaining reproducible analyses on real data.",
            "achievement.level": "Gold",
            "credential.issued_on": "21 November 2026",
            "credential.url": "https://achievements.northwind.example/c/65f1c2a9b3d4e5f601234567",
            "issuer.name": "Northwind Academy",
            "issuer.signatory": "Grace Hopper",
            "issuer.signatory_title": "Head of Programmes",
        }
        | {name.replace("__", "."): value for name, value in values.items()},
        language=language,
    )


def design_json(*nodes: dict[str, Any], **members: Any) -> bytes:
    document = {
        "format": "laurel-design/1",
        "name": "Sample",
        "kind": "certificate",
        "canvas": {"width": 400, "height": 300},
        "nodes": list(nodes),
    }
    return json.dumps(document | members).encode()


def a_design(*nodes: dict[str, Any], **members: Any) -> Design:
    return parse_design(design_json(*nodes, **members))


def a_text(content: Any = "[recipient.name]", **members: Any) -> dict[str, Any]:
    return {"type": "text", "x": 40, "y": 40, "width": 320, "height": 60, "size": 30, "content": content} | members


def a_shape(**members: Any) -> dict[str, Any]:
    return {
        "type": "shape", "x": 10, "y": 10, "width": 100, "height": 100, "outline": "rectangle", "fill": "#336699"
    } | members  # fmt: skip
