"""Settings: one form for each value, refused with the name of the variable that is wrong."""

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from domain.errors import ErrorCode, UsageError
from lineproof.settings import VARIABLES, Settings, read_settings, settings_from

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"


def test_an_empty_environment_gives_the_defaults() -> None:
    assert settings_from({}) == Settings()


def test_settings_cannot_change_after_being_read() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().port = 1  # type: ignore[misc]


def test_values_are_read_from_the_environment_and_overridden(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LINEPROOF_PORT", "1234")
    monkeypatch.setenv("LINEPROOF_GRAPH", "bolt://127.0.0.1:7687")
    settings = read_settings({"LINEPROOF_PORT": "0"})
    assert settings.port == 0
    assert settings.graph == "bolt://127.0.0.1:7687"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LINEPROOF_DATA", ""),
        ("LINEPROOF_GRAPH", "postgres://host"),
        ("LINEPROOF_GRAPH", "bolt://user:secret@host"),
        ("LINEPROOF_HOST", ""),
        ("LINEPROOF_LOG_FORMAT", "xml"),
        ("LINEPROOF_LOG_LEVEL", "loud"),
        ("LINEPROOF_PORT", "65536"),
        ("LINEPROOF_PORT", "-1"),
        ("LINEPROOF_PORT", "٣"),
        ("LINEPROOF_PROJECT", "../x"),
        ("LINEPROOF_URL", "ftp://host"),
        ("LINEPROOF_URL", "http://host:port"),
        ("LINEPROOF_URL", "http://["),
        ("LINEPROOF_URL", "http://user:secret@host"),
    ],
)
def test_a_wrong_value_names_its_variable_and_not_its_secret(name: str, value: str) -> None:
    with pytest.raises(UsageError) as caught:
        settings_from({name: value})
    assert caught.value.code is ErrorCode.CONFIG_INVALID
    assert name in caught.value.message
    assert caught.value.hint
    assert "secret" not in str(caught.value)


def test_the_password_is_not_shown() -> None:
    assert "hunter2" not in repr(settings_from({"LINEPROOF_GRAPH_PASSWORD": "hunter2"}))


def test_the_reference_documents_every_variable_and_no_other() -> None:
    rows = [line for line in REFERENCE.read_text().splitlines() if line.startswith("| `LINEPROOF")]
    expected = [
        f"| `{variable.name}` | {f'`{variable.default}`' if variable.default else 'empty'} "
        f"| {variable.meaning} |"
        for variable in VARIABLES
    ]
    assert rows == expected
