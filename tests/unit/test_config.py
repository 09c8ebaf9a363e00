"""The settings: reading, defaults, and every problem at once."""

import re
from pathlib import Path

import pytest

from limner.config import Settings, SettingsError, load_settings

SETTINGS_PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


def problems_of(environ: dict[str, str], env_file: Path | None = None) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load_settings(environ, env_file)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return caught.value.problems


def test_defaults() -> None:
    """Without any variable the documented defaults hold."""
    settings = load_settings({}, None)
    assert settings.gemini_api_keys == ()
    assert settings.gemini_base_url == "https://generativelanguage.googleapis.com"
    assert settings.data_dir == Path("limner-data")
    assert settings.image_output == "auto"
    assert settings.cors_origins == ("*",)
    assert settings.allowed_hosts == ()
    assert settings.max_body_bytes == 140 * 1024 * 1024
    assert settings.stream_line_bytes == 64 * 1024
    assert settings.upstream_timeout_seconds == 540
    assert settings.heartbeat_seconds == 10
    assert settings.keep_alive_seconds == 75
    assert settings.drain_seconds == 150
    assert (settings.image_retention_hours, settings.linked_retention_hours) == (720, 8760)
    assert settings.store_max_gib is None
    assert settings.image_store_url is None
    assert (settings.idempotency_hours, settings.undelivered_hours) == (24, 24)
    assert (settings.unknown_policy, settings.unknown_hours) == ("hold", 72)
    assert settings.end_user_header is None
    assert settings.upstream_store is False
    assert (settings.log_level, settings.log_format) == ("info", "text")


def test_gemini_keys_are_merged_once_each() -> None:
    """GEMINI_API_KEY comes first, then the list's keys, trimmed, without empties and repeats."""
    settings = load_settings({"GEMINI_API_KEY": "b", "LIMNER_GEMINI_API_KEYS": "a, b ,, c,a"}, None)
    assert [key.get_secret_value() for key in settings.gemini_api_keys] == ["b", "a", "c"]


def test_env_file_stands_behind_the_environment(tmp_path: Path) -> None:
    """A variable of the environment goes before the same one in the file; an empty one counts as not set."""
    env_file = tmp_path / ".env"
    env_file.write_text(
        "# a comment\nexport LIMNER_MAX_BODY_MIB=1\nLIMNER_HEARTBEAT_SECONDS='2.5'\n"
        "LIMNER_KEEP_ALIVE_SECONDS=3 # short\nOTHER_PROGRAM=x\n"
    )
    settings = load_settings({"LIMNER_MAX_BODY_MIB": "7", "LIMNER_HEARTBEAT_SECONDS": ""}, env_file)
    assert (settings.max_body_mib, settings.heartbeat_seconds, settings.keep_alive_seconds) == (7, 2.5, 3)


def test_only_the_arguments_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a mapping, the process's environment has no say, not even inside a value of the file."""
    monkeypatch.setenv("LIMNER_MAX_BODY_MIB", "9")
    assert load_settings({}, None).max_body_mib == 140
    assert load_settings(env_file=None).max_body_mib == 9


def test_env_file_values_are_taken_literally(tmp_path: Path) -> None:
    """A dollar sign in a secret of the file stays a dollar sign."""
    env_file = tmp_path / ".env"
    env_file.write_text("GEMINI_API_KEY=a${HOME}b\n")
    (key,) = load_settings({}, env_file).gemini_api_keys
    assert key.get_secret_value() == "a${HOME}b"


def test_broken_env_file_lines_are_problems(tmp_path: Path) -> None:
    """A line of the file that cannot be read is named, not skipped."""
    env_file = tmp_path / ".env"
    env_file.write_text("LIMNER_MAX_BODY_MIB=1\n=x\nLIMNER_PUBLIC_URL\n")
    assert problems_of({}, env_file) == (
        f"{env_file} line 2 is not NAME=value",
        f"{env_file} line 3 is not NAME=value",
    )
    assert problems_of({}, tmp_path) == (f"{tmp_path} cannot be read (Is a directory)",)


def test_secrets_may_stand_in_files(tmp_path: Path) -> None:
    """NAME_FILE gives a secret's value, without the line break at its end."""
    file = tmp_path / "keys"
    file.write_text("sk-one,sk-two\n")
    settings = load_settings({"LIMNER_API_KEYS_FILE": str(file)}, None)
    assert [key.get_secret_value() for key in settings.client_api_keys] == ["sk-one", "sk-two"]


