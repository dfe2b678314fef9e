"""Text from http(s) addresses.

fetch.py: an address -> its answer, with further attempts, once a run. exchange.py: one attempt, redirects and all.
hops.py: the one place that every request passes, a redirect's too. network.py: names are resolved, addresses checked,
and just these connected to. kept_answers.py: answers that may be used again if the server says that they still hold.
"""
