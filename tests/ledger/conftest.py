"""Where the faults happen: in memory, so that the tests' time is not that of the disk."""

from tests.stress.memory_folder import memory_tmp_path

tmp_path = memory_tmp_path