def test_secret_file_problems(tmp_path: Path) -> None:
    """A missing file, an empty one, and a value given twice are refused, naming the variable."""
    empty = tmp_path / "empty"
    empty.write_text("\n")
    missing, double, blank = problems_of(
        {
            "GEMINI_API_KEY_FILE": "/nowhere/key",
            "LIMNER_GEMINI_API_KEYS": "a",
            "LIMNER_GEMINI_API_KEYS_FILE": str(empty),
            "LIMNER_API_KEYS_FILE": str(empty),
        }
    )
    assert missing.startswith("GEMINI_API_KEY_FILE is '/nowhere/key', which cannot be read (No such file")
    assert double.startswith("LIMNER_GEMINI_API_KEYS and LIMNER_GEMINI_API_KEYS_FILE are both set")
    assert blank.startswith(f"LIMNER_API_KEYS_FILE is {str(empty)!r}, which is empty")


def test_all_problems_at_once() -> None:
    """Every bad value is reported in one error, each line with variable, value and what is accepted."""
    lines = problems_of(
        {
            "LIMNER_MAX_BODY_MIB": "much",
            "LIMNER_HEARTBEAT_SECONDS": "0",
            "LIMNER_UPSTREAM_STORE": "perhaps",
            "LIMNER_LOG_LEVEL": "loud",
            "LIMNER_MAX_BODY_MB": "3",
        }
    )
    assert set(lines) == {
        "LIMNER_MAX_BODY_MB is not a setting of this version; did you mean LIMNER_MAX_BODY_MIB?",
        "LIMNER_MAX_BODY_MIB is 'much'; accepted: a whole number of MiB, 1 or more",
        "LIMNER_HEARTBEAT_SECONDS is '0'; accepted: a number of seconds above 0",
        "LIMNER_UPSTREAM_STORE is 'perhaps'; accepted: true or false",
        "LIMNER_LOG_LEVEL is 'loud'; accepted: debug, info, warning or error",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GEMINI_API_KEY", "canary key"),
        ("LIMNER_GEMINI_API_KEYS", "ok,canary\u00e9"),
        ("LIMNER_API_KEYS", "canary\nkey"),
        ("LIMNER_SIGNING_SECRET", "canary"),
        ("LIMNER_UPSTREAM_PROXY", "socks4://me:canary@proxy:1080"),
        ("LIMNER_UPSTREAM_PROXY", "http://me:canary/x@proxy:1080"),
        ("LIMNER_GEMINI_BASE_URL", "https://me:canary@example.org"),
        ("LIMNER_GEMINI_BASE_URL", "https://example.org?key=canary"),
        ("LIMNER_PUBLIC_URL", "https://me:canary@example.org"),
        ("LIMNER_IMAGE_STORE_URL", "s3://AKIA:canary/+x@bucket/pictures"),
        ("LIMNER_IMAGE_STORE_URL", "s3://bucket?secret=canary"),
    ],
)
def test_secrets_never_show_in_problems(name: str, value: str) -> None:
    """A refused secret, or one inside a refused address, is in no part of the error."""
    with pytest.raises(SettingsError, match=name) as caught:
        load_settings({name: value}, None)
    assert "canary" not in str(caught.value)
    assert caught.value.__context__ is None


def test_secrets_never_show_in_settings() -> None:
    """Printing the settings shows no secret."""
    settings = load_settings(
        {
            "GEMINI_API_KEY": "canary",
            "LIMNER_API_KEYS": "canary",
            "LIMNER_SIGNING_SECRET": "canary" * 4,
            "LIMNER_UPSTREAM_PROXY": "http://me:canary@proxy:3128",
        },
        None,
    )
    assert "canary" not in repr(settings)
    assert "canary" not in settings.model_dump_json()


@pytest.mark.parametrize(
    "name",
    [
        "LIMNER_BASE_URL",
        "LIMNER_API_KEY",
        "LIMNER_PORT",
        "LIMNER_PORT_8000_TCP_ADDR",
        "LIMNER_SERVICE_HOST",
        "LIMNER_CANARY_PORT_80_TCP",
        "LIMNER_CANARY_SERVICE_PORT",
        "LIMNERS",
        "limner",
    ],
)
def test_foreign_variables_are_let_be(name: str) -> None:
    """What clients use and what Kubernetes injects is not taken for a misspelt setting."""
    load_settings({name: "tcp://10.0.0.1:80"}, None)


