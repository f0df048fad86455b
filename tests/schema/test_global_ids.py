"""Global ids."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import UsageError
from schema.global_ids import global_id, local_id, split_global_id

_NAMES = st.sampled_from(["Run", "Artifact", "Policy"])
_LOCAL = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60)


@given(_NAMES, _LOCAL)
def test_an_id_reads_back(name: str, local: str) -> None:
    text = global_id(name, local)
    assert split_global_id(text) == (name, local)
    assert local_id(text, name) == local


@given(st.text("0123456789abcdef", min_size=1, max_size=40))
def test_a_run_id_is_understood_as_it_is(run_id: str) -> None:
    assert local_id(run_id, "Run") == run_id


def test_the_id_of_another_type_is_refused() -> None:
    with pytest.raises(UsageError):
        local_id(global_id("Artifact", "x"), "Run")
    with pytest.raises(UsageError):
        local_id("a" * 2_000, "Run")


@pytest.mark.parametrize("text", ["", "abc", "UnVuOg==", "OnJ1bg==", "é", "UnVuO" * 400])
def test_what_is_no_global_id_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        split_global_id(text)
