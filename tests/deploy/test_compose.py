"""deploy/compose.yaml: valid, closed, and its parts agree with each other and with the product."""

import json
import os
import shutil
import subprocess
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose
from deploy_files import (
    DEPLOY,
    DRAIN_SECONDS,
    LAST_WRITES_SECONDS,
    TEMPORARY_FOLDER,
    parse_seconds,
    read_compose,
)
from dotenv import dotenv_values

from limner.config import load_settings

GATEWAYS = ("limner-1", "limner-2")
LIMNER = (*GATEWAYS, "worker")
SERVICES: dict[str, dict[str, Any]] = read_compose()["services"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which deploy/make-secrets has run."""
    folder = tmp_path_factory.mktemp("deploy")
    shutil.copy(DEPLOY / "make-secrets", folder)
    make_secrets(folder)
    return folder


def make_secrets(folder: Path) -> None:
    """Run it as the file's head says."""
    environ = {"PATH": os.environ["PATH"], "GEMINI_API_KEY": "key-of-the-tests"}
    subprocess.run([folder / "make-secrets"], env=environ, check=True, timeout=30)


def read_environ(name: str, made: Path) -> dict[str, str]:
    """Return the variables of a service, its secrets' files where they are here."""
    service = SERVICES[name]
    variables = dict(dotenv_values(made / "secrets" / "store.env"))
    variables |= service["environment"]
    for variable, value in service["environment"].items():
        if variable.endswith("_FILE"):
            assert Path(value).name in service["secrets"]
            variables[variable] = value.replace("/run/secrets", str(made / "secrets"))
    return {variable: value or "" for variable, value in variables.items()}


def test_it_follows_the_specification() -> None:
    """The Compose specification's schema and its rules about names used and defined are kept."""
    compose = PyCompose.from_yaml(yaml.safe_dump(read_compose()))
    compose.to_spec()
    compose.validate()


@pytest.mark.parametrize("name", LIMNER)
def test_limner_takes_its_settings(name: str, made: Path) -> None:
    """Each container's settings are accepted as they stand, secrets read from the files that make-secrets wrote."""
    environ = read_environ(name, made)
    settings = load_settings(environ, DEPLOY / "limner.env.example")
    assert settings.signing_secret is not None
    assert bool(settings.gemini_api_keys) == bool(settings.client_api_keys) == (name in GATEWAYS)


def test_gateways_trust_nginx_alone() -> None:
    """The only proxy whose word counts is nginx, at an address that is its own."""
    address = SERVICES["nginx"]["networks"]["outside"]["ipv4_address"]
    taken = [SERVICES[name]["networks"]["outside"]["ipv4_address"] for name in GATEWAYS]
    assert address not in taken
    for name in GATEWAYS:
        assert SERVICES[name]["environment"]["LIMNER_TRUSTED_PROXIES"] == address


def test_every_secret_is_made(made: Path) -> None:
    """The files of secrets that compose.yaml names are those that make-secrets writes, in a folder for their owner."""
    secrets = {made / secret["file"] for secret in read_compose()["secrets"].values()}
    assert {*secrets, made / "secrets" / "store.env"} == set((made / "secrets").iterdir())
    assert (made / "secrets").stat().st_mode & 0o777 == 0o700
    password = (made / "secrets" / "postgres_password").read_text().strip()
    assert f":{password}@postgres:5432/limner" in (made / "secrets" / "database_url").read_text()
    (identity,) = json.loads((made / "secrets" / "store_identities").read_text())["identities"]
    (credentials,) = identity["credentials"]
    stored = dotenv_values(made / "secrets" / "store.env")
    assert [stored["AWS_ACCESS_KEY_ID"], stored["AWS_SECRET_ACCESS_KEY"]] == list(credentials.values())


def test_secrets_are_made_once(made: Path) -> None:
    """A second run of make-secrets changes nothing."""
    before = {path: path.read_bytes() for path in (made / "secrets").iterdir()}
    make_secrets(made)
    assert {path: path.read_bytes() for path in (made / "secrets").iterdir()} == before


@pytest.mark.parametrize("name", SERVICES)
def test_containers_are_closed(name: str) -> None:
    """No container writes to its own root, holds a capability, or can gain one; none is privileged."""
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"cap_add", "privileged", "network_mode", "pid"}.isdisjoint(service)
    assert TEMPORARY_FOLDER in service["tmpfs"]


def test_images_are_pinned() -> None:
    """Every image of others is of a named version."""
    images = {service["image"] for service in SERVICES.values()} - {"limner:latest"}
    assert len(images) == 3
    assert [image for image in images if ":" not in image or image.endswith(":latest")] == []


@pytest.mark.parametrize("name", [*LIMNER, "nginx"])
def test_there_is_time_to_drain(name: str) -> None:
    """Nothing that a call runs through is killed before the call may end."""
    assert parse_seconds(SERVICES[name]["stop_grace_period"]) >= DRAIN_SECONDS + LAST_WRITES_SECONDS


def test_each_has_a_data_folder_of_its_own() -> None:
    """No volume is mounted twice."""
    mounts = [mount for service in SERVICES.values() for mount in service.get("volumes", ())]
    sources = [mount.split(":")[0] for mount in mounts]
    assert len(set(sources)) == len(sources)
    assert all(f"{name}:/data" in SERVICES[name]["volumes"] for name in LIMNER)


def test_nginx_finds_the_gateways() -> None:
    """What nginx calls a gateway has that gateway's fixed address, and each gateway stands in nginx's list."""
    subnet = ip_network(read_compose()["networks"]["outside"]["ipam"]["config"][0]["subnet"])
    addresses = {name: SERVICES[name]["networks"]["outside"]["ipv4_address"] for name in GATEWAYS}
    assert SERVICES["nginx"]["extra_hosts"] == addresses
    assert all(ip_address(address) in subnet for address in addresses.values())
    listed = (DEPLOY / "nginx" / "gateways.conf").read_text(encoding="utf-8")
    assert all(f"server {name}:8000;" in listed for name in GATEWAYS)


def test_only_nginx_is_reached_from_outside() -> None:
    """One port is published, on this machine only; PostgreSQL and the store are on a network without a way out."""
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"nginx": ["127.0.0.1:8080:8080"]}
    assert read_compose()["networks"]["inside"]["internal"] is True
    for name in ("postgres", "store", "store-bucket", "worker"):
        assert list(SERVICES[name]["networks"]) == ["inside"]


def test_each_waits_for_what_it_needs() -> None:
    """Gateways and worker wait for the database and the bucket, nginx for gateways that answer."""
    for name in LIMNER:
        conditions = {needed: wait["condition"] for needed, wait in SERVICES[name]["depends_on"].items()}
        assert conditions == {"postgres": "service_healthy", "store-bucket": "service_completed_successfully"}
    assert set(SERVICES["nginx"]["depends_on"]) == set(GATEWAYS)
    for name in ("postgres", "store", "nginx"):
        assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"
