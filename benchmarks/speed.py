"""Speed of the embedded models on a long night: 100,000 sentences, sentences a second over the role stages, memory.

Stories (of ../shared where it is there, else of our own samples) are reshuffled by seed until there are enough, in
documents of about 2,000 sentences and in one single document; the first sentence of every chunk is made unique, so that
no answer can come from the store. Peak memory is the sum of the proportional set sizes of the command and all its
children (auditor and Dask workers), sampled every 0.2 s; the Prefect server runs beside it and is not in it.
"""

import argparse
import json
import random
import subprocess
import sys
import time
from pathlib import Path

import psutil

from benchmarks.common import ROOT, prefect_server, scratch, show
from benchmarks.growth_cases.texts import stories
from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.roles.chunk_splitter import split_document

ROLE_STAGES = ("split", "find", "locate", "relate", "organize")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sentences", type=int, default=100_000)
    parser.add_argument("--length", type=int, nargs="*", default=[2_000, 100_000], help="sentences of a document")
    parser.add_argument("--seed", type=int, default=1)
    a = parser.parse_args()
    rows = []
    with prefect_server() as env, scratch() as folder:
        for length in a.length:
            source = folder / f"in-{length}"
            source.mkdir()
            n = write_documents(source, a.sentences, min(length, a.sentences), a.seed)
            command = [
                sys.executable,
                "-m",
                "nightdesk.flows.cli.main",
                "run",
                str(source),
                "--out",
                str(folder / f"out-{length}"),
            ]
            started = time.perf_counter()
            process = subprocess.Popen([*command, "--json"], env=env, cwd=ROOT, text=True, stdout=subprocess.PIPE)
            peak = peak_memory(process)
            printed = process.communicate()[0]
            if process.returncode:
                sys.exit("the run failed")
            result = json.loads(printed)
            roles = sum(result["stages"][s] for s in ROLE_STAGES)
            rows.append(
                {
                    "documents": n,
                    "sentences": result["sentences"],
                    "calls": result["calls"],
                    "sentences_per_s": result["sentences"] / roles,
                    "role_stages_s": roles,
                    "whole_s": time.perf_counter() - started,
                    "peak_mb": peak,
                    **{f"{s}_s": result["stages"][s] for s in ("read", *ROLE_STAGES, "check", "publish", "learn")},
                }
            )
    show("speed", rows)


def write_documents(folder: Path, sentences: int, length: int, seed: int) -> int:
    """Write documents of reshuffled stories; return how many."""
    passages = stories()
    dice = random.Random(seed)
    profile = load_profile("news")
    written = documents = 0
    while written < sentences:
        wanted = min(length, sentences - written)
        document: list[str] = []
        while len(document) < wanted:
            document += [s for passage in dice.sample(passages, len(passages)) for s in passage]
        document = document[:wanted]
        for chunk in split_document("d", document, profile.chunks):
            document[chunk.start] += f" ({documents}-{chunk.start})"
        path = folder / f"night-{documents:04d}.json"
        path.write_text(json.dumps(list(enumerate(document, 1))), encoding="utf-8")
        written += wanted
        documents += 1
    return documents


def peak_memory(process: "subprocess.Popen[str]") -> float:
    """Follow a process and its children to the end; return their peak proportional set size together, in MB."""
    peak = 0.0
    tree = psutil.Process(process.pid)
    while process.poll() is None:
        total = 0
        for p in [tree, *_children(tree)]:
            try:
                total += p.memory_full_info().pss
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        peak = max(peak, total / 2**20)
        time.sleep(0.2)
    return peak


def _children(tree: psutil.Process) -> list[psutil.Process]:
    try:
        return tree.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


if __name__ == "__main__":
    main()
