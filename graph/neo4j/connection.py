"""The driver: sessions, one way to run a query, and what its failures become."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, LiteralString, TypeAlias, TypeVar, cast

from neo4j import READ_ACCESS, Driver, GraphDatabase, ManagedTransaction, Transaction, unit_of_work
from neo4j.exceptions import DriverError, Neo4jError

from domain.errors import BackendError, UsageError

AnyTransaction: TypeAlias = ManagedTransaction | Transaction

_T = TypeVar("_T")

_CONNECT_SECONDS = 5.0
_RETRY_SECONDS = 5.0
_TRANSACTION_SECONDS = 60.0
"""After this the server ends a transaction by itself, so that the locks of a client that vanished
do not hold for ever."""


@contextmanager
def translated() -> Generator[None]:
    """Turn the driver's errors into ``BackendError``, text it cannot send into ``UsageError``."""
    try:
        yield
    except UnicodeEncodeError as error:
        raise UsageError(
            "A text of the query holds a lone surrogate, which no stored text can hold.",
            hint="Send well-formed Unicode.",
        ) from error
    except (Neo4jError, DriverError) as error:
        raise BackendError(
            f"The Neo4j server did not carry out the request: {error}",
            hint="Check that the server is up and that its address and credentials are right.",
        ) from error


def run(tx: AnyTransaction, query: str, **parameters: object) -> list[Any]:
    """The only value of the query's only record, a list; empty when there is no record.

    Every query here collects its rows on the server: a record by itself costs more than a row.
    ``query`` is made of constants and enum values; what clients say goes into ``parameters``.
    """
    record = tx.run(_literal(query), parameters).single()
    return [] if record is None else cast("list[Any]", record[0])


class Connection:
    """A driver bound to one database. Thread-safe, as drivers are."""

    def __init__(self, url: str, auth: tuple[str, str] | None, database: str | None) -> None:
        self._database = database
        with translated():
            self._driver: Driver = GraphDatabase.driver(
                url,
                auth=auth,
                connection_timeout=_CONNECT_SECONDS,
                connection_acquisition_timeout=2 * _CONNECT_SECONDS,
                max_transaction_retry_time=_RETRY_SECONDS,
                notifications_min_severity="OFF",
            )

    def read(self, work: Callable[[ManagedTransaction], _T]) -> _T:
        """What ``work`` makes of a read-only transaction; repeated on passing failures."""
        with (
            translated(),
            self._driver.session(
                database=self._database, default_access_mode=READ_ACCESS
            ) as session,
        ):
            return session.execute_read(unit_of_work(timeout=_TRANSACTION_SECONDS)(work))

    @contextmanager
    def writing(self) -> Generator[Transaction]:
        """A write transaction that the block commits; rolled back when it does not."""
        with (
            translated(),
            self._driver.session(database=self._database) as session,
            session.begin_transaction(timeout=_TRANSACTION_SECONDS) as tx,
        ):
            yield tx

    def alone(self, query: str) -> None:
        """Run a statement that opens its own transactions (schema, mass deletion)."""
        with translated(), self._driver.session(database=self._database) as session:
            session.run(_literal(query)).consume()

    def close(self) -> None:
        """Close all connections."""
        self._driver.close()


def _literal(query: str) -> LiteralString:
    """The driver asks for literals; ours are put together from literals and enum values."""
    return cast("LiteralString", cast("object", query))
