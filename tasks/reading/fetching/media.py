"""What an address may give that holds no text: told by its first bytes or by the type that its server names."""

from nightdesk.tasks.errors import DocumentError

_AS_TEXT = "which is not read; save its text as .txt, and name that file"
_FAMILIES = {
    "image": "an image, which is not read; name the page or the feed that it stands in",
    "video": "a video, which is not read; name its captions (.srt, .vtt)",
    "audio": "a sound recording, which is not read; name its captions (.srt, .vtt), or save its text as .txt",
    "font": "a font, which is not read; name the page or the feed itself",
}
_TYPES = {
    "application/pdf": "a PDF, which is not read; save its text as .txt (pdftotext does), and name that file",
    "application/zip": f"a ZIP archive, {_AS_TEXT}",
    "application/x-zip-compressed": f"a ZIP archive, {_AS_TEXT}",
    "application/epub+zip": f"an e-book, {_AS_TEXT}",
    "application/x-7z-compressed": f"a 7z archive, {_AS_TEXT}",
    "application/vnd.rar": f"a RAR archive, {_AS_TEXT}",
    "application/x-rar-compressed": f"a RAR archive, {_AS_TEXT}",
    "application/x-tar": f"a tar archive, {_AS_TEXT}",
    "application/msword": f"an Office document, {_AS_TEXT}",
    "application/wasm": "a program, which is not read; name the page or the feed itself",
    "application/javascript": "a script, which is not read; name the page or the feed itself",
    "text/javascript": "a script, which is not read; name the page or the feed itself",
    "text/css": "a style sheet, which is not read; name the page or the feed itself",
}
_OFFICE = ("application/vnd.openxmlformats-", "application/vnd.oasis.opendocument", "application/vnd.ms-")
_BEGINNINGS = {
    b"\x89PNG\r\n\x1a\n": "image", b"\xff\xd8\xff": "image", b"GIF87a": "image", b"GIF89a": "image",
    b"\x1a\x45\xdf\xa3": "video", b"ID3": "audio", b"OggS": "audio", b"fLaC": "audio",
    b"wOFF": "font", b"wOF2": "font",
}  # fmt: skip
_MARKED = {b"WEBP": "image", b"WAVE": "audio", b"AVI ": "video"}  # the kinds of a RIFF file


def refuse_media(media: str, head: bytes) -> None:
    """Raise DocumentError if this is no text. media: the type that the server names ("" if none); head: first bytes.

    A type is believed unless the bytes begin as HTML, feeds and captions do: servers give those any type.
    """
    if what := _by_beginning(head) or ("" if _is_markup(head) else _by_type(media)) or _vector_image(media):
        raise DocumentError(f"there is {what}")


def _by_beginning(head: bytes) -> str:
    begun = next((mark for mark in _BEGINNINGS if head.startswith(mark)), b"")
    is_text = begun.isascii() and b"\0" not in head[:64]  # such as a page that explains ID3
    family = "" if is_text else _BEGINNINGS.get(begun, "")
    if head.startswith(b"RIFF"):
        family = _MARKED.get(head[8:12], "")
    elif head[4:8] == b"ftyp":
        family = "image" if head[8:12] in (b"avif", b"heic", b"heix", b"mif1") else "video"
    elif head.startswith(b"%PDF-"):
        return _TYPES["application/pdf"]
    return _FAMILIES.get(family, "")


def _by_type(media: str) -> str:
    if media.startswith(_OFFICE):
        return _TYPES["application/msword"]
    return _TYPES.get(media) or _FAMILIES.get(media.partition("/")[0], "")


def _vector_image(media: str) -> str:
    return _FAMILIES["image"] if media == "image/svg+xml" else ""


def _is_markup(head: bytes) -> bool:
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", b"WEBVTT"))
