"""Reading: sources on the command line -> documents as lists of sentences.

Forms for now: `.txt` (prose, cut into sentences) and `.json` (`[[id, "sentence"], ...]`, or an object whose `document`
is that). Nothing is trimmed or dropped from the `.json` form: empty sentences and spaces stay.
"""

import hashlib
import json
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sentencex import segment

from tasks.errors import DocumentError, InputError

SUFFIXES = (".txt", ".json")
LONGEST_SENTENCE = 2_000  # characters; text without punctuation is cut here at the latest
_SURROGATES = re.compile("[\ud800-\udfff]")
_LANGUAGE_SAMPLE = 3_000  # characters


@dataclass(frozen=True, slots=True)
class Source:
    """A document that was named, not yet read. doc_id: the path relative to the argument, without suffix."""

    doc_id: str
    path: Path


@dataclass(frozen=True, slots=True)
class Document:
    """Sentences of one source; position k (1..n) is texts[k - 1], and ids[k - 1] is what the source calls it.

    replaced: number of characters that cannot be written as UTF-8 and became U+FFFD.
    """

    doc_id: str
    source: str
    content_hash: str
    language: str
    ids: tuple[str, ...]
    texts: tuple[str, ...]
    replaced: int = 0


def find_sources(arguments: list[str], run_date: date) -> list[Source]:
    """Expand files, folders and globs, {run_date} filled in, to the documents they name, in a stable order.

    Raises:
        InputError: nothing there, a form that is not read, or two documents with one doc_id.
    """
    found: dict[str, Source] = {}
    for argument in arguments:
        try:
            sources = _expand(argument.replace("{run_date}", run_date.isoformat()))
        except (OSError, ValueError) as e:  # a name that no file system takes, or no glob
            raise InputError(f"{shown(argument)[:80]}: cannot be a path or a glob ({e}); check it") from None
        for source in sources:
            other = found.setdefault(source.doc_id, source)
            if other.path.resolve() != source.path.resolve():
                raise InputError(
                    f"{shown(other.path)} and {shown(source.path)} would both be document {source.doc_id!r}; "
                    "rename one, or name the folder above both"
                )
    if not found:
        raise InputError("no source was named; name files, folders or globs")
    return list(found.values())


def shown(path: Path | str) -> str:
    """Return a path as text that can be printed and stored: bytes that are no UTF-8 become U+FFFD."""
    return _SURROGATES.sub("\ufffd", str(path))


def _named(path: Path) -> str:
    return shown(path.with_suffix("").as_posix())


def _expand(argument: str) -> list[Source]:
    if not argument.strip():
        raise InputError("an empty source was named; name files, folders or globs")
    path = Path(argument)
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if _is_document(p, path))
        if not files:
            raise InputError(f"{shown(argument)}: no document in this folder; {_forms()}")
        return [Source(_named(p.relative_to(path)), p) for p in files]
    if path.exists():
        if path.suffix.lower() not in SUFFIXES:
            raise InputError(f"{shown(argument)}: this form is not read; {_forms()}")
        return [Source(shown(path.stem), path)]
    if any(c in argument for c in "*?["):
        anchor = Path(path.anchor) if path.anchor else Path()
        fixed = _fixed_folder(path)
        files = sorted(p for p in anchor.glob(str(path.relative_to(path.anchor))) if _is_document(p, fixed))
        if not files:
            raise InputError(f"{shown(argument)}: no document matches; {_forms()}")
        return [Source(_named(p.relative_to(fixed)), p) for p in files]
    raise InputError(f"{shown(argument)}: no such file or folder; check the path")


def _forms() -> str:
    return f"nightdesk reads {' and '.join(SUFFIXES)}"


def _is_document(path: Path, below: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(below).parts)
    return path.suffix.lower() in SUFFIXES and not hidden and path.is_file()


def _fixed_folder(pattern: Path) -> Path:
    """Return the part of a glob before its first wildcard, to which doc_ids are relative."""
    fixed = []
    for part in pattern.parts[:-1]:
        if any(c in part for c in "*?["):
            break
        fixed.append(part)
    return Path(*fixed)


def check_sources(arguments: list[str], run_date: date) -> list[Source]:
    """Find what a run will read, and see that at least one document of it can be read. Writes nothing.

    Raises:
        InputError: nothing there, two documents of one name, or none readable.
    """
    sources = find_sources(arguments, run_date)
    reasons = []
    for source in sources:
        try:
            _content(source)
        except DocumentError as e:
            reasons.append(str(e))
        else:
            return sources
    raise InputError(nothing_readable(reasons))


