"""A feed, or another address, that is polled: entries unseen by id and digest are documents that are over.

It is asked in a thread of its own, so that no look waits for a server, and never more often than every 30 s a host. The
kept answers of reading/fetching ask with ETag and Last-Modified. A feed that fails is asked ever more seldom.
An entry that comes again with another text arrives as <id>#2.
"""

import hashlib
import json
import threading
from collections.abc import Mapping

from nightdesk.tasks.errors import NightdeskError
from nightdesk.tasks.following.arrivals.growing_rows import whole
from nightdesk.tasks.following.stream import Arrival, Poll
from nightdesk.tasks.reading.documents import Document
from nightdesk.tasks.reading.fetching.addresses import hostname_of, public
from nightdesk.tasks.reading.fetching.fetch import ask_anew
from nightdesk.tasks.reading.fetching.terms import Fetching
from nightdesk.tasks.reading.formats.metadata import shortened
from nightdesk.tasks.reading.found_documents import Found, Source, distinct_documents, parsed

LEAST_S, MOST_S = 30.0, 900.0  # seconds between two polls of a host; of one that fails
_MOST_SEEN = 5_000  # entries of a feed that are remembered
_Seen = dict[str, list[str]]  # id -> digests of the texts that it came with


class Hosts:
    """When each host may be asked again: shared by the feeds of a follow."""

    def __init__(self, least_s: float = LEAST_S) -> None:
        self.least_s = least_s
        self._next: dict[str, float] = {}

    def may_ask(self, host: str, now: float) -> bool:
        """Tell whether a host may be asked now; if so, the next time is noted."""
        if now < self._next.get(host, now):
            return False
        self._next[host] = now + self.least_s
        return True


class Feed:
    """One address."""

    def __init__(self, url: str, terms: Fetching, hosts: Hosts, cpu_s: float) -> None:
        self.url, self._terms, self._hosts, self._cpu_s = url, terms, hosts, cpu_s
        self.key = f"feed:{hashlib.sha256(url.encode('utf-8', 'surrogatepass')).hexdigest()[:24]}"
        self._due = 0.0
        self._failed = 0
        self._asking: threading.Thread | None = None
        self._came: Poll | None = None

    def close(self) -> None:
        """Wait for nothing: the thread that asks ends by itself and is no reason to stay."""

    def look(self, cursors: Mapping[str, str], now: float) -> Poll:
        """Return the new entries of the last answer, if one has come; ask again if it is time."""
        seen: _Seen = json.loads(cursors.get(self.key, "{}"))
        if self._asking is None:
            if now >= self._due and self._hosts.may_ask(hostname_of(self.url), now):
                self._came = None
                self._asking = threading.Thread(target=self._ask, args=(seen,), daemon=True)
                self._asking.start()
            return Poll()
        if self._asking.is_alive():
            return Poll()
        self._asking = None
        poll = self._came or Poll(troubles=[f"{public(self.url)}: its reader has ended; try again"])
        self._failed = self._failed + 1 if poll.troubles and not poll.cursors else 0
        self._due = now + min(MOST_S, self._hosts.least_s * 2**self._failed)
        return poll

    def _ask(self, seen: _Seen) -> None:
        """Ask for the feed and parse what is new in it: what the thread does."""
        poll = Poll()
        try:
            ask_anew()
            source = Source(shortened(public(self.url)), self.url)
            found = list(distinct_documents([source], self._cpu_s, terms=self._terms))
            wrong = [f"{one.job.place}: {one.wrong}" for one in found if one.wrong is not None]
            there = [one for one in found if one.wrong is None]
            new = [one for one in there if one.digest.hex() not in seen.get(one.doc_id, ())]
            poll.troubles += wrong
            for one, result in parsed(new, self._cpu_s):
                if isinstance(result, Document):
                    poll.arrivals.append(self._arrival(one, result, seen))
                elif result is not None:
                    poll.troubles.append(str(result))
            if there:
                poll.cursors[self.key] = json.dumps(_noted(seen, there), separators=(",", ":"))
        except NightdeskError as e:
            poll.troubles.append(str(e))
        self._came = poll

    def _arrival(self, found: Found, document: Document, seen: _Seen) -> Arrival:
        number = len(seen.get(found.doc_id, ())) + 1
        return whole(found.doc_id if number == 1 else f"{found.doc_id}#{number}", document)


def _noted(seen: _Seen, there: list[Found]) -> _Seen:
    """Return what was seen, the entries of the last answer last; the oldest are dropped where they are too many."""
    now: _Seen = dict(seen)
    for one in there:
        digests = now.pop(one.doc_id, [])
        digest = one.digest.hex()
        now[one.doc_id] = digests if digest in digests else [*digests, digest]
    most = max(_MOST_SEEN, len(there))
    return dict(list(now.items())[-most:])
