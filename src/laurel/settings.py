"""Settings: one frozen value read from LAUREL_* variables. The only reader of the environment.

Each field is one variable; docs/reference/settings.md says the same words for operators (a test compares the names).
"""

import base64
import binascii
import ipaddress
import os
import secrets
import stat
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from laurel.base.ids import is_uid
from laurel.base.text import clean_email

PREFIX = "LAUREL_"
SECRET_BYTES_MIN = 32
_METRICS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_SECRET_MODE = 0o600


class SettingsError(Exception):
    """A variable is unknown or has a value that cannot be used; the message is one sentence for the operator."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that can be set from outside."""

    data_dir: Path = Path("data")
    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str = ""
    database_url: str | None = None
    bootstrap_key: str | None = None
    workers: int = 1
    database_connections: int = 10
    jobs_in_server: bool = True
    pepper: str | None = None
    master_key: str | None = None
    log_level: str = "info"
    log_format: str = "auto"
    trusted_proxies: tuple[str, ...] = ()
    stop_seconds: int = 20
    learner_profile_organisation: str | None = None
    accredible_requests_max: int = 0
    accredible_searches_max: int = 0
    outgoing_networks: tuple[str, ...] = ()
    smtp_url: str | None = None
    mail_from: str = "laurel@localhost"
    bounce_address: str | None = None
    terms_url: str | None = None
    privacy_url: str | None = None

    @property
    def embedded(self) -> bool:
        """Whether the embedded PostgreSQL is used."""
        return self.database_url is None

    def listening_on(self, host: str, port: int) -> "Settings":
        """These settings with another address; a public address that was not set follows it."""
        moved = msgspec.structs.replace(self, host=host, port=port)
        follows = self.public_url == _default_public_url(self)
        return msgspec.structs.replace(moved, public_url=_default_public_url(moved)) if follows else moved


