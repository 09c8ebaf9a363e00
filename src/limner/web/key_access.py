"""Who may manage keys, and how the doors to keys ask and write the books. Knows no field of a key.

A refusal of the books becomes the client's error, named by the field as it is called in JSON.
"""

from collections.abc import Callable
from typing import TypeVar

from starlette.requests import Request

from limner.errors import InvalidRequest
from limner.ledger.books import Books
from limner.ledger.database import Database
from limner.ledger.errors import DatabaseError, KeyRefused
from limner.ledger.key_table import ImportRefused
from limner.ledger.keys import ApiKey
from limner.web.auth import FindKey, authenticate_admin
from limner.web.key_fields import name_field
from limner.web.ownership import no_books

_MOST_PROBLEMS = 100

T = TypeVar("T")


async def admit(request: Request, find_key: FindKey) -> ApiKey:
    """Return the admin key that asks. Raises GatewayError."""
    key = await authenticate_admin(request.headers, find_key)
    request.scope["limner.key_name"] = key.name
    return key


async def ask_books(books: Books, question: Callable[[Database], T]) -> T:
    """Return what a question finds. Raises GatewayUnavailable."""
    try:
        return await books.ask(question)
    except DatabaseError as error:
        raise no_books() from error


async def write_books(books: Books, job: Callable[[Database], T]) -> T:
    """Return what a job did, once it is on disk. Raises GatewayError."""
    try:
        return await books.submit(job)
    except DatabaseError as error:
        raise no_books() from error
    except KeyRefused as refused:
        raise to_error(refused) from None


def to_error(refused: KeyRefused) -> InvalidRequest:
    """Return what a client is told of a refusal, of a file's problems the first of many."""
    message = str(refused)
    if isinstance(refused, ImportRefused):
        shown = refused.problems[:_MOST_PROBLEMS]
        more = len(refused.problems) - len(shown)
        message = "nothing was imported: " + "; ".join([*shown, *([f"and {more} more"] if more else [])])
    return InvalidRequest(
        f"{message[0].upper()}{message[1:]}.", code="unsupported_value", param=name_field(refused.field)
    )
