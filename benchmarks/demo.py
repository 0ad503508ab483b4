"""Does `make demo` end within a minute on two cores, once everything is set up?

    python benchmarks/demo.py [--rounds 3]

Runs what `make demo` runs, into a new folder each time: 36 months of a company are simulated, written as exports,
loaded, checked, and audited in English and in French. Prints wall time, CPU time and the peak memory of the largest
process. The claim: at most 60 seconds on two idle cores.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CLAIM = 60.0


def measured(folder: Path) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds with all that is started, peak MB of the largest process."""
    began = time.perf_counter()
    command = [str(Path(sys.executable).parent / "perfkit"), "demo", str(folder / "perfkit-demo")]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=said, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            sys.exit(said.read().decode(errors="replace"))
    return time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    rounds = []
    for number in range(asked.rounds):
        with tempfile.TemporaryDirectory() as folder:
            rounds.append(measured(Path(folder)))
        wall, cpu, peak = rounds[-1]
        print(f"round {number + 1}: {wall:.1f} s wall, {cpu:.1f} s CPU, peak {peak:.0f} MB", flush=True)
    wall = statistics.median(each[0] for each in rounds)
    print(f"median {wall:.1f} s on {os.cpu_count()} cores: {'holds' if wall <= CLAIM else 'does not hold'}")


if __name__ == "__main__":
    main()
