"""The settings: what an operator sets in the environment or in `.env`, checked whole before anything starts.

Only the command line and `app` read this module; everything below them is handed values. It must not know who uses a
setting, and it opens nothing but the files that settings name. `docs/settings.md` describes every field.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import msgspec
from pydantic import PrivateAttr, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from limner.catalogue import Additions, build_table, use_additions
from limner.config_conflicts import find_conflicts
from limner.config_fields import ABOVE_ZERO, FROM_ZERO, hours, variable
from limner.config_file import ConfigFile, FileUpstream, read_config_file
from limner.config_sources import describe_problems, gather_given, gather_values, list_variables
from limner.config_values import (
    CaFile,
    DatabaseUrl,
    FetchHosts,
    GeminiBaseUrl,
    HeaderName,
    Hosts,
    ImageOutput,
    ImageStoreUrl,
    Key,
    Keys,
    Location,
    LogFormat,
    LogLevel,
    Networks,
    Origins,
    ProjectId,
    ProxyUrl,
    PublicUrl,
    Schemes,
    UnknownPolicy,
)
from limner.pictures.shared_address import ACCEPTED as ACCEPTED_STORES
from limner.pictures.shared_address import OPTION_PREFIXES


class SettingsError(Exception):
    """The settings cannot be used; the text has one line per problem."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class Settings(BaseSettings):
    """Every setting of this version, valid and frozen; `load_settings` makes it.

    Each field names its variable and, as its description, what is accepted.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        str_strip_whitespace=True,
        hide_input_in_errors=True,
        populate_by_name=False,
    )

    config: Path | None = variable("LIMNER_CONFIG", None, "a readable file in TOML")
    gemini_api_key: Key | None = variable(
        "GEMINI_API_KEY", None, "one key of Google AI Studio", is_secret=True
    )
    further_gemini_api_keys: Keys = variable(
        "LIMNER_GEMINI_API_KEYS", (), "keys of Google AI Studio, comma-separated", is_secret=True
    )
    gemini_base_url: GeminiBaseUrl = variable(
        "LIMNER_GEMINI_BASE_URL",
        "https://generativelanguage.googleapis.com",
        "an https:// address without credentials and query; http:// for loopback, private addresses and "
        "names without a dot",
    )
    upstream_proxy: ProxyUrl | None = variable(
        "LIMNER_UPSTREAM_PROXY",
        None,
        "the http://, https:// or socks5h:// address of a proxy",
        is_secret=True,
    )
    upstream_ca_file: CaFile | None = variable(
        "LIMNER_UPSTREAM_CA_FILE", None, "a readable file of certificates in PEM form"
    )
    vertex_project: ProjectId | None = variable(
        "LIMNER_VERTEX_PROJECT", None, "the id of a Google Cloud project"
    )
    vertex_location: Location = variable(
        "LIMNER_VERTEX_LOCATION", "global", "global, us, eu or a region such as us-central1"
    )
    client_api_keys: Keys = variable(
        "LIMNER_API_KEYS", (), "client keys, comma-separated, of visible ASCII characters", is_secret=True
    )
    data_dir: Path = variable("LIMNER_DATA_DIR", Path("limner-data"), "a folder")
    image_store_url: ImageStoreUrl | None = variable("LIMNER_IMAGE_STORE_URL", None, ACCEPTED_STORES)
    database_url: DatabaseUrl | None = variable(
        "LIMNER_DATABASE_URL",
        None,
        "postgresql://user:password@host:port/database, with LIMNER_SIGNING_SECRET set",
        is_secret=True,
    )
    public_url: PublicUrl | None = variable(
        "LIMNER_PUBLIC_URL", None, "an http:// or https:// address without credentials and query"
    )
    image_output: ImageOutput = variable("LIMNER_IMAGE_OUTPUT", "auto", "auto, markdown, url or images")
    stream_line_kib: int = variable(
        "LIMNER_STREAM_LINE_KIB", 64, "a whole number of KiB; 0 for pictures in one piece", ge=0
    )
    signing_secret: Key | None = variable(
        "LIMNER_SIGNING_SECRET", None, "16 or more visible ASCII characters", is_secret=True, min_length=16
    )
    allowed_hosts: Hosts = variable(
        "LIMNER_ALLOWED_HOSTS", (), "host names or addresses, comma-separated; * for all"
    )
    cors_origins: Origins = variable(
        "LIMNER_CORS_ORIGINS", ("*",), "origins such as https://chat.example.org, comma-separated; * for all"
    )
    max_body_mib: int = variable("LIMNER_MAX_BODY_MIB", 140, "a whole number of MiB, 1 or more", ge=1)
    max_concurrent: int = variable("LIMNER_MAX_CONCURRENT", 256, "a whole number, 1 or more", ge=1)
    max_relay_mib: int = variable("LIMNER_MAX_RELAY_MIB", 4096, "a whole number of MiB, 1 or more", ge=1)
    max_n: int = variable("LIMNER_MAX_N", 4, "a whole number from 1 to 10", ge=1, le=10)
    upstream_timeout_seconds: float = variable(
        "LIMNER_UPSTREAM_TIMEOUT_SECONDS", 540.0, "a number of seconds above 0", gt=0, allow_inf_nan=False
    )
    heartbeat_seconds: float = variable(
        "LIMNER_HEARTBEAT_SECONDS", 10.0, "a number of seconds above 0", gt=0, allow_inf_nan=False
    )
    keep_alive_seconds: int = variable(
        "LIMNER_KEEP_ALIVE_SECONDS", 75, "a whole number of seconds, 1 or more", ge=1
    )
    drain_seconds: float = variable(
        "LIMNER_DRAIN_SECONDS", 150.0, "a number of seconds, 0 or more", ge=0, allow_inf_nan=False
    )
    image_retention_hours: float = hours("LIMNER_IMAGE_RETENTION_HOURS", 720.0, FROM_ZERO, ge=0)
    linked_retention_hours: float = hours("LIMNER_LINKED_RETENTION_HOURS", 8760.0, FROM_ZERO, ge=0)
    store_max_gib: float | None = variable(
        "LIMNER_STORE_MAX_GIB",
        None,
        "a number of GiB above 0, up to 1,000,000",
        gt=0,
        le=1_000_000,
        allow_inf_nan=False,
    )
    idempotency_hours: float = hours("LIMNER_IDEMPOTENCY_HOURS", 24.0, ABOVE_ZERO, gt=0)
    undelivered_hours: float = hours("LIMNER_UNDELIVERED_HOURS", 24.0, ABOVE_ZERO, gt=0)
    unknown_policy: UnknownPolicy = variable("LIMNER_UNKNOWN_POLICY", "hold", "hold, post or void")
    unknown_hours: float = hours("LIMNER_UNKNOWN_HOURS", 72.0, FROM_ZERO, ge=0)
    end_user_header: HeaderName | None = variable(
        "LIMNER_END_USER_HEADER", None, "the name of a header, such as X-OpenWebUI-User-Id"
    )
    background_tasks: str = variable(
        "LIMNER_BACKGROUND_TASKS", "local", "local, draw, or the id of a text model of GET /v1/models"
    )
    fetch_schemes: Schemes = variable("LIMNER_FETCH_SCHEMES", ("https",), "https, or https,http")
    fetch_allow_hosts: FetchHosts = variable(
        "LIMNER_FETCH_ALLOW_HOSTS", (), "host names or addresses without port, comma-separated"
    )
    trusted_proxies: Networks = variable(
        "LIMNER_TRUSTED_PROXIES", (), "addresses or networks such as 10.0.0.0/8, comma-separated"
    )
    allow_query_key: bool = variable("LIMNER_ALLOW_QUERY_KEY", False, "true or false")
    upstream_store: bool = variable("LIMNER_UPSTREAM_STORE", False, "true or false")
    log_level: LogLevel = variable("LIMNER_LOG_LEVEL", "info", "debug, info, warning or error")
    log_format: LogFormat = variable("LIMNER_LOG_FORMAT", "text", "text or json")

    _image_store_options: dict[str, SecretStr] = PrivateAttr(default_factory=dict)
    _file: ConfigFile = PrivateAttr(default_factory=ConfigFile)

    @property
    def aliases(self) -> Mapping[str, str]:
        """Further names of models, and what each stands for."""
        return self._file.additions.aliases.targets

    @property
    def additions(self) -> Additions:
        """What the file of `config` says of models."""
        return self._file.additions

    @property
    def file_upstreams(self) -> Sequence[FileUpstream]:
        """The upstreams of the file of `config`."""
        return self._file.upstreams

    @property
    def has_upstream(self) -> bool:
        """Whether there is any credential for Gemini."""
        return bool(self.gemini_api_keys or self.file_upstreams or self.vertex_project)

    @property
    def has_vertex(self) -> bool:
        """Whether any of them is for Vertex AI."""
        kinds = {upstream.table.kind for upstream in self.file_upstreams}
        return self.vertex_project is not None or "vertex" in kinds

    @property
    def gemini_api_keys(self) -> tuple[SecretStr, ...]:
        """Every upstream key once: `GEMINI_API_KEY` first, then `LIMNER_GEMINI_API_KEYS` in their order."""
        first = () if self.gemini_api_key is None else (self.gemini_api_key,)
        return tuple(dict.fromkeys(first + self.further_gemini_api_keys))

    @property
    def image_store_options(self) -> Mapping[str, SecretStr]:
        """The variables by which the store of `image_store_url` is reached: `AWS_…`, `GOOGLE_…` or `AZURE_…`."""
        return self._image_store_options

    @property
    def max_body_bytes(self) -> int:
        """The longest request body."""
        return self.max_body_mib * 1024 * 1024

    @property
    def max_relay_bytes(self) -> int:
        """The most that bodies and pictures on their way may take together."""
        return self.max_relay_mib * 1024 * 1024

    @property
    def stream_line_bytes(self) -> int:
        """The longest line of a Markdown stream; 0 means a picture whole in one delta."""
        return self.stream_line_kib * 1024

    def for_emulator(self, url: str) -> Self:
        """Return these settings with the emulator at `url` as upstream; no real key or proxy goes there."""
        changes = {"gemini_base_url": url, "gemini_api_key": SecretStr("emulator"), "vertex_project": None}
        settings = self.model_copy(
            update=changes | {"further_gemini_api_keys": (), "upstream_proxy": None, "upstream_ca_file": None}
        )
        return settings.with_file(msgspec.structs.replace(self._file, upstreams=()))

    def with_variables(self, given: Mapping[str, str]) -> Self:
        """Return these settings with what of `given` is the image store's own."""
        scheme = (self.image_store_url or "").partition(":")[0]
        prefix = OPTION_PREFIXES.get(scheme)
        settings = self.model_copy()
        settings._image_store_options = {  # noqa: SLF001 - its own class
            name: SecretStr(value.strip())
            for name, value in given.items()
            if prefix and name.startswith(prefix)
        }
        return settings

    def with_upstreams_of(self, other: Self) -> Self:
        """Return these settings with what another file says of upstreams and models."""
        return self.with_file(other._file)

    def with_file(self, file: ConfigFile) -> Self:
        """Return these settings with what the file of `config` says."""
        settings = self.model_copy()
        settings._file = file  # noqa: SLF001 - its own class
        return settings

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is the library's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take only what `load_settings` gathered, so that no process variable slips in unchecked."""
        return (init_settings,)


_VARIABLES = list_variables(Settings)


def load_settings(environ: Mapping[str, str] | None = None, env_file: Path | None = Path(".env")) -> Settings:
    """Return the settings of `environ` (the process's if None) over those of `env_file` (none if missing).

    Empty values count as not set. What they say of models holds in this process from then on.

    Raises:
        SettingsError: with every problem found, secrets' values left out.
    """
    problems: list[str] = []
    given = gather_given(os.environ if environ is None else environ, env_file, problems.append)
    values = gather_values(given, _VARIABLES, problems.append)
    settings, file = None, ConfigFile()
    if "LIMNER_CONFIG" in values:
        file = read_config_file(Path(values["LIMNER_CONFIG"].strip()), problems.append)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        problems += describe_problems(error, values, _VARIABLES)
    if settings is not None:
        problems += find_conflicts(settings, build_table(file.additions))
    # Raised outside the except block: pydantic's error, which holds the secrets, must not become its context.
    if settings is None or problems:
        raise SettingsError(problems)
    use_additions(file.additions)
    return settings.with_variables(given).with_file(file)
