"""What `limner keys` can do and what `/v1/limner/keys` can do, held against each other by the names of all they take."""

import pytest
import typer
from msgspec import Struct
from msgspec.structs import fields

from limner.cli_key_commands import keys_app
from limner.ledger.key_formats import OWN_COLUMNS
from limner.reference.doors.keys import list_operations
from limner.reference.operation import Operation, Rules
from limner.wire.limner_keys import KeyOrder, KeyRotation, KeyUpdate

OPERATIONS = {operation.id: operation for operation in list_operations(Rules(version="0"))}

DOORS = {
    "create": "createKey",
    "import": "importKeys",
    "list": "listKeys",
    "revoke": "revokeKey",
    "rotate": "rotateKey",
    "set": "updateKey",
    "show": "showKey",
}

TWINS = {"is_admin", "expires_at"}
"""Second names that only the doors have, of what the command calls `admin` and `expires`."""


def list_options(command: str) -> set[str]:
    """Return what a command takes beside the key or the file that it is about, and how it prints."""
    group = typer.main.get_command(keys_app)
    found = {parameter.name for parameter in group.commands[command].params}  # type: ignore[attr-defined]  # it is a group
    arguments = set() if command in {"create", "list"} else {"name"}
    return {str(name) for name in found} - arguments - {"file", "json"}


def list_fields(record: type[Struct]) -> set[str]:
    """Return the fields of a body, each by one name."""
    return {field.name for field in fields(record)} - TWINS


def list_parameters(operation: Operation) -> set[str]:
    """Return what stands in a query."""
    return {parameter.name for parameter in operation.parameters if parameter.place == "query"}


def test_every_command_has_its_door() -> None:
    """Each command has a door, and no door to keys is without a command but the one by which a key sees itself."""
    group = typer.main.get_command(keys_app)
    assert set(group.commands) == set(DOORS)  # type: ignore[attr-defined]  # it is a group
    assert set(OPERATIONS) == {*DOORS.values(), "updateKeyByPost", "showOwnKey"}


@pytest.mark.parametrize(
    ("command", "record"), [("create", KeyOrder), ("rotate", KeyRotation), ("set", KeyUpdate)]
)
def test_options_are_fields(command: str, record: type[Struct]) -> None:
    """What can be said of a key by an option can be said by a field of the same name, and the other way round."""
    options = {"name" if option == "rename" else option for option in list_options(command)}
    assert options == list_fields(record)


@pytest.mark.parametrize("command", ["list", "import", "revoke", "show"])
def test_options_are_parameters(command: str) -> None:
    """What chooses keys, or says how a file is taken, has the same name in the command and in the query."""
    assert list_options(command) == list_parameters(OPERATIONS[DOORS[command]])


def test_columns_are_fields() -> None:
    """A file can say of a key what its creation can, and that only the SHA-256 of its secret is known."""
    assert set(OWN_COLUMNS) == {field.name for field in fields(KeyOrder)} | {"sha256"}
