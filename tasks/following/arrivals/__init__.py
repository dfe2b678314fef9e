"""What arrives at the sources of a follow: files that grow, folders, feeds, stdin. watch.py looks at all of them.

Where text is parsed. Growing .txt, .vtt and .srt are parsed in this process, because their readers are our own
patterns, whose cost is linear, and see at most 64 KiB at a time; a round trip to another process per file and look
would cost more than the parsing. Everything with a parser of somebody else's (JSON, HTML, XML,
feeds, Parquet) goes through the isolated processes of reading/isolation, as in a night.
"""
