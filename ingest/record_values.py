"""The values that records of every kind are made of, checked alike."""

from collections.abc import Collection
from typing import Final, TypedDict

from domain.errors import ErrorCode, UsageError
from domain.names import checked_name, checked_text
from domain.strict_shape import Shape
from ingest.limits import MAX_EXPERIMENT_NAME

MAX_TEXT: Final = 1_048_576
"""Characters of a value that old stores let through; MLflow's present limits are lower."""
MAX_NAME: Final = 2_048


class ExperimentOf(TypedDict):
    """Where a run belongs."""

    id: str
    """Its id in the source, kept where it is free; empty when it has none."""
    name: str
    deleted: bool
    tags: dict[str, str]


def experiment_in(shape: Shape) -> ExperimentOf:
    """The member ``experiment``."""
    experiment = shape.object("experiment")
    return ExperimentOf(
        id=experiment.text("id"),
        name=checked_name(
            experiment.text("name"), what="experiment name", limit=MAX_EXPERIMENT_NAME
        ),
        deleted=experiment.flag("deleted"),
        tags=texts_in(experiment, "tags"),
    )


def id_in(shape: Shape, key: str) -> str:
    """The id of a run."""
    text = shape.text(key)
    if not (0 < len(text) <= 256 and text.isascii() and text.isprintable() and " " not in text):
        raise shape.wrong(key, "is no id: use 1 to 256 printable ASCII characters without spaces")
    return text


def name_in(shape: Shape, key: str) -> str:
    """A name."""
    return checked_name(shape.text(key), what=key, limit=MAX_NAME)


def texts_in(shape: Shape, key: str) -> dict[str, str]:
    """Texts by name, such as tags."""
    texts = shape.object(key)
    return {
        checked_name(name, what=f"key of {key}", limit=MAX_NAME): checked_text(
            texts.text(name), what=f"value of {name[:60]}", limit=MAX_TEXT
        )
        for name in texts.value
    }


def member_in(shape: Shape, key: str, known: Collection[str]) -> str:
    """One of ``known``."""
    text = shape.text(key)
    if text not in known:
        raise UsageError(f"{text[:60]!r} is no {key}.", code=ErrorCode.INVALID_ARGUMENT)
    return text
