"""`make bench`: the slot engine, then requests over HTTP, against the budgets. Exit code 1 when one is missed.

`ARGS=small` asks for next to nothing: whether the bench itself works.
"""

import sys

from tests.bench import engine, http


def main(arguments: list[str]) -> int:
    """Measure, print as it comes, and say whether every budget was kept."""
    small = "small" in arguments
    rows = engine.run(1 if small else engine.RUNS)
    print(engine.table(rows), flush=True)
    passed = all(row.passed for row in rows)
    for kind, found in http.measure(http.SMALL if small else http.Size()):
        print(f"\n{http.table(kind, found)}", flush=True)
        passed = passed and all(row.passed for row in found)
    return 0 if passed or small else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