def nothing_readable(reasons: list[str]) -> str:
    """Return the one line for a run of which not one document can be read."""
    more = f" (and {len(reasons) - 1} more documents that cannot be read)" if len(reasons) > 1 else ""
    return f"{reasons[0]}{more}"


def read_document(source: Source) -> Document:
    """Read one document.

    Raises:
        DocumentError: it is empty, not UTF-8, or not in its form; the message names file and place.
    """
    content = _content(source)
    pairs = _sentences(content) if isinstance(content, str) else content
    return make_document(source.doc_id, str(source.path), pairs)


def _content(source: Source) -> str | list[tuple[str, str]]:
    """Return the text of a .txt, or the (id, sentence) pairs of a .json; neither is empty."""
    try:
        raw = source.path.read_bytes()
    except OSError as e:
        raise DocumentError(
            f"{shown(source.path)}: cannot be read ({e.strerror}); check the file and its rights"
        ) from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        line = raw[: e.start].count(b"\n") + 1
        raise DocumentError(f"{shown(source.path)}: line {line}: not UTF-8 text; save it as UTF-8") from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise DocumentError(f"{shown(source.path)}: line {line}: a NUL byte, so this is no text; name a text file")
    content = _from_json(source.path, text) if source.path.suffix.lower() == ".json" else text
    if not any(s.strip() for s in ([content] if isinstance(content, str) else (s for _, s in content))):
        raise DocumentError(f"{shown(source.path)}: no sentence in it; leave it out or fill it")
    return content


def make_document(doc_id: str, source: str, pairs: list[tuple[str, str]]) -> Document:
    """Build a document of (id, sentence) pairs. What no table can hold becomes U+FFFD, and is counted."""
    replaced = 0
    ids: list[str] = []
    texts: list[str] = []
    for sentence_id, sentence in pairs:
        for value, column in ((sentence_id, ids), (sentence, texts)):
            clean, n = _SURROGATES.subn("\ufffd", value)
            replaced += n
            column.append(clean)
    content = json.dumps([ids, texts], ensure_ascii=False, separators=(",", ":"))
    digest = hashlib.sha256(content.encode()).hexdigest()
    return Document(shown(doc_id), shown(source), digest, detect_language(texts), tuple(ids), tuple(texts), replaced)


def _from_json(path: Path, text: str) -> list[tuple[str, str]]:
    try:
        data = json.loads(text)
    except json.JSONDecodeError as e:
        raise DocumentError(
            f"{shown(path)}: line {e.lineno} column {e.colno}: not JSON: {e.msg}; mend it there"
        ) from None
    except ValueError:
        raise DocumentError(f"{shown(path)}: a number in it is longer than any id; write long ids as text") from None
    except RecursionError:
        raise DocumentError(
            f"{shown(path)}: not a document: it is nested too deep; give [[id, sentence], ...]"
        ) from None
    if isinstance(data, dict):
        data = data.get("document")
    if not isinstance(data, list):
        raise DocumentError(f'{shown(path)}: not a document; give [[id, "sentence"], ...] or {{"document": [...]}}')
    pairs = []
    for k, item in enumerate(data, 1):
        match item:
            case [int() | str() as sentence_id, str() as sentence] if not isinstance(sentence_id, bool):
                pairs.append((str(sentence_id), sentence))
            case _:
                raise DocumentError(f'{shown(path)}: item {k} of the document is not [id, "sentence"]; mend it there')
    return pairs


def _sentences(text: str) -> list[tuple[str, str]]:
    lines = text.splitlines()
    language = detect_language(lines)
    sentences = [s for line in lines for s in split_sentences(line, language)]
    return [(str(k), s) for k, s in enumerate(sentences, 1)]


def split_sentences(line: str, language: str) -> list[str]:
    """Cut one line of prose into sentences, each stripped and none empty, none longer than LONGEST_SENTENCE."""
    return [part for s in segment(language, line) for part in _cap(s.strip())]


def _cap(sentence: str) -> Iterator[str]:
    start = 0
    while len(sentence) - start > LONGEST_SENTENCE:
        space = sentence.rfind(" ", start + LONGEST_SENTENCE // 2, start + LONGEST_SENTENCE)
        end = space if space > 0 else start + LONGEST_SENTENCE
        if part := sentence[start:end].strip():
            yield part
        start = end
    if rest := sentence[start:].strip():
        yield rest


def detect_language(texts: list[str]) -> str:
    """Return the ISO 639-1 code of the text's language, told from its first few thousand characters."""
    sample = " ".join(texts)[:_LANGUAGE_SAMPLE]
    if not any(c.isalpha() for c in sample.translate(str.maketrans("", "", string.digits))):
        return "en"  # nothing to tell it by: the default, not a guess of the detector's
    import py3langid  # loads its model

    return str(py3langid.classify(sample)[0])
