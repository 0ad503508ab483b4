"""Does `make demo` end within a minute on two cores, once everything is set up?

    python benchmarks/demo.py [--rounds 3]

Runs what `make demo` runs, into a new folder each time: 36 months of a company are simulated, written as exports,
loaded, checked, and audited in English and in French. Prints wall time, CPU time and the peak memory of the largest
process. The claim: at most 60 seconds on two idle cores.
"""

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

from report import measured  # beside this file

CLAIM = 60.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    perfkit, rounds = Path(sys.executable).parent / "perfkit", []
    for number in range(asked.rounds):
        with tempfile.TemporaryDirectory() as folder:
            rounds.append(measured([str(perfkit), "demo", str(Path(folder) / "perfkit-demo")]))
        cpu, wall, peak = rounds[-1]
        print(f"round {number + 1}: {wall:.1f} s wall, {cpu:.1f} s CPU, peak {peak:.0f} MB", flush=True)
    wall = statistics.median(each[1] for each in rounds)
    print(f"median {wall:.1f} s on {os.cpu_count()} cores: {'holds' if wall <= CLAIM else 'does not hold'}")


if __name__ == "__main__":
    main()
