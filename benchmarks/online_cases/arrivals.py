"""CPU of a look at many growing files: one where each has got a sentence, and one without news."""

import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.growth_cases.rows import Case, Rows, told
from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.following.arrivals.watch import Watch

FILES, LOOKS = 200, 10


def _arrivals(scratch: Path, _: Mapping[str, str]) -> Rows:
    paths = [scratch / f"talk-{k}.txt" for k in range(FILES)]
    for path in paths:
        path.write_text("The ferry left on time. Nobody was late this morning.\n" * 40)
    watch = Watch([str(p) for p in paths], load_profile("news"), scratch / "out", 600.0)
    cursors: dict[str, str] = {}
    for _look in range(3):
        cursors |= watch.poll(cursors).cursors
    news = quiet = 0.0
    count = 0
    for k in range(LOOKS):
        for path in paths:
            with path.open("a") as file:
                file.write(f"Ferry {k} left at noon, said the harbour master.\n")
        begin = time.process_time()
        poll = watch.poll(cursors)
        news += time.process_time() - begin
        cursors |= poll.cursors
        count += sum(len(a.sentences) for a in poll.arrivals)
        begin = time.process_time()
        cursors |= watch.poll(cursors).cursors
        quiet += time.process_time() - begin
    watch.close()
    about = f"a look at {FILES} files: "
    return [
        told(f"{about}CPU where each has a sentence more, s", news / LOOKS),
        told(f"{about}CPU without news, s", quiet / LOOKS),
        told(f"{about}sentences found in {LOOKS} looks", count),
    ]


QUICK: dict[str, Case] = {"arrivals": _arrivals}
