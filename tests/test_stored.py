"""Stored results: what was not stored under its key is never believed, and nothing hangs or fails for it."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agog_capacity.stored import read_stored, sealed, sources_digest, store, unsealed, write_stored


def test_what_was_stored_is_found_under_its_key_and_version(tmp_path):
    path = tmp_path / "below" / "key.json"
    store(path, b"content", "1")
    assert read_stored(path, "1") == b"content"
    assert read_stored(path, "2") is None
    path.rename(path.with_name("other.json"))
    assert read_stored(path.with_name("other.json"), "1") is None
    assert read_stored(path, "1") is None


@given(st.binary(max_size=60), st.integers(0, 400), st.integers(1, 255))
def test_no_changed_byte_is_believed(content, position, change):
    data = bytearray(sealed(content, "key"))
    data[position % len(data)] ^= change
    with pytest.raises(ValueError, match="not what was stored"):
        unsealed(bytes(data), "key")


def test_a_pipe_a_folder_and_a_loop_of_links_are_nothing(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name in ("pipe", "folder", "loop"):
        assert read_stored(tmp_path / name) is None
        store(tmp_path / name / "below", b"")  # cannot be written, and is no failure
    store(tmp_path / "folder", b"")
    store(tmp_path / "pipe", b"x")
    assert read_stored(tmp_path / "pipe") == b"x"


def test_many_at_once_store_the_same_key(tmp_path):
    path = tmp_path / "below" / "key.npz"
    with ThreadPoolExecutor(8) as pool:
        for each in [pool.submit(write_stored, path, b"x" * 10_000) for _ in range(64)]:
            each.result()
    assert read_stored(path) == b"x" * 10_000
    assert [p.name for p in path.parent.iterdir()] == ["key.npz"]


def test_sources_differ_by_package():
    assert sources_digest("scaling") != sources_digest("load")
    assert len(sources_digest("scaling", "load")) == 32
