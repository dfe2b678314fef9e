"""The least that calls can cost: an asyncio loop, a semaphore, the SDK. Run by benchmarks.calls.

python -m benchmarks.bare_calls PROVIDER URL CALLS CONCURRENCY prints wall and CPU seconds of the calls.
"""

import asyncio
import sys
import time
from typing import Any

import httpx2

from benchmarks.calls import questions
from nightdesk.tasks.roles import prompts, replies

TIMEOUT = httpx2.Timeout(120.0, connect=10.0)


async def main(provider: str, url: str, calls: int, concurrency: int) -> None:
    """Make the calls and print."""
    ask = _openai(url) if provider == "openai" else _anthropic(url)
    places = asyncio.Semaphore(concurrency)

    async def one(prompt: prompts.Prompt) -> None:
        async with places:
            replies.parse(await ask(prompt), prompt.shown)

    rendered = [prompts.render(r) for r in questions(calls, "bare")]
    await asyncio.gather(*map(one, (prompts.render(r) for r in questions(2 * concurrency, "warm-up"))))
    start, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*map(one, rendered))
    print(time.perf_counter() - start, time.process_time() - cpu)


def _openai(url: str) -> Any:
    from openai import AsyncOpenAI

    client = AsyncOpenAI(base_url=url, api_key="none", timeout=TIMEOUT, max_retries=0)
    form: Any = {"type": "json_schema", "json_schema": {"name": "groups", "strict": True, "schema": prompts.SCHEMA}}

    async def ask(prompt: prompts.Prompt) -> str:
        messages: Any = [
            {"role": "system", "content": prompt.instructions},
            {"role": "user", "content": f"{prompt.items}\n\n{prompt.question}"},
        ]
        reply = await client.chat.completions.create(model="steady", messages=messages, response_format=form)
        return reply.choices[0].message.content or ""

    return ask


def _anthropic(url: str) -> Any:
    from anthropic import AsyncAnthropic

    client = AsyncAnthropic(base_url=url, api_key="none", timeout=TIMEOUT, max_retries=0)
    form: Any = {"format": {"type": "json_schema", "schema": prompts.SCHEMA}}

    async def ask(prompt: prompts.Prompt) -> str:
        reply = await client.messages.create(
            model="steady",
            max_tokens=8192,
            system=prompt.instructions,
            messages=[{"role": "user", "content": f"{prompt.items}\n\n{prompt.question}"}],
            output_config=form,
        )
        return "".join(block.text for block in reply.content if block.type == "text")

    return ask


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
