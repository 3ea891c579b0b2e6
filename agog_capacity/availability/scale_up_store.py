"""Scale-ups by the content of their inputs, of which prices are no part: found again, they need no compiler."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from agog_capacity.availability.scale_up import ScaleUp
from agog_capacity.availability.scale_up_courses import Courses
from agog_capacity.errors import InputError
from agog_capacity.scaling.simulated import SimulationStore
from agog_capacity.stored import UNUSABLE, read_stored, sources_digest, store

_FORMAT = 1
_CURVES = ("demand", "capacity", "nodes")
_CODE = ("scaling", "load", "availability")
"""Packages whose code decides what a scale-up is."""


@dataclass(frozen=True)
class ScaleUpStore:
    """Simulated scale-ups in a folder."""

    folder: Path

    @classmethod
    def default(cls) -> ScaleUpStore:
        """Return the store in the user's cache folder, beside that of the simulated clusters."""
        return cls(SimulationStore.default().folder.parent / "scale_ups")

    def get(self, key: str) -> ScaleUp | None:
        """Return what is stored under a key; None if there is nothing, or nothing usable."""
        content = read_stored(self.folder / f"{key}.npz", sources_digest(*_CODE))
        try:
            return None if content is None else _read(content)
        except (*UNUSABLE, InputError):
            return None

    def put(self, key: str, found: ScaleUp) -> None:
        """Store a result whole. A store that cannot be written is no failure: the next run simulates again."""
        store(self.folder / f"{key}.npz", _written(found), sources_digest(*_CODE))


def _written(found: ScaleUp) -> bytes:
    about = {
        "format": _FORMAT,
        "starts": [start.isoformat() for start in found.starts],
        "step_s": found.grown.step_s,
        "warnings": found.warnings,
    }
    curves = {
        # The simulation rounds to 32 bits, so nothing is lost here.
        f"{part}_{name}": np.asarray(getattr(getattr(found, part), name), dtype=np.float32)
        for part in ("grown", "stuck")
        for name in _CURVES
    }
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {"about": np.array(json.dumps(about)), "delay_s": found.delay_s, **curves}
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def _read(content: bytes) -> ScaleUp:
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        about = json.loads(str(file["about"]))
        if about["format"] != _FORMAT:
            raise ValueError("another format")
        grown, stuck = (
            Courses(about["step_s"], *(np.asarray(file[f"{part}_{name}"], dtype=float) for name in _CURVES))
            for part in ("grown", "stuck")
        )
        delay_s = np.asarray(file["delay_s"], dtype=float)
        if delay_s.ndim != 1 or not (delay_s >= 0).all():
            raise ValueError("delays that cannot be")
        if not all(isinstance(text, str) for text in about["warnings"]):
            raise ValueError("warnings that are no text")
        return ScaleUp(
            tuple(datetime.fromisoformat(start) for start in about["starts"]),
            grown,
            stuck,
            delay_s,
            tuple(about["warnings"]),
        )
