r"""Text from anywhere, made fit for a terminal or a line of a log: the one way on which all of it goes there.

Names of files, ids, titles and replies of servers come from anybody. Raw, an ESC sequence in them could recolour, clear
or answer for a terminal, a newline could forge a line of a log, and a bidi override could show a name backwards. They
are shown as escapes (\x1b, \n, \u202e). Letters, blanks and joiners stay, because names in any script need them.
Tables and files keep text as it came.
"""

import json
import logging
import re
import sys
import threading
import traceback
import warnings
from types import TracebackType
from typing import Any

LONGEST = 4_000  # characters of a message; more is left out of its middle
_TAIL = 1_000  # of these, which stand at the end: there a message says what can be done
# Controls of C0 and C1, line and paragraph separators, bidi embeddings, overrides and isolates, deprecated and
# interlinear format characters, and lone surrogates, which no encoding can write.
_UNFIT = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u206f\ufff9-\ufffb\ud800-\udfff]")
_NAMED = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def printable(text: object) -> str:
    r"""Return a text as one line in which nothing moves a cursor; bytes of a file name that are no UTF-8 as \xff."""
    return _UNFIT.sub(_escape, str(text))


def message_line(text: object) -> str:
    """Return a message as one printable line of at most LONGEST characters, and how many were left out of it."""
    said = printable(text)
    if len(said) <= LONGEST:
        return said
    left_out = len(said) - LONGEST
    return f"{said[: LONGEST - _TAIL]} [{left_out} characters are left out here] {said[-_TAIL:]}"


def json_line(value: Any, **options: Any) -> str:
    """Return a value as one line of JSON; what printable() would escape is escaped as JSON does, so nothing is lost."""
    return _UNFIT.sub(lambda m: f"\\u{ord(m[0]):04x}", json.dumps(value, ensure_ascii=False, **options))


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte that could not be decoded, as Python keeps it in names of files
        return f"\\x{code - 0xDC00:02x}"
    return _NAMED.get(match[0]) or (f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}")


def printable_trace(error: BaseException | None) -> str:
    """Return a traceback in which each line begins with a bar, so that no text in it can pass for a line of a log."""
    if error is None:
        return ""
    lines = "".join(traceback.format_exception(error)).splitlines()
    return "\n".join(f"| {message_line(line)}" for line in lines)


class PrintableRecord(logging.LogRecord):
    """A record whose message and traceback are printable, whoever handles it: a stream, Prefect, a worker's log."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(self.exc_info, tuple) and self.exc_info[1] is not None:
            self.exc_text = printable_trace(self.exc_info[1])  # formatters take it as it stands

    def getMessage(self) -> str:
        """Return the message as one printable line."""
        return message_line(super().getMessage())


def guard_output() -> None:
    """Have whatever this process logs, warns of or dies of pass through here. A second call changes nothing."""
    logging.setLogRecordFactory(PrintableRecord)
    warnings.formatwarning = _warning
    sys.excepthook = _told
    sys.unraisablehook = _told_of_ignored
    threading.excepthook = _told_of_thread
    logging.Handler.handleError = _told_of_record  # type: ignore[assignment, method-assign]


def _warning(message: object, category: type[Warning], filename: str, lineno: int, line: str | None = None) -> str:
    return f"{message_line(f'{filename}:{lineno}: {category.__name__}: {message}')}\n"


def _tell(what: str, error: BaseException | None) -> None:
    if sys.stderr is not None:
        sys.stderr.write(f"{printable(what)}\n{printable_trace(error)}\n")


def _told(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    _tell("this process failed:", error.with_traceback(trace))


def _told_of_ignored(ignored: "sys.UnraisableHookArgs") -> None:
    _tell(f"{ignored.err_msg or 'ignored in'} {ignored.object!r}:", ignored.exc_value)


def _told_of_thread(failed: threading.ExceptHookArgs) -> None:
    if failed.exc_value is not None and not isinstance(failed.exc_value, SystemExit):
        _tell(f"thread {failed.thread.name if failed.thread is not None else '?'} failed:", failed.exc_value)


def _told_of_record(handler: logging.Handler, record: logging.LogRecord) -> None:
    if logging.raiseExceptions:
        _tell(f"{type(handler).__name__} cannot write a record of {record.name}:", sys.exc_info()[1])
