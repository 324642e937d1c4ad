import base64

import msgspec
import pytest

from laurel.settings import Settings, SettingsError, read_secret, read_settings

GOOD = base64.b64encode(b"s" * 32).decode()


def test_without_variables_everything_has_its_default():
    settings = read_settings({"PATH": "/bin"})
    assert settings.port == 8080
    assert settings.public_url == "http://127.0.0.1:8080"
    assert settings.embedded


def test_every_field_is_one_variable():
    values = {
        "data_dir": "/srv/laurel", "host": "::1", "port": "9000", "public_url": "https://badges.example.org/",
        "database_url": "postgresql://u:p@db/laurel", "bootstrap_key": "lrl_12345678", "workers": "4",
        "database_connections": "20", "jobs_in_server": "no", "pepper": GOOD, "master_key": GOOD, "log_level": "DEBUG",
        "log_format": "json", "trusted_proxies": "10.0.0.0/8, 192.0.2.1", "stop_seconds": "5",
    }  # fmt: skip
    assert set(values) <= set(Settings.__struct_fields__)
    settings = read_settings({f"LAUREL_{field.upper()}": value for field, value in values.items()})
    assert settings.public_url == "https://badges.example.org"
    assert settings.trusted_proxies == ("10.0.0.0/8", "192.0.2.1")
    assert settings.jobs_in_server is False
    changed = {field for field in values if getattr(settings, field) != getattr(read_settings({}), field)}
    assert changed == set(values)


def test_an_unknown_variable_is_an_error_that_names_it():
    with pytest.raises(SettingsError, match="LAUREL_PROT"):
        read_settings({"LAUREL_PROT": "1"})


def test_an_empty_variable_counts_as_absent():
    assert read_settings({"LAUREL_PORT": "", "LAUREL_UNHEARD_OF": ""}).port == 8080


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"), ("PORT", "65536"), ("PORT", "eighty"), ("PORT", "٨٠"), ("WORKERS", "-1"), ("HOST", " "),
        ("PUBLIC_URL", "badges.example.org"), ("PUBLIC_URL", "ftp://x"), ("PUBLIC_URL", "http://x:port"),
        ("DATABASE_URL", "mysql://db/x"), ("JOBS_IN_SERVER", "perhaps"), ("LOG_LEVEL", "loud"), ("LOG_FORMAT", "xml"),
        ("TRUSTED_PROXIES", "10.0.0.0/99"), ("BOOTSTRAP_KEY", "secret"), ("BOOTSTRAP_KEY", "lrl_short"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_used_is_an_error_that_names_the_variable(name, value):
    with pytest.raises(SettingsError, match=f"LAUREL_{name}") as refused:
        read_settings({f"LAUREL_{name}": value})
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("name", ["BOOTSTRAP_KEY", "DATABASE_URL"])
def test_an_error_never_shows_a_secret(name):
    with pytest.raises(SettingsError) as refused:
        read_settings({f"LAUREL_{name}": "hunter2hunter2"})
    assert "hunter2" not in str(refused.value)


def test_a_secret_is_made_once_and_kept_for_its_owner_alone(tmp_path):
    settings = read_settings({"LAUREL_DATA_DIR": str(tmp_path)})
    first = read_secret(settings, "pepper")
    assert len(first) == 32
    assert read_secret(settings, "pepper") == first
    assert read_secret(settings, "master_key") != first
    assert (tmp_path / "secrets" / "pepper").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700


def test_a_secret_that_others_may_read_is_refused(tmp_path):
    settings = read_settings({"LAUREL_DATA_DIR": str(tmp_path)})
    read_secret(settings, "pepper")
    (tmp_path / "secrets" / "pepper").chmod(0o640)
    with pytest.raises(SettingsError, match="chmod 600"):
        read_secret(settings, "pepper")


def test_a_secret_comes_from_a_file_of_the_operators_choice(tmp_path):
    path = tmp_path / "pepper"
    path.write_text(GOOD + "\n")
    path.chmod(0o600)
    assert read_secret(read_settings({"LAUREL_PEPPER": f"file:{path}"}), "pepper") == b"s" * 32


@pytest.mark.parametrize("value", ["not base64!", base64.b64encode(b"short").decode(), "file:/nowhere/at/all"])
def test_a_secret_that_cannot_be_used_is_refused(value):
    with pytest.raises(SettingsError):
        read_secret(read_settings({"LAUREL_PEPPER": value}), "pepper")


def test_an_external_database_needs_its_secrets_from_outside():
    with pytest.raises(SettingsError, match="LAUREL_MASTER_KEY"):
        read_secret(read_settings({"LAUREL_DATABASE_URL": "postgresql://db/x"}), "master_key")


def test_a_public_address_that_was_set_stays_when_the_port_moves():
    moved = read_settings({"LAUREL_PUBLIC_URL": "https://x.example"}).listening_on("127.0.0.1", 9)
    assert moved.public_url == "https://x.example"
    assert read_settings({}).listening_on("127.0.0.1", 9).public_url == "http://127.0.0.1:9"


def test_settings_cannot_be_changed():
    with pytest.raises(AttributeError):
        read_settings({}).port = 1  # type: ignore[misc] # that is the point
    assert msgspec.structs.replace(read_settings({}), port=1).port == 1
