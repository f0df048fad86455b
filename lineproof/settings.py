"""Settings: read once from the environment and the command line, frozen ever after.

The only reader of the environment. A command line option overrides its variable, and both pass the
same checks. ``docs/reference/settings.md`` is compared with ``VARIABLES`` by a test.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from domain.errors import ErrorCode, UsageError
from domain.ids import DEFAULT_PROJECT
from lineproof.project_name import checked_project

SQLITE = "sqlite"
"""The value of ``Settings.graph`` for the embedded store; anything else is a Neo4j address."""

LOG_FORMATS = ("auto", "console", "json")
LOG_LEVELS = ("debug", "error", "info", "warning")
_GRAPH_SCHEMES = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")


@dataclass(frozen=True, slots=True)
class Variable:
    """One setting: its environment variable, its default as text, and its meaning."""

    name: str
    default: str
    meaning: str


DATA = Variable("LINEPROOF_DATA", "data", "The data folder: ledger, keys and projections.")
GRAPH = Variable(
    "LINEPROOF_GRAPH",
    SQLITE,
    "Where the graph lives: `sqlite` (inside the data folder) or a Neo4j address "
    "such as `bolt://127.0.0.1:7687`.",
)
GRAPH_PASSWORD = Variable(
    "LINEPROOF_GRAPH_PASSWORD", "", "Password for Neo4j; empty: no authentication."
)
GRAPH_USER = Variable("LINEPROOF_GRAPH_USER", "neo4j", "User for Neo4j.")
HOST = Variable("LINEPROOF_HOST", "127.0.0.1", "The loopback address that `lineproof serve` binds.")
KEY = Variable(
    "LINEPROOF_KEY",
    "",
    "The ledger's verifier key, pinned: a server whose ledger it does not vouch for is refused.",
)
LOG_FORMAT = Variable(
    "LINEPROOF_LOG_FORMAT",
    "auto",
    "`json`, `console`, or `auto`: readable on a terminal, JSON elsewhere.",
)
LOG_LEVEL = Variable(
    "LINEPROOF_LOG_LEVEL", "info", "The least severe log: `debug`, `info`, `warning`, `error`."
)
PORT = Variable("LINEPROOF_PORT", "8420", "The port that `lineproof serve` binds; 0: a free one.")
PROJECT = Variable(
    "LINEPROOF_PROJECT", DEFAULT_PROJECT, "The project that the command line works in."
)
STATE = Variable(
    "LINEPROOF_STATE",
    "~/.local/state/lineproof",
    "Where a client remembers the last checkpoint of each ledger; empty: it remembers nothing.",
)
URL = Variable(
    "LINEPROOF_URL", "", "The server that the command line asks; empty: it opens the data folder."
)
WITNESSES = Variable(
    "LINEPROOF_WITNESSES",
    "",
    "A witness policy (tlog-policy): a gate passes only once its quorum has cosigned the verdict.",
)
VARIABLES = (
    DATA,
    GRAPH,
    GRAPH_PASSWORD,
    GRAPH_USER,
    HOST,
    KEY,
    LOG_FORMAT,
    LOG_LEVEL,
    PORT,
    PROJECT,
    STATE,
    URL,
    WITNESSES,
)
"""Every variable that is read, by name."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How this process is to run. Checked: every value has its stated form."""

    data: Path = Path(DATA.default)
    graph: str = GRAPH.default
    graph_user: str = GRAPH_USER.default
    graph_password: str = field(default=GRAPH_PASSWORD.default, repr=False)
    host: str = HOST.default
    port: int = int(PORT.default)
    key: str = KEY.default
    log_format: str = LOG_FORMAT.default
    log_level: str = LOG_LEVEL.default
    project: str = PROJECT.default
    state: str = STATE.default
    url: str = URL.default
    witnesses: str = WITNESSES.default


def read_settings(overrides: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process: its environment, overridden by ``overrides`` (by variable).

    Raises ``UsageError`` (CONFIG_INVALID) that names the first variable with a wrong value.
    """
    return settings_from({**os.environ, **(overrides or {})})


def settings_from(values: Mapping[str, str]) -> Settings:
    """The settings in ``values``, by variable; what is absent has its default."""

    def text(variable: Variable) -> str:
        return values.get(variable.name, variable.default)

    return Settings(
        data=_path(DATA, text(DATA)),
        graph=_graph(text(GRAPH)),
        graph_user=text(GRAPH_USER),
        graph_password=text(GRAPH_PASSWORD),
        host=_not_empty(HOST, text(HOST)),
        port=_port(text(PORT)),
        key=text(KEY),
        log_format=_choice(LOG_FORMAT, text(LOG_FORMAT), LOG_FORMATS),
        log_level=_choice(LOG_LEVEL, text(LOG_LEVEL), LOG_LEVELS),
        project=_project(text(PROJECT)),
        state=text(STATE),
        url=checked_url(text(URL)) if text(URL) else "",
        witnesses=text(WITNESSES),
    )


def _path(variable: Variable, text: str) -> Path:
    return Path(_not_empty(variable, text)).expanduser()


def _not_empty(variable: Variable, text: str) -> str:
    if not text or "\0" in text:
        raise _invalid(variable, "it is empty or holds a NUL", "Give a value, or unset it.")
    return text


def _graph(text: str) -> str:
    if text == SQLITE:
        return text
    parts = _split(text)
    if parts is None or parts.scheme not in _GRAPH_SCHEMES or not parts.hostname:
        raise _invalid(
            GRAPH,
            "it is neither `sqlite` nor a Neo4j address",
            "Use sqlite, or for example bolt://127.0.0.1:7687.",
        )
    if parts.username or parts.password:
        raise _invalid(
            GRAPH,
            "it holds credentials",
            f"Put them into {GRAPH_USER.name} and {GRAPH_PASSWORD.name}.",
        )
    return text


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65535):
        raise _invalid(PORT, "it is not a port", "Use a number from 0 to 65535; 0 is a free port.")
    return int(text)


def _choice(variable: Variable, text: str, allowed: tuple[str, ...]) -> str:
    if text not in allowed:
        raise _invalid(
            variable, f"{text[:40]!r} is not a choice", f"Use one of {', '.join(allowed)}."
        )
    return text


def _project(text: str) -> str:
    try:
        return checked_project(text)
    except UsageError as error:
        raise _invalid(PROJECT, "it does not name a project", error.hint) from error


def is_url(text: str) -> bool:
    """Whether what stands for a folder or a server means a server."""
    return text.startswith(("http://", "https://"))


def checked_url(text: str) -> str:
    """A server's address in the form that we ask with; ``UsageError`` when it is not one."""
    parts = _split(text)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise _invalid(URL, "it is not an http address", "Use for example http://127.0.0.1:8420.")
    if parts.username or parts.query or parts.fragment:
        raise _invalid(URL, "it holds more than scheme, host, port and path", "Leave the rest out.")
    return text.rstrip("/")


def _split(text: str) -> SplitResult | None:
    """The parts of an address; None when host or port make no sense."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _invalid(variable: Variable, why: str, hint: str) -> UsageError:
    return UsageError(
        f"The setting {variable.name} is not valid: {why}.",
        code=ErrorCode.CONFIG_INVALID,
        hint=hint,
        context={"setting": variable.name},
    )
