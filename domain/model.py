"""Models: those that runs log, and those that a team registers under a name, with versions."""

from typing import Final, NotRequired, TypedDict

LOGGED_MODEL_CREATED: Final = "logged_model.created"
LOGGED_MODEL_UPDATED: Final = "logged_model.updated"
LOGGED_MODEL_DELETED: Final = "logged_model.deleted"
REGISTERED_MODEL_CREATED: Final = "registered_model.created"
REGISTERED_MODEL_UPDATED: Final = "registered_model.updated"
REGISTERED_MODEL_DELETED: Final = "registered_model.deleted"
MODEL_VERSION_CREATED: Final = "model_version.created"
MODEL_VERSION_UPDATED: Final = "model_version.updated"
MODEL_VERSION_DELETED: Final = "model_version.deleted"


class LoggedModelCreated(TypedDict):
    """A model that is being logged; its files follow, then its status."""

    model_id: str
    experiment_id: str
    name: str
    model_type: str
    source_run_id: str
    """The run that made it; empty when none did."""
    params: dict[str, str]
    tags: dict[str, str]


class LoggedModelUpdated(TypedDict):
    """What is said of it later."""

    model_id: str
    status: NotRequired[str]
    params: NotRequired[dict[str, str]]
    tags: NotRequired[dict[str, str]]
    untag: NotRequired[str]


class LoggedModelRef(TypedDict):
    """The model is not shown any more."""

    model_id: str


class RegisteredModelCreated(TypedDict):
    """A name under which versions stand."""

    model: str
    """Its id, which a new name does not change."""
    name: str
    description: str
    tags: dict[str, str]


class RegisteredModelUpdated(TypedDict):
    """What is said of it later."""

    model: str
    name: NotRequired[str]
    description: NotRequired[str]
    tags: NotRequired[dict[str, str]]
    untag: NotRequired[str]
    aliases: NotRequired[dict[str, int]]
    """Alias to version."""
    unalias: NotRequired[list[str]]


class RegisteredModelRef(TypedDict):
    """The name is free again; its versions are not shown any more."""

    model: str


class ModelVersionCreated(TypedDict):
    """The next version of a registered model."""

    model: str
    version: int
    source: str
    """Opaque: never opened by the server."""
    run_id: str
    run_link: str
    model_id: str
    """The logged model that it is; empty when it is none."""
    description: str
    tags: dict[str, str]


class ModelVersionUpdated(TypedDict):
    """What is said of it later."""

    model: str
    version: int
    description: NotRequired[str]
    stage: NotRequired[str]
    tags: NotRequired[dict[str, str]]
    untag: NotRequired[str]


class ModelVersionRef(TypedDict):
    """The version is not shown any more; its number is not given again."""

    model: str
    version: int