@pytest.mark.parametrize(
    "name", ["LIMNER_TYPO", "LIMNER_BASE_URL_FILE", "LIMNER_LOG_LEVEL_FILE", "Limner_Log_Level"]
)
def test_unknown_variables_are_problems(name: str, tmp_path: Path) -> None:
    """A LIMNER_ variable that is no setting stops the start, from the environment and from the file."""
    env_file = tmp_path / ".env"
    env_file.write_text(f"{name}=1\n")
    assert problems_of({name: "1"}) == problems_of({}, env_file)
    assert problems_of({name: "1"})[0].startswith(f"{name} is not a setting of this version; ")


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://gateway.example.org/gemini/", "https://gateway.example.org/gemini"),
        ("http://127.0.0.1:8001", "http://127.0.0.1:8001"),
        ("http://[::1]:8001/", "http://[::1]:8001"),
        ("http://10.1.2.3", "http://10.1.2.3"),
        ("http://emulator:8001", "http://emulator:8001"),
    ],
)
def test_base_urls_accepted(url: str, kept: str) -> None:
    """A base URL may carry a path; plain http is for near hosts; slashes at the end go."""
    assert load_settings({"LIMNER_GEMINI_BASE_URL": url}, None).gemini_base_url == kept


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://example.org", "in the clear"),
        ("http://8.8.8.8", "in the clear"),
        ("example.org", "not a complete"),
        ("ftp://example.org", "not a complete"),
        ("https://", "not a complete"),
        ("https://a b", "not a complete"),
        ("https://example.org:x", "malformed"),
        ("https://[::1", "malformed"),
        ("https://example.org:0", "port is 0"),
        ("https://example.org/#x", "fragment"),
        ("https://example.org/?x", "query"),
        ("https://example.org/v1beta/", "appended by itself"),
    ],
)
def test_base_urls_refused(url: str, reason: str) -> None:
    """A base URL that cannot work or would leak the key is refused with its reason."""
    (line,) = problems_of({"LIMNER_GEMINI_BASE_URL": url})
    assert reason in line


def test_links_need_pictures_that_are_kept() -> None:
    """LIMNER_IMAGE_OUTPUT=url is refused by one line where no picture is kept that a link could lead to."""
    (line,) = problems_of({"LIMNER_IMAGE_OUTPUT": "url", "LIMNER_IMAGE_RETENTION_HOURS": "0"})
    assert "LIMNER_IMAGE_OUTPUT is 'url'" in line
    assert load_settings({"LIMNER_IMAGE_OUTPUT": "url"}, None).image_output == "url"


def test_proxies() -> None:
    """A proxy may carry credentials; of SOCKS only the form is taken that looks names up at the proxy."""
    settings = load_settings({"LIMNER_UPSTREAM_PROXY": "http://me:secret@proxy.example.org:3128"}, None)
    assert settings.upstream_proxy is not None
    assert settings.upstream_proxy.get_secret_value() == "http://me:secret@proxy.example.org:3128"
    socks = load_settings({"LIMNER_UPSTREAM_PROXY": "socks5h://me:secret@proxy:1080"}, None).upstream_proxy
    assert socks is not None
    assert socks.get_secret_value() == "socks5h://me:secret@proxy:1080"
    for refused in ("socks5://proxy:1080", "socks4://proxy:1080", "socks5h://proxy"):
        problems_of({"LIMNER_UPSTREAM_PROXY": refused})


def test_hosts_and_origins() -> None:
    """Hosts and origins are lists in lower case; hosts carry no port, origins no path."""
    settings = load_settings(
        {
            "LIMNER_ALLOWED_HOSTS": "Draw.Example.org, [::1],10.0.0.1",
            "LIMNER_CORS_ORIGINS": "https://Chat.example.org/,http://localhost:3000",
            "LIMNER_PUBLIC_URL": "https://draw.example.org/",
        },
        None,
    )
    assert settings.allowed_hosts == ("draw.example.org", "::1", "10.0.0.1")
    assert settings.cors_origins == ("https://chat.example.org", "http://localhost:3000")
    assert settings.public_url == "https://draw.example.org"
    lines = problems_of(
        {"LIMNER_ALLOWED_HOSTS": "a.example:80", "LIMNER_CORS_ORIGINS": "https://a.example/x"}
    )
    assert len(lines) == 2


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("LIMNER_DRAIN_SECONDS", "0", 0),
        ("LIMNER_DRAIN_SECONDS", "2.5", 2.5),
        ("LIMNER_IMAGE_RETENTION_HOURS", "0", 0),
        ("LIMNER_IMAGE_RETENTION_HOURS", "1000000", 1_000_000),
        ("LIMNER_LINKED_RETENTION_HOURS", "0", 0),
        ("LIMNER_LINKED_RETENTION_HOURS", "17520", 17520),
        ("LIMNER_STORE_MAX_GIB", "0.5", 0.5),
        ("LIMNER_IDEMPOTENCY_HOURS", "48", 48),
        ("LIMNER_UNDELIVERED_HOURS", "0.25", 0.25),
        ("LIMNER_UNKNOWN_POLICY", "Void", "void"),
        ("LIMNER_UNKNOWN_POLICY", "post", "post"),
        ("LIMNER_UNKNOWN_HOURS", "0", 0),
        ("LIMNER_END_USER_HEADER", " X-OpenWebUI-User-Id ", "X-OpenWebUI-User-Id"),
        ("LIMNER_END_USER_HEADER", "x_user!1", "x_user!1"),
    ],
)
def test_what_the_books_and_the_store_go_by(name: str, value: str, kept: object) -> None:
    """Times may be fractions, a policy is written in any case, a header's name is kept as it is written."""
    (field,) = [key for key, f in Settings.model_fields.items() if f.validation_alias == name]
    assert getattr(load_settings({name: value}, None), field) == kept