def _text(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    return value.strip()


def _between(low: int, high: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not value.strip().isascii() or not value.strip().isdigit() or not low <= int(value) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(value)

    return parse


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value.strip().lower() not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return value.strip().lower()

    return parse


def _switch(value: str) -> bool:
    word = value.strip().lower()
    if word in {"1", "true", "yes", "on"}:
        return True
    if word in {"0", "false", "no", "off"}:
        return False
    raise ValueError("must be true or false")


def _url(*schemes: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        try:
            parts = urlsplit(value.strip())
            parts.port  # noqa: B018 - reading it is the check
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in schemes or not (parts.netloc or parts.query):
            raise ValueError(f"must be an address that begins with {' or '.join(f'{s}://' for s in schemes)}")
        return value.strip().rstrip("/")

    return parse


def _key(value: str) -> str:
    text = value.strip()
    if not text.startswith("lrl_") or len(text) < len("lrl_") + 8 or not text.isascii() or " " in text:
        raise ValueError("must begin with lrl_ and go on with at least 8 characters without spaces")
    return text


def _mailbox(value: str) -> str:
    address = clean_email(value)
    if address is None:
        raise ValueError("must be an e-mail address such as bounces@mail.example.org")
    return address


def _networks(value: str) -> tuple[str, ...]:
    networks = [part.strip() for part in value.split(",") if part.strip()]
    for network in networks:
        ipaddress.ip_network(network, strict=False)
    return tuple(networks)


def _uid(value: str) -> str:
    if not is_uid(value.strip()):
        raise ValueError("must be 24 lower-case hex digits, as `laurel organisations list` shows them")
    return value.strip()


_PARSERS: Mapping[str, Callable[[str], Any]] = {
    "data_dir": lambda value: Path(_text(value)).expanduser(),
    "host": _text,
    "port": _between(1, 65_535),
    "public_url": _url("http", "https"),
    "database_url": _url("postgresql", "postgres"),
    "bootstrap_key": _key,
    "workers": _between(1, 64),
    "database_connections": _between(2, 500),
    "jobs_in_server": _switch,
    "pepper": _text,
    "master_key": _text,
    "log_level": _one_of("debug", "info", "warning", "error"),
    "log_format": _one_of("auto", "json", "text"),
    "trusted_proxies": _networks,
    "stop_seconds": _between(1, 600),
    "learner_profile_organisation": _uid,
    "accredible_requests_max": _between(0, 10_000_000),
    "accredible_searches_max": _between(0, 10_000_000),
    "outgoing_networks": _networks,
    "smtp_url": _url("smtp", "smtps"),
    "mail_from": _text,
    "bounce_address": _mailbox,
    "terms_url": _url("https", "http"),
    "privacy_url": _url("https", "http"),
}
_SECRET_FIELDS = {"bootstrap_key", "database_url", "pepper", "master_key", "smtp_url"}


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings in `environment` (the process's own by default). Raises SettingsError with one sentence.

    A variable that is set but empty counts as absent, as compose files leave them.
    """
    given = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    for name in sorted(given):
        if not name.startswith(PREFIX) or not given[name]:
            continue
        field = name.removeprefix(PREFIX).lower()
        if field not in _PARSERS or name != name.upper():
            raise SettingsError(f"{name} is not a setting of Laurel; docs/reference/settings.md lists them all.")
        try:
            values[field] = _PARSERS[field](given[name])
        except ValueError as wrong:
            shown = "" if field in _SECRET_FIELDS else f" (it is {given[name]!r})"
            raise SettingsError(f"{name} {wrong}{shown}.") from None
    settings = Settings(**values)
    if not settings.public_url:
        return msgspec.structs.replace(settings, public_url=_default_public_url(settings))
    return settings


def _default_public_url(settings: Settings) -> str:
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104 - compared, not bound
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def read_secret(settings: Settings, name: str) -> bytes:
    """The bytes of the secret `name` ("pepper" or "master_key").

    From the setting: base64, or `file:PATH` of a file holding base64. Without a setting and with the embedded database
    the file `secrets/NAME` under the data directory, made at first use. Raises SettingsError with one sentence.
    """
    variable = PREFIX + name.upper()
    given: str | None = getattr(settings, name)
    if given is None:
        if not settings.embedded:
            raise SettingsError(
                f"{variable} is needed with an external database: base64 of {SECRET_BYTES_MIN} random bytes "
                "(openssl rand -base64 32), or file:PATH."
            )
        return _own_secret(settings.data_dir / "secrets" / name)
    if given.startswith("file:"):
        return _secret_in_file(Path(given.removeprefix("file:")))
    return _decode_secret(given, variable)


def _own_secret(path: Path) -> bytes:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _SECRET_MODE)
    except FileExistsError:
        return _secret_in_file(path)
    except OSError as failure:
        raise SettingsError(f"cannot write to the data directory {path.parent.parent}: {failure.strerror}.") from None
    with os.fdopen(descriptor, "w") as file:
        file.write(base64.b64encode(secrets.token_bytes(SECRET_BYTES_MIN)).decode() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return _secret_in_file(path)


def _secret_in_file(path: Path) -> bytes:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as failure:
        raise SettingsError(f"cannot read the secret in {path}: {failure}.") from None
    if mode & 0o077:
        raise SettingsError(f"{path} may be read by others (mode {mode:04o}); run: chmod 600 {path}")
    return _decode_secret(text, str(path))


def _decode_secret(text: str, where: str) -> bytes:
    try:
        secret = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise SettingsError(f"{where} must hold base64 (openssl rand -base64 32 makes one).") from None
    if len(secret) < SECRET_BYTES_MIN:
        raise SettingsError(f"{where} holds {len(secret)} bytes, at least {SECRET_BYTES_MIN} are needed.")
    return secret


def wants_colour_logs(settings: Settings) -> bool:
    """Whether log lines are for a person: asked for, or `auto` with a terminal to write to."""
    return settings.log_format == "text" or (settings.log_format == "auto" and sys.stderr.isatty())


def share_metrics(directory: Path) -> None:
    """Have the processes started from here add up their metrics in `directory` (the library asks the environment)."""
    os.environ[_METRICS_VARIABLE] = str(directory)


def shared_metrics() -> str | None:
    """Where this process adds its metrics to those of others, when it does."""
    return os.environ.get(_METRICS_VARIABLE)


def hand_down(settings: Settings) -> None:
    """Set the environment of processes started from here to exactly `settings`."""
    for field in Settings.__struct_fields__:
        value = getattr(settings, field)
        name = PREFIX + field.upper()
        if value is None or value == ():
            os.environ.pop(name, None)
        else:
            os.environ[name] = ",".join(value) if isinstance(value, tuple) else str(value)
