"""Anthropic's Message Batches: the requests go up in one body, the results come down as lines of JSON."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from nightdesk.tasks.errors import TerminalError
from nightdesk.tasks.models.providers.anthropic import AnthropicModel
from nightdesk.tasks.models.providers.batch_protocol import BatchItem, BatchResult, BatchStatus, Expired
from nightdesk.tasks.models.providers.provider_errors import STATUS

CLOCKS_S = 60.0  # by how much the provider's clock may be behind ours
_PATH = "/v1/messages/batches"


class AnthropicBatches:
    """The batches of one model."""

    most_requests = 100_000
    most_bytes = 256_000_000

    def __init__(self, model: AnthropicModel) -> None:
        self._model = model

    async def create(self, marker: str, items: Sequence[BatchItem]) -> str:
        """Make a batch; a batch carries nothing of ours but its items, whose custom_ids begin with the marker."""
        requests = [{"custom_id": i.custom_id, "params": i.body} for i in items]
        return str((await self._call("post", _PATH, {"requests": requests}))["id"])

    async def find(self, marker: str, since: float, size: int) -> str | None:
        """Look for the marker among batches of this size that were made since then.

        What a batch holds can only be read once it has ended. So one that is still at work is taken for ours; if it is
        not, its results will name none of our items.
        """
        with self._model.translated():
            async for batch in self._model.bulk_client.messages.batches.list(limit=100):
                if batch.created_at.timestamp() < since - CLOCKS_S:
                    break
                counts = batch.request_counts
                total = counts.processing + counts.succeeded + counts.errored + counts.expired + counts.canceled
                if total == size and (batch.processing_status != "ended" or await self._holds(batch.id, marker)):
                    return batch.id
        return None

    async def _holds(self, batch_id: str, marker: str) -> bool:
        async for result in self.results(batch_id):
            return result.custom_id.startswith(marker)
        return False

    async def state(self, batch_id: str) -> BatchStatus:
        """Tell how a batch stands."""
        batch = await self._call("get", f"{_PATH}/{batch_id}")
        return BatchStatus(batch["processing_status"] == "ended")

    async def results(self, batch_id: str) -> AsyncIterator[BatchResult]:
        """Yield what came of the items."""
        with self._model.translated():
            lines = await self._model.bulk_client.get(f"{_PATH}/{batch_id}/results", cast_to=str)
        for line in lines.splitlines():
            if line.strip():
                yield self._result(json.loads(line))

    def _result(self, line: dict[str, Any]) -> BatchResult:
        custom_id, result = str(line["custom_id"]), line["result"]
        match result["type"]:
            case "succeeded":
                return BatchResult(custom_id, reply=result["message"])
            case "errored":
                told = result["error"].get("error") or {}
                kind, message = str(told.get("type")), str(told.get("message"))
                return BatchResult(custom_id, error=self._model.status_error(STATUS.get(kind, 400), message, kind))
            case "expired" | "canceled":
                return BatchResult(custom_id, error=Expired(f"the batch's item was {result['type']}"))
        return BatchResult(custom_id, error=TerminalError(f"the batch's item ended as {result['type']}"))

    async def cancel(self, batch_id: str) -> None:
        """Have a batch end with what it has."""
        await self._call("post", f"{_PATH}/{batch_id}/cancel")

    async def _call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        client = self._model.bulk_client
        with self._model.translated():
            text = await (
                client.get(path, cast_to=str) if method == "get" else client.post(path, cast_to=str, body=body)
            )
        reply: dict[str, Any] = json.loads(text)
        return reply