@pytest.mark.parametrize(
    ("name", "values", "accepted"),
    [
        ("LIMNER_DRAIN_SECONDS", ("-1", "inf", "nan", "2m"), "a number of seconds, 0 or more"),
        (
            "LIMNER_IMAGE_RETENTION_HOURS",
            ("-1", "inf", "1000001", "30d"),
            "a number of hours from 0 to 1,000,000",
        ),
        ("LIMNER_LINKED_RETENTION_HOURS", ("-1", "nan", "1e300"), "a number of hours from 0 to 1,000,000"),
        (
            "LIMNER_STORE_MAX_GIB",
            ("0", "-1", "inf", "80%", "1e300"),
            "a number of GiB above 0, up to 1,000,000",
        ),
        ("LIMNER_IDEMPOTENCY_HOURS", ("0", "-1", "inf"), "a number of hours above 0, up to 1,000,000"),
        ("LIMNER_UNDELIVERED_HOURS", ("0", "nan", "1e300"), "a number of hours above 0, up to 1,000,000"),
        ("LIMNER_UNKNOWN_POLICY", ("keep", "hold,post"), "hold, post or void"),
        ("LIMNER_UNKNOWN_HOURS", ("-1", "inf", "1e300"), "a number of hours from 0 to 1,000,000"),
        (
            "LIMNER_END_USER_HEADER",
            ("X-User:", "X User", "X-User, X-Name", "Nützer", "a\nb"),
            "the name of a header, such as X-OpenWebUI-User-Id",
        ),
    ],
)
def test_what_they_do_not_go_by(name: str, values: tuple[str, ...], accepted: str) -> None:
    """A value beyond what is accepted is refused by a line that says what is."""
    for value in values:
        (line,) = problems_of({name: value})
        assert line.startswith(f"{name} is {value!r}; ")
        assert line.endswith(f"accepted: {accepted}")


def test_ca_file_must_hold_certificates(tmp_path: Path) -> None:
    """A file of certificates that cannot be used is refused at the start, not at the first call."""
    file = tmp_path / "ca.pem"
    file.write_text("not a certificate")
    assert "cannot be read as certificates" in problems_of({"LIMNER_UPSTREAM_CA_FILE": str(file)})[0]
    assert "No such file" in problems_of({"LIMNER_UPSTREAM_CA_FILE": str(tmp_path / "none")})[0]


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("s3://pictures", "s3://pictures"),
        ("s3://pictures/", "s3://pictures"),
        ("S3://pictures.example.org/a/b_c-d.1/", "s3://pictures.example.org/a/b_c-d.1"),
        ("gs://pictures/limner", "gs://pictures/limner"),
        ("az://container/limner", "az://container/limner"),
        ("file:///srv/pictures/", "file:///srv/pictures"),
        ("file:///srv/the%20pictures/100%25", "file:///srv/the%20pictures/100%25"),
    ],
)
def test_image_stores_accepted(url: str, kept: str) -> None:
    """A store is a bucket with or without a prefix, or an absolute folder; equal ones are kept in one form."""
    assert load_settings({"LIMNER_IMAGE_STORE_URL": url}, None).image_store_url == kept
    assert load_settings({"LIMNER_IMAGE_STORE_URL": kept}, None).image_store_url == kept


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://bucket.s3.amazonaws.com", "does not begin with"),
        ("pictures", "does not begin with"),
        ("s3:pictures", "names no bucket"),
        ("s3:///pictures", "names no bucket"),
        ("s3://key:secret@pictures", "user name or password"),
        ("s3://pictures:9000/x", "a port"),
        ("s3://pic tures", "characters that no bucket has"),
        ("s3://pictures/a//b", "single slashes"),
        ("s3://pictures/../b", "letters, digits"),
        ("s3://pictures/\u00e9", "letters, digits"),
        ("s3://pictures?region=x", "query"),
        ("gs://pictures#x", "fragment"),
        ("az://[pictures", "not an address"),
        ("file://srv/pictures", "not absolute"),
        ("file:pictures", "not absolute"),
        ("file:///", "not absolute"),
        ("file:///srv/../etc", "not spelt out"),
    ],
)
def test_image_stores_refused(url: str, reason: str) -> None:
    """What names no store, or says more than which, is refused with its reason and what is accepted."""
    (line,) = problems_of({"LIMNER_IMAGE_STORE_URL": url})
    assert reason in line
    assert line.endswith(
        "accepted: file:///folder, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix, "
        "prefixes optional"
    )


