"""Which topics of a night are small talk or sales talk, so that none of them stands before the news.

Small talk is a topic that was titled as such, or one of a sales talk that is nearly all greetings. Sales talk is told
by the document: hosts address their viewers and name prices and orders far more often than any report does. Measured
in hits per 1,000 bytes on 40 transcripts of live commerce and 500 passages of news and web text: 39 of 40 transcripts
have enough of both, and none of the passages.
"""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nightdesk.tasks.edition.reading.columns import Passages, Topics
from nightdesk.tasks.roles.topic_finder import SMALL_TALK, is_small_talk

NEWS, SALES, POOLED = 0, 1, 2  # how far back a topic stands: the news, products that are on sale, small talk
_SELLING = ("price", "order_urging", "product_description")  # categories of profiles that are made for sales talk
_GREETING = "opening"
_GREETINGS = 0.8  # share of greetings from which a topic of such a profile is small talk
_READ = 800  # sentences of a document that are looked at, spread evenly over it
_ADDRESSED, _SOLD = 4.7, 0.8  # hits per 1,000 bytes
_LEAST = 6  # hits of words of selling, because a short text that has one is no sales talk
_ADDRESSES = (
    r"(?i)\b(?:you|your|y'all|yall|okay|ok|yeah|gonna|guys|girls|babe|ladies|let's|i'm|we're)\b"
    r"|[啊呢吧哈嗯呃哦嘛呀您咱哎]|姐妹|家人们|宝贝|宝宝|宝子|朋友们"
)
_SELLS = (
    r"(?i)\b(?:pounds?|dollars?|bucks|prices?|orders?|cart|basket|checkout|links?|in stock|item number"
    r"|number (?:\w+teen|\w+ty|one|two|three|four|five|six|seven|eight|nine|ten|\d+)|discounts?|coupons?|codes?|postage"
    r"|shipping|tap|click|live ?stream|sizes?|colou?rs?)\b|[$£€]\d"
    r"|下单|库存|还剩|链接|直播间|[块元]钱|[拍抢]|券|包邮|优惠|买一送|一单|到手"
)


def patter_of(passages: Passages, topics: Topics, documents: int) -> NDArray[np.int8]:
    """Return for each topic NEWS, SALES or POOLED. documents: how many there are.

    Sales talk is pooled where its sentences were filed under the categories of news, and stands as products of its own
    where they were filed under those of selling.
    """
    of_sales_talk = _sales_talks(passages, documents)
    selling = _share(passages.document, _filed_under(passages, _SELLING), documents) > 0
    tier = np.full(len(topics.topic_id), NEWS, np.int8)
    tier[(of_sales_talk | selling)[topics.document]] = SALES
    tier[(of_sales_talk & ~selling)[topics.document]] = POOLED
    greetings = _share(passages.topic, _filed_under(passages, (_GREETING,)), len(tier))
    tier[(greetings >= _GREETINGS) & selling[topics.document]] = POOLED
    tier[_titled_small_talk(topics.title)] = POOLED
    return tier


def pooled(topics: Topics, is_pooled: NDArray[np.bool_], languages: pa.ChunkedArray) -> Topics:
    """Return topics of which those that are pooled are one story a language. languages: of each document."""
    if not is_pooled.any():
        return topics
    names = pa.array([f"small-talk-{language or 'other'}" for language in languages.to_pylist()], topics.story_id.type)
    pools = names.take(pa.array(topics.document))
    return replace(topics, story_id=pc.if_else(pa.array(is_pooled), pools, topics.story_id))


def _sales_talks(passages: Passages, documents: int) -> NDArray[np.bool_]:
    """Tell of each document whether it is sales talk."""
    step = np.maximum(1, np.bincount(passages.document, minlength=documents) // _READ)
    rows = np.flatnonzero(passages.position % step[passages.document] == 0)
    text = passages.text if len(rows) == len(passages.position) else passages.text.take(pa.array(rows))
    document = passages.document[rows]
    letters = np.bincount(document, pc.binary_length(text).to_numpy(), minlength=documents) / 1_000
    addressed = np.bincount(document, pc.count_substring_regex(text, _ADDRESSES).to_numpy(), minlength=documents)
    sold = np.zeros(documents, np.int64)
    maybe = (addressed > 0) & (addressed >= _ADDRESSED * letters)
    if maybe.any():  # a night without talk is asked once
        its = maybe[document]
        hits = pc.count_substring_regex(text.filter(pa.array(its)), _SELLS).to_numpy()
        sold = np.bincount(document[its], hits, minlength=documents).astype(np.int64)
    return maybe & (sold >= _LEAST) & (sold >= _SOLD * letters)


def _filed_under(passages: Passages, names: tuple[str, ...]) -> NDArray[np.bool_]:
    """Tell of each sentence whether it is filed under one of some categories."""
    is_one = np.array([*(c in names for c in passages.categories), False])  # the last for those that have none, -1
    return is_one[passages.category]


def _share(owner: NDArray[np.int32], is_it: NDArray[np.bool_], owners: int) -> NDArray[np.float64]:
    """Return which share of the sentences of each owner is so; owner -1 is none."""
    placed = owner >= 0
    all_of = np.bincount(owner[placed], minlength=owners)
    return np.bincount(owner[placed & is_it], minlength=owners) / np.maximum(1, all_of)


def _titled_small_talk(titles: pa.Array) -> NDArray[np.bool_]:
    """Tell of each title whether it is the topic finder's for small talk."""
    found = np.zeros(len(titles), np.bool_)
    for title in SMALL_TALK.values():  # few titles begin so; each of those is looked at
        maybe = np.flatnonzero(pc.starts_with(titles, title).to_numpy(zero_copy_only=False))
        found[maybe] = [is_small_talk(its) for its in titles.take(pa.array(maybe)).to_pylist()]
    return found
