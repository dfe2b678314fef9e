"""From which source each document of a night is, so that a story that one house tells three times has one source.

One source are: the documents of one site (all its feeds and pages), the rows of one file, the files of one folder below
what was named to the run, and what carries the dateline of one news agency, wherever it was read.
"""

from collections.abc import Iterable, Sequence
from os.path import commonpath
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nightdesk.tasks.edition.reading.columns import Numbers, Passages

_AGENCY = (
    r"^(?:.{0,80}?[\(\[（【](?P<closed>Reuters|AP|AFP|dpa|UPI|Xinhua|Bloomberg|TASS|Kyodo|ANSA|EFE|PTI|ANI)[\)\]）】]"
    r"|(?P<dashed>Reuters|AP|AFP|dpa|UPI|Xinhua|TASS|Kyodo) ?[—–-]{1,2} "
    r"|.{0,40}?(?P<chinese>新华社|中新社|中新网|路透社|法新社|美联社|共同社)[^。！？]{0,24}?[电讯])"
)
_SAME = {
    "新华社": "Xinhua",
    "中新网": "中新社",
    "路透社": "Reuters",
    "法新社": "AFP",
    "美联社": "AP",
    "共同社": "Kyodo",
}
_SUFFIXES = 2  # of a file's name: wire.json, wire.json.gz


def sources_of(documents: pa.Table, passages: Passages) -> Numbers:
    """Return the number of the source of each document, from 0. documents: doc_id and source of each."""
    doc_ids, places = documents["doc_id"].to_pylist(), documents["source"].to_pylist()
    names = _origins(doc_ids, places)
    for document, agency in _agencies(passages):
        names[document] = f"agency {agency}"
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], np.int32)


def _origins(doc_ids: Sequence[str], places: Sequence[str]) -> list[str]:
    """Return where each document comes from: a site, a folder below what was named, or a file."""
    is_file = [_is_file_of_its_own(doc_id, place) for doc_id, place in zip(doc_ids, places, strict=True)]
    folders = {doc_id.rpartition("/")[0] for doc_id, its_own in zip(doc_ids, is_file, strict=True) if its_own}
    common = _common(folders)
    return [
        _site(place) or (_folder(doc_id.removeprefix(common)) if its_own else "") or place
        for doc_id, place, its_own in zip(doc_ids, places, is_file, strict=True)
    ]


def _site(place: str) -> str:
    """Return the host of an address of the web, else nothing."""
    if not place.startswith(("http://", "https://")):
        return ""
    try:
        host = urlsplit(place).hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.")


def _is_file_of_its_own(doc_id: str, place: str) -> bool:
    """Tell whether a document is a whole file that is called by its path below a folder."""
    if "/" not in doc_id:
        return not place.startswith(("http://", "https://"))
    end = place.rfind(doc_id)
    return end >= 0 and place.count(".", end + len(doc_id)) <= _SUFFIXES and "/" not in place[end + len(doc_id) :]


def _common(folders: Iterable[str]) -> str:
    """Return the path in which all of some folders lie, with a / at its end, or nothing."""
    names = set(folders)
    try:
        common = commonpath(names) if names and "" not in names else ""
    except ValueError:  # absolute and relative ones
        common = ""
    return f"{common}/" if common else ""


def _folder(below: str) -> str:
    """Return the first folder of a path, or nothing."""
    folder, slash, _ = below.partition("/")
    return f"folder {folder}" if slash else ""


def _agencies(passages: Passages) -> list[tuple[int, str]]:
    """Return the documents that begin with an agency's dateline, and the agency."""
    rows = np.flatnonzero(passages.position <= 2)
    found = pc.extract_regex(passages.text.take(pa.array(rows)), _AGENCY)
    has = pc.is_valid(found)
    documents = passages.document[rows][has.to_numpy(zero_copy_only=False)].tolist()
    names = (next(filter(None, one.values())) for one in found.filter(has).to_pylist())
    return [(document, _SAME.get(name, name)) for document, name in zip(documents, names, strict=True)]
