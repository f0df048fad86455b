"""Refuses to start when a foreign package took one of our top-level names.

Our packages have plain names (``schema``, ``graph``), and so have other people's. If one of theirs
stood before ours on the path, or was installed over ours, a part of the product would be somebody
else's code; so nothing runs before each name has been traced back to our own folder.
"""

from importlib.metadata import distribution, packages_distributions
from importlib.util import find_spec
from pathlib import Path

from domain.errors import ErrorCode, UsageError

DISTRIBUTION = "lineproof"

OURS = (
    "analytics",
    "domain",
    "governance",
    "graph",
    "ingest",
    "ledger",
    "lineproof",
    "resolvers",
    "schema",
    "telemetry",
)
"""Every top-level package of ours, by name."""


def check_origins(home: Path | None = None) -> None:
    """Raise ``UsageError`` (SHADOWED_PACKAGE) when a name of ours is found outside ``home``.

    ``home`` is the folder that holds this package, unless given.
    """
    home = home or _home()
    for name in OURS:
        spec = find_spec(name)
        locations = list(spec.submodule_search_locations or ()) if spec else []
        if [Path(location).resolve() for location in locations] != [home / name]:
            found = locations[0] if locations else (spec.origin if spec else None) or "nowhere"
            raise _shadowed(name, f"it was found in {found}")


def check_distributions(home: Path | None = None) -> None:
    """Raise ``UsageError`` (SHADOWED_PACKAGE) when a foreign distribution installed over ours.

    Reads the metadata of every installed distribution: for long-running commands only.
    """
    home = home or _home()
    owners = packages_distributions()
    for name in OURS:
        for owner in sorted(set(owners.get(name, ()))):
            if owner != DISTRIBUTION and _installed_to(owner, name) == home / name:
                raise _shadowed(name, f"the distribution {owner} installed over it")


def _installed_to(owner: str, name: str) -> Path:
    return Path(str(distribution(owner).locate_file(name))).resolve()


def _home() -> Path:
    return Path(__file__).resolve().parent.parent


def _shadowed(name: str, why: str) -> UsageError:
    return UsageError(
        f"The package {name!r} is not Lineproof's own: {why}.",
        code=ErrorCode.SHADOWED_PACKAGE,
        hint="Install Lineproof into an environment of its own (uv tool install lineproof), "
        "and start it from a folder without packages of these names.",
        context={"package": name},
    )
