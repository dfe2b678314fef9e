"""Growing `.jsonl`: every whole line is a document that is over at once, parsed by the isolated processes."""

from dataclasses import replace

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.following.arrivals.growing_text import State
from nightdesk.tasks.following.stream import Arrival, Poll
from nightdesk.tasks.reading.documents import Document
from nightdesk.tasks.reading.formats import registry
from nightdesk.tasks.reading.formats.metadata import shortened
from nightdesk.tasks.reading.isolation import processes
from nightdesk.tasks.reading.isolation.jobs import Bytes, Job
from nightdesk.tasks.reading.sentences import Spoken


def rows_of(stream: str, source: str, raw: bytes, state: State, over: bool, cpu_s: float) -> tuple[int, Poll]:
    """Return how many bytes were used, and the documents of whole lines. over: the last one has no line feed."""
    end = len(raw) if over else raw.rfind(b"\n") + 1
    if not raw[:end].strip():
        state["lines"] = state.get("lines", 0) + raw[:end].count(b"\n")
        return end, Poll()
    first = state.get("lines", 0)
    poll = Poll()
    jobs: list[Job] = []
    try:
        for record in processes.records(Bytes(registry.JSONL, raw[:end], size=end), cpu_s):
            place = f"line {first + record.number}"
            doc_id = shortened(record.doc_id or f"{stream}#{first + record.number}")
            own = replace(record, number=first + record.number, place=place)
            jobs.append(Job(doc_id, record.source or source, f"{source}: {place}", own, record.title))
    except DocumentError as e:
        poll.troubles.append(f"{source}: {e}")
    for job, result in processes.documents(jobs, cpu_s):
        if isinstance(result, Document):
            poll.arrivals.append(whole(job.doc_id, result))
        elif result is not None:
            poll.troubles.append(str(result))
    state["lines"] = first + raw[:end].count(b"\n")
    return end, poll


def whole(stream: str, document: Document) -> Arrival:
    """Return a document that came whole."""
    sentences = []
    for k, (own, text) in enumerate(zip(document.ids, document.texts, strict=True)):
        said = document.said(k)
        sentences.append(Spoken(own, text, said["start_s"], said["end_s"], said["speaker"]))
    return Arrival(stream, document.source, tuple(sentences), document.title, is_over=True)
