"""A server that stands in for the providers: OpenAI's and Anthropic's wire formats, over real HTTP, on this machine.

    python -m tests.servers.llm --port 8900 --models benchmarks/models.toml

__main__           the command
app                the routes, and who is let in
standin            one reply: whose turn, what it costs, how long it takes, what goes wrong
openai_routes      Chat Completions, Models
openai_batches     Files, Batches
anthropic_routes   Messages
anthropic_batches  Message Batches
batches            a batch of either provider
sending, errors    how a reply travels, and what is said instead of one
control            what it counted, and what night it is
players            models as a world names them, with a brain, a context limit, abilities and faults
brains, spoils     an embedded model's answer, spoiled to the accuracy that the world gives
reading            our prompt, read back into the request it was rendered from
cache, counts      prompt caching and bookkeeping
"""
