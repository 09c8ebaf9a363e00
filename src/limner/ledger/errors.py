"""What can go wrong with the database, the signing secret and client keys, for the one who runs Limner.

    LedgerError
    ├ DatabaseError     it cannot be opened, read or written, or is of a newer Limner
    │ ├ DuplicateError  a row equal in a unique column is already there
    │ ├ TransientError  others were in the way, or the connection was lost before anything was written: try again
    │ └ CommitInDoubt   the connection was lost while a transaction ended: nobody here knows whether it did
    └ KeyRefused        a client key, as asked for, cannot be created, changed or found

Messages are one line, say what to do and hold no secret. Nothing here knows HTTP.
"""


class LedgerError(Exception):
    """The database, the signing secret or a key cannot be used as asked."""


class DatabaseError(LedgerError):
    """The database cannot be used; the message names it."""


class DuplicateError(DatabaseError):
    """A row with this value in a unique column exists; the message names the column or its constraint."""


class TransientError(DatabaseError):
    """Nothing was written, and the same transaction may succeed now."""


class CommitInDoubt(DatabaseError):
    """A transaction may have been written or not."""


class KeyRefused(LedgerError):
    """A key cannot be created or changed so, or is not there."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        """`field` is what of the key is at fault, by its name in ApiKey; `secret` is the key itself."""
        super().__init__(message)
        self.field = field
