"""Fuzz targets: what must hold for any bytes that reach us from outside, each a module that opens with its invariant.

`one(data)` of a target raises where the invariant does not hold; `seeds()` are real values to begin with. Neither needs
atheris: the tests replay the seeds, and in `regressions` what once failed. `python -m fuzz` searches for more.
"""

from fuzz.targets import NAMES, Target, load, regressions

__all__ = ["NAMES", "Target", "load", "regressions"]