def test_how_the_image_store_is_reached(tmp_path: Path) -> None:
    """The variables of the store's kind are gathered from environment and file, and shown nowhere."""
    env_file = tmp_path / ".env"
    env_file.write_text(
        "AWS_ACCESS_KEY_ID=canary-id\nAWS_REGION=eu-west-1\nAWS_ENDPOINT_URL=\nGOOGLE_API_KEY=canary\n"
    )
    environ = {"AWS_SECRET_ACCESS_KEY": " canary-secret ", "AWS_REGION": "eu-north-1", "AZURE_CLIENT_ID": "x"}
    settings = load_settings(environ | {"LIMNER_IMAGE_STORE_URL": "s3://pictures"}, env_file)
    assert {name: value.get_secret_value() for name, value in settings.image_store_options.items()} == {
        "AWS_ACCESS_KEY_ID": "canary-id",
        "AWS_SECRET_ACCESS_KEY": "canary-secret",
        "AWS_REGION": "eu-north-1",
    }
    for shown in (repr(settings), settings.model_dump_json(), repr(settings.image_store_options)):
        assert "canary" not in shown
    assert settings.for_emulator("http://127.0.0.1:9").image_store_options == settings.image_store_options
    assert load_settings(environ, env_file).image_store_options == {}
    assert (
        load_settings(environ | {"LIMNER_IMAGE_STORE_URL": "file:///x"}, env_file).image_store_options == {}
    )


def test_settings_are_frozen() -> None:
    """Settings cannot be changed once they are made."""
    settings = load_settings({}, None)
    with pytest.raises(ValueError, match="frozen"):
        settings.max_body_mib = 1


def test_emulator_gets_no_real_key() -> None:
    """With the emulator as upstream no key, proxy or certificate of the real one is used."""
    settings = load_settings(
        {
            "GEMINI_API_KEY": "real",
            "LIMNER_GEMINI_API_KEYS": "real2",
            "LIMNER_UPSTREAM_PROXY": "http://proxy",
        },
        None,
    ).for_emulator("http://127.0.0.1:9")
    assert settings.gemini_base_url == "http://127.0.0.1:9"
    assert [key.get_secret_value() for key in settings.gemini_api_keys] == ["emulator"]
    assert settings.upstream_proxy is None


def test_every_setting_is_documented() -> None:
    """docs/settings.md and Settings name the same variables, and the same secrets as taking a file."""
    page = SETTINGS_PAGE.read_text()
    documented = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    fields = {str(field.validation_alias): field for field in Settings.model_fields.values()}
    assert sorted(documented) == sorted(fields)
    (secrets_line,) = re.findall(r"These take it: (.*)\.\n", page)
    secrets = {name for name, field in fields.items() if field.json_schema_extra == {"is_secret": True}}
    assert set(re.findall(r"`(\w+)`", secrets_line)) == secrets
    assert {name for name, field in fields.items() if "SecretStr" in str(field.annotation)} == secrets


def test_hosts_to_fetch_from_are_hosts() -> None:
    """Every host whose links are fetched is checked at the start; one star is none of them."""
    (line,) = problems_of({"LIMNER_FETCH_ALLOW_HOSTS": "minio,*"})
    assert "LIMNER_FETCH_ALLOW_HOSTS" in line
    assert load_settings({"LIMNER_FETCH_ALLOW_HOSTS": "Minio,10.0.0.5"}, None).fetch_allow_hosts == (
        "minio",
        "10.0.0.5",
    )
