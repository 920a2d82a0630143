"""DCMTK's library as a peer: a small program, compiled where its headers and a compiler are there."""

import functools
import shutil
import subprocess
from pathlib import Path

from bench import Unavailable

_LIBRARIES = ["-ldcmjpeg", "-ldcmjpls", "-ldcmdata", "-loflog", "-lofstd", "-lpthread"]


@functools.cache
def _program(folder: Path):
    """The program's path, or why there is none."""
    compiler = shutil.which("c++") or shutil.which("g++")
    if compiler is None:
        return None, "no C++ compiler"
    program = folder / "dcmtk_frames"
    source = Path(__file__).with_name("dcmtk_frames.cc")
    if program.exists():
        return program, None
    done = subprocess.run([compiler, "-O2", "-o", program, source, *_LIBRARIES],
                          capture_output=True)
    if done.returncode != 0:
        return None, "libdcmtk-dev is not installed"
    return program, None


def frames(data: Path, folder: Path):
    """A peer that reads every `.dcm` of a folder and gives its own seconds."""

    def run():
        program, reason = _program(data)
        if program is None:
            raise Unavailable(reason)
        done = subprocess.run([program, folder], capture_output=True, text=True)
        if done.returncode != 0:
            raise Unavailable("it refuses the files")
        return float(done.stdout.split()[0])

    return run
