"""What a layer's list of peers is made of; `run.py` drives it.

`peers/<layer>.py` defines `works(ctx)`, which yields `Work` objects. `ctx.data` is a folder for
generated inputs that lasts as long as the run; `ctx.shared` is the folder of real test data, or
None; `ctx.threads` is 1 or 2.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Optional


class Unavailable(Exception):
    """A peer that cannot be installed or cannot do this work: a row without a ratio."""


@dataclass
class Ours:
    """A peer that is our own executable, by another command: one thread beside two."""

    command: str
    # How often the command does as much as the work.
    times: int = 1


@dataclass
class Work:
    """One row a peer: the same work, ours and theirs, on the same data."""

    name: str
    # The command for the layer's executable: words separated by tabs.
    ours: str
    # Name of the peer -> a callable. It may return its own seconds; else the driver times it.
    peers: dict = field(default_factory=dict)
    # The ratio (peer time / ours) to reach: one number for all peers, or a dict by peer.
    target: object = None
    # Run once before the first timing, to write inputs.
    setup: Optional[Callable] = None
    # Interleaved rounds; the median of them counts. One more is run first as a warm-up.
    rounds: int = 5
    # Bytes (or operations) of work, for a rate in the table, and its unit.
    amount: Optional[float] = None
    unit: str = ""
    # Environment for our executable (a new process is started for each distinct value).
    env: dict = field(default_factory=dict)

    def target_for(self, peer):
        return self.target.get(peer) if isinstance(self.target, dict) else self.target


@dataclass
class Context:
    data: Path
    shared: Optional[Path]
    quick: bool = False
