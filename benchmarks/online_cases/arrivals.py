"""CPU of a look at many growing files: one where each has got a sentence, and one without news."""

import tempfile
import time
from pathlib import Path

from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.following.arrivals.watch import Watch


def arrivals(files: int = 200, looks: int = 10) -> dict[str, float]:
    """Return seconds of CPU of a look with news in every file, and of a look without."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        paths = [root / f"talk-{k}.txt" for k in range(files)]
        for path in paths:
            path.write_text("The ferry left on time. Nobody was late this morning.\n" * 40)
        watch = Watch([str(p) for p in paths], load_profile("news"), root / "out", 600.0)
        cursors: dict[str, str] = {}
        for _ in range(3):
            cursors |= watch.poll(cursors).cursors
        news = quiet = 0.0
        count = 0
        for k in range(looks):
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
        return {"cpu_s_news": news / looks, "cpu_s_quiet": quiet / looks, "sentences": float(count)}


if __name__ == "__main__":
    print(arrivals())
