"""The probe sees the memory and time of its own block, and nothing from before it."""

import mmap

from telemetry.probe import VMHWM, measure

MIB = 1024 * 1024


def touched(megabytes: int) -> mmap.mmap:
    block = mmap.mmap(-1, megabytes * MIB)
    for offset in range(0, len(block), 4096):
        block[offset] = 1
    return block


def test_a_block_that_allocates_shows_its_peak_even_when_it_is_freed() -> None:
    with measure() as measurement:
        touched(64).close()
    assert measurement.method == VMHWM
    assert measurement.memory_delta_bytes is not None
    assert 60 * MIB <= measurement.memory_delta_bytes <= 90 * MIB


def test_what_was_held_before_the_block_is_not_counted() -> None:
    held = touched(128)
    with measure() as measurement:
        pass
    held.close()
    assert measurement.memory_delta_bytes is not None
    assert measurement.memory_delta_bytes < 20 * MIB


def test_a_block_that_fails_is_measured_and_its_error_passes() -> None:
    seen = None
    try:
        with measure() as measurement:
            raise ValueError("inside")
    except ValueError as error:
        seen = error
    assert str(seen) == "inside"
    assert measurement.wall_seconds > 0
