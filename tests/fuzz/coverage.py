# SPDX-License-Identifier: Apache-2.0
# llvm-cov export -format=lcov ... | python3 tests/fuzz/coverage.py: lines of each file that ran, and which did not. A line of nothing but a closing brace
# is none: llvm counts those behind a return, which nothing can reach.
import pathlib
import sys

lines, runs, rows = [], {}, []
for record in sys.stdin:
    kind, _, rest = record.strip().partition(":")
    if kind == "SF":
        path, runs = pathlib.Path(rest), {}
        lines = path.read_text().splitlines()
    elif kind == "DA":
        number, count = map(int, rest.split(",")[:2])
        if lines[number - 1].strip(" });,"):
            runs[number] = max(count, runs.get(number, 0))
    elif kind == "end_of_record":
        missed = sorted(n for n, count in runs.items() if count == 0)
        rows.append((path.name, len(runs), len(missed), missed))
for name, total, missed, which in rows:
    print(f"{name:20} {total:5} lines, reached {100 * (total - missed) / total:5.1f} %", ("not " + " ".join(map(str, which))) if which else "")
