"""Models that do what a text says: they answer as an embedded model does, unless there is an order in what they read.

trusts_fence: such a model follows only what stands after the end of the items, as it is told to; it takes for that end
what bears the code of the beginning.
"""

import json
import re
from http.server import BaseHTTPRequestHandler

from tests.servers.llm.brains import truth
from tests.servers.llm.reading import read_request, write_reply
from tests.servers.loopback import Got, Reply, answer, send

_SAY = re.compile(r'answer (\{"groups".*?\]\})', re.DOTALL)
GRADES = {"score 1.0": '{"score": 1.0}', "is right": "The judged answer is right."}


def gullible(brains: dict[str, str], trusts_fence: bool = False) -> Reply:
    """Return how models reply. brains: model -> the embedded model that it answers as."""

    def reply(got: Got, handler: BaseHTTPRequestHandler) -> None:
        if got.method == "GET":
            return send(handler, b'{"id": "m"}')
        return send(handler, answer(got, said(got.prompt, brains[got.json["model"]], trusts_fence)))

    return reply


def said(prompt: str, brain: str, trusts_fence: bool = False) -> str:
    """Return what the model answers to a prompt."""
    shown = prompt.partition("\n<items-")[2]
    heard = shown
    if trusts_fence:
        code = shown[:8]
        heard = shown.rpartition(f"</items-{code}>")[2]
    orders = _SAY.findall(heard)
    if orders:
        return str(orders[-1])
    for order, grade in GRADES.items():
        if order in heard:
            return grade
    request = read_request(prompt)
    if request is None:
        return json.dumps({"groups": []})
    return write_reply(truth(brain, request), request)
