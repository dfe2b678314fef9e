"""Attacks on nightdesk, performed from outside: what should happen, what did, and whether that is right.

python -m benchmarks.attacks [WORD...] performs the attacks whose names hold one of the words, or all, and prints a row
an attack. The exit code is 1 if a row is not right. Attacks are found in benchmarks/attack_cases/*_attacks.py.
"""

import argparse
import importlib
import pkgutil
import sys
import time
import traceback

from benchmarks import attack_cases
from benchmarks.attack_cases.outcome import Attack, Outcome
from benchmarks.common import scratch, show


def main() -> None:
    """Perform the attacks that are named, or all; print a table; exit code 1 if a row is not right."""
    attacks = _attacks()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="perform only the attacks whose names hold one of these")
    parser.add_argument("--list", action="store_true", help="list the attacks")
    asked = parser.parse_args()
    chosen = {n: a for n, a in attacks.items() if not asked.words or any(word in n for word in asked.words)}
    if asked.list or not chosen:
        sys.exit("\n".join(attacks))
    rows = []
    for name, attack in chosen.items():
        started = time.perf_counter()
        outcome = _performed(attack)
        seconds = round(time.perf_counter() - started, 1)
        rows.append(
            {
                "attack": name,
                "expected": outcome.expected,
                "seen": outcome.seen,
                "right": outcome.right,
                "seconds": seconds,
            }
        )
        print(f"{len(rows)}/{len(chosen)} {name}: {'right' if outcome.right else 'WRONG'}", file=sys.stderr)
    show("attacks", rows)
    sys.exit(0 if all(row["right"] for row in rows) else 1)


def _attacks() -> dict[str, Attack]:
    modules = sorted(m.name for m in pkgutil.iter_modules(attack_cases.__path__) if m.name.endswith("_attacks"))
    found: dict[str, Attack] = {}
    for name in modules:
        found |= importlib.import_module(f"{attack_cases.__name__}.{name}").cases()
    return found


def _performed(attack: Attack) -> Outcome:
    with scratch() as folder:
        try:
            return attack(folder)
        except Exception as e:  # noqa: BLE001  (one attack that cannot be performed must not hide the others)
            traceback.print_exc()
            return Outcome("it can be performed", f"{type(e).__name__}: {e}"[:160], right=False)


if __name__ == "__main__":
    main()
