"""OpenAI's Batches, of chat completions: a file of requests goes up, files of replies and errors come down."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Literal

from nightdesk.tasks.errors import TerminalError
from nightdesk.tasks.models.providers.batch_protocol import BatchItem, BatchResult, BatchStatus, Expired
from nightdesk.tasks.models.providers.openai import OpenAIModel
from nightdesk.tasks.models.providers.provider_errors import Complaint, complaint_in

ENDPOINT: Literal["/v1/chat/completions"] = "/v1/chat/completions"
MARKER = "nightdesk"  # the key of our marker in a batch's metadata
CLOCKS_S = 3600.0  # by how much the provider's clock may be behind ours
_OVER = ("completed", "failed", "expired", "cancelled")


class OpenAIBatches:
    """The batches of one model."""

    most_requests = 50_000
    most_bytes = 200_000_000

    def __init__(self, model: OpenAIModel) -> None:
        self._model = model

    async def create(self, marker: str, items: Sequence[BatchItem]) -> str:
        """Upload the requests and make a batch of them."""
        lines = ({"custom_id": i.custom_id, "method": "POST", "url": ENDPOINT, "body": i.body} for i in items)
        content = "".join(json.dumps(line) + "\n" for line in lines).encode()
        with self._model.translated():
            file = await self._model.bulk_client.files.create(file=(f"{marker}.jsonl", content), purpose="batch")
            batch = await self._model.bulk_client.batches.create(
                input_file_id=file.id, endpoint=ENDPOINT, completion_window="24h", metadata={MARKER: marker}
            )
        return batch.id

    async def find(self, marker: str, since: float, size: int) -> str | None:
        """Look through the newest batches for the marker."""
        with self._model.translated():
            async for batch in self._model.bulk_client.batches.list(limit=100):
                if (batch.metadata or {}).get(MARKER) == marker:
                    return batch.id
                if batch.created_at < since - CLOCKS_S:
                    break
        return None

    async def state(self, batch_id: str) -> BatchStatus:
        """Tell how a batch stands."""
        with self._model.translated():
            batch = await self._model.bulk_client.batches.retrieve(batch_id)
        problems = batch.errors.data if batch.errors and batch.errors.data else []
        return BatchStatus(batch.status in _OVER, "; ".join(str(p.message) for p in problems[:3]))

    async def results(self, batch_id: str) -> AsyncIterator[BatchResult]:
        """Yield replies, then errors."""
        with self._model.translated():
            batch = await self._model.bulk_client.batches.retrieve(batch_id)
        for file_id in filter(None, (batch.output_file_id, batch.error_file_id)):
            with self._model.translated():
                file = await self._model.bulk_client.files.content(file_id)
            for line in file.text.splitlines():
                if line.strip():
                    yield self._result(json.loads(line))

    def _result(self, line: dict[str, object]) -> BatchResult:
        custom_id, response, error = str(line.get("custom_id")), line.get("response"), line.get("error")
        if isinstance(response, dict):
            body, status = response.get("body"), int(response.get("status_code") or 0)
            if status == 200 and isinstance(body, dict):
                return BatchResult(custom_id, reply=body)
            said = complaint_in(body) or Complaint(str(body))
            return BatchResult(custom_id, error=self._model.status_error(status, said.message, said.code))
        if isinstance(error, dict) and error.get("code") in ("batch_expired", "batch_cancelled"):
            return BatchResult(custom_id, error=Expired(str(error.get("message"))))
        return BatchResult(custom_id, error=TerminalError(f"the batch's item failed: {error}"))

    async def cancel(self, batch_id: str) -> None:
        """Have a batch end with what it has."""
        with self._model.translated():
            await self._model.bulk_client.batches.cancel(batch_id)
