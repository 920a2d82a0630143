"""Prints where a package lies: python wheel_path.py NAME."""

import importlib.util
import sys

spec = importlib.util.find_spec(sys.argv[1])
if spec is None or not spec.submodule_search_locations:
    sys.exit(1)
print(spec.submodule_search_locations[0], end="")
