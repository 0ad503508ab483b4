"""Write the corpus: python -m tests.corpus.generate FOLDER [--seed N]

One company's folder a case, and manifest.json with what each must come to.
"""

import argparse
import json
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.corpus import (
    bombs,
    configuration,
    damaged_books,
    dates,
    encodings,
    keys,
    numbers,
    parquets,
    rules,
    security,
    several,
    structure,
    workbooks,
)
from tests.corpus.cases import Case

MODULES = (
    structure,
    several,
    encodings,
    numbers,
    dates,
    keys,
    rules,
    workbooks,
    damaged_books,
    parquets,
    security,
    bombs,
    configuration,
)


def cases(seed: int, modules: Sequence[Any] = MODULES) -> Iterator[Case]:
    """Every case of a seed, class by class, or those of some modules."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what openpyxl thinks of odd workbooks
        for module in modules:
            yield from module.cases(seed)


def entry(case: Case, folder: str) -> dict[str, Any]:
    """A case as the manifest holds it."""
    return {
        "folder": folder,
        "class": case.kind,
        "name": case.name,
        "files": list(case.files),
        "outcomes": [asdict(outcome) for outcome in case.outcomes],
        "truth": case.truth,
        "columns": case.columns,
        "tables": case.tables,
        "secrets": case.secrets,
    }


def write(folder: Path, seed: int, modules: Sequence[Any] = MODULES) -> int:
    """Write every case of a seed, or those of some modules, and the manifest; return how many there are."""
    manifest = []
    for number, case in enumerate(cases(seed, modules), 1):
        place = f"{case.kind}/{number:04}"
        case.write(folder / place)
        manifest.append(entry(case, place))
    said = json.dumps({"seed": seed, "cases": manifest}, ensure_ascii=False, indent=1, default=str)
    (folder / "manifest.json").write_text(said, encoding="utf-8", errors="surrogatepass")
    return len(manifest)


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the corpus of bad and odd exports.")
    parser.add_argument("folder", type=Path, help="an empty folder")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    print(f"{write(asked.folder, asked.seed)} cases in {asked.folder}")


if __name__ == "__main__":
    main()
