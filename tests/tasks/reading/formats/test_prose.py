"""Prose: numbered sentences of the text as it is."""

from pathlib import Path

from tests.tasks.reading.written import one, write


def test_prose_becomes_numbered_sentences(tmp_path: Path) -> None:
    d = one(write(tmp_path / "a.txt", "The bridge is shut. Ferries run instead.\n\nNobody knows until when.\n"))
    assert d.texts == ("The bridge is shut.", "Ferries run instead.", "Nobody knows until when.")
    assert d.ids == ("1", "2", "3")
    assert d.source == str(tmp_path / "a.txt")


def test_a_byte_order_mark_is_not_text(tmp_path: Path) -> None:
    assert one(write(tmp_path / "a.txt", "\ufeffShut again.".encode())).texts == ("Shut again.",)


def test_chinese_is_split_at_its_own_stops(tmp_path: Path) -> None:
    d = one(write(tmp_path / "a.txt", "大桥今天关闭。渡轮会运行吗？没有人知道！\n市长明天讲话。"))
    assert d.language == "zh"
    assert d.texts == ("大桥今天关闭。", "渡轮会运行吗？", "没有人知道！", "市长明天讲话。")
