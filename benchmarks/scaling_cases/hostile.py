"""Hostile text: short pieces that, said again and again, have made some parser or pattern slow."""

TAGS = (
    '<', '<a', '<a ', '</a', "<a href='", '<p>', '<b><i>', '<div>', '</div>', '<table><tr><td>', '<ul><li>', '<br>',
    '<select><option>', '<svg>', '<script', '<script>', '<style>', '<h1>a</h1>', '<h2><a href=/>a</a></h2>', '<!--',
    '<!-- a --', '<!', '<?', '<![CDATA[', ']]>', '<meta property=og:title content=a>', '<a\n', '<img alt=a>',
    '<v a>', '<v ', '<v.a', '<c.', '<p>a</p>', '<tr><td>a', '<form>', '<article>', '<span>a ', '<pre>', '<math>',
)  # fmt: skip
ESCAPED = (
    '&', '&amp;', '&amp;amp;', '&lt;', '&lt;p ', '&lt;p a', '&lt;p&gt;', '&#', '&#x', '&#1', '&#xd800;', '&a', '%s',
    '\\', '\\u', '\\N', '{\\', '{\\a', '{y:', '{', '}', '[', ']', '[[', '[1,', '(', '((a', ')', "'", '"', "\\'",
    "'''", "[1, '",
)  # fmt: skip
MARKS = (
    '`', '`a', '``a`', '*', '*a ', '**a', '***a** ', '_a_', '_a', '~~', '[a](', '[a][', '![', '[a]: ', '[a]: b\n',
    '> ', '>', '- ', '1. ', '#', '# ', '|', '|a', '|a|\n|-|\n', '---\n', '---', 'title: ', 'title:  ', '```\n',
    '    a\n', '\n- a', '  - ', '***', '<http://', 'http://a.b/', 'a@b.c ', '\\\n', '  \n', '=\n', '[^a]', '-->',
    ']:',
)  # fmt: skip
BLANKS = (
    ' ', '\t', '\n', ' \n', '\r', '\r\n', '\xa0', '\u3000', '\x85', '\u2028', '\x0b', '\x1f', '\u200b', '\ufeff',
    '\x00',
)  # fmt: skip
WORDS = (
    'a', 'a ', 'A ', 'A. ', 'A.', 'a. ', '.', '. ', '..', '…', '?!', '! ', 'a, ', ',', ', ', '; ', 'Mr. ', 'U.S. ',
    '1', '1 ', '1. ', '1.1', '1.', 'No. ', '(a) ', '(1 ', '(1) ', '[1] ', 'a.[1]', "a' ", "a'", "' ", '“', '”',
    '” ', '\xab ', '\xbb ', '„', '‘a', '’ ', 'The A ', 'A B ', 'By A B ', 'said ', ', said A', 'a-', '-', '--',
    ' - ', '— ', 'A/', 'a/', '://', 'a@', 'and ', ' and', '\u0301', 'a\u0301', '\U0001f1e6', '\U0001f1e6 ',
    '\U0001f468\u200d', '\U0001f3fb', '\u1160', '�', '\u0130', '\xdf', "x" * 500 + " ", "9" * 50, 'i.', 'e.g. ',
    'On a, ', 'who ', ', who a, ', '(A) ', 'one two ', 'January 1 ', '$1 ', '1% ',
)  # fmt: skip
WIDE = (
    '大', '大。', '大，', '大 ', '大a', '。', '。」', '「', '」', '说', '说：', '“大', '了', '然后', '记者',
    '日', '1日', '据',
    '一', '号链接',
    'か', 'と', '言った', '한', '한 ', '말했', '고', '（', '（大', '\u0e01', '\u060c ',
    '\u064a ', '\u0434 ', '\u0434. ',
    '\u0442. ', '\u03c4. ',
)  # fmt: skip
SPOKEN = (
    '>> ', '>>', '>>a. ', '>>\n', '- a\n', '-a ', 'Ann: ', 'Ann: a\n', 'Ann:', 'A: ', ': ', 'a:b ', '：', '大：',
    'Speaker 1: ', '♪ ', '[a] ', '[a]: ', '(1:2): ', 'WEBVTT\n', 'WEBVTT\n\n', 'NOTE\n', 'NOTE a\n\n',
    'X-TIMESTAMP-MAP=\n', '1\n', '0:0:0', '00:00:01 --> 00:00:02\na\n', '-->', '->\n', '00:00:01\n', '\n\n1\n\n',
    '1 "a" (1)\n', 'a\n', 'MPEGTS:1', 'LOCAL:', '0:',
)  # fmt: skip
EVERY = tuple(dict.fromkeys((*TAGS, *ESCAPED, *MARKS, *BLANKS, *WORDS, *WIDE, *SPOKEN)))


def repeated(unit: str, n: int) -> str:
    """Return a piece, said again and again up to n characters."""
    return unit * max(1, n // len(unit))
