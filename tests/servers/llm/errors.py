"""What a provider says instead of an answer; each writes it in its own form."""

from typing import Any


class Refused(Exception):
    """A request that gets no answer: status, the provider's kind of error, a message; for a 429, how long to wait."""

    def __init__(
        self, status: int, kind: str, message: str, code: str | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(status, kind, message, code, retry_after_s)
        self.status, self.kind, self.message, self.code = status, kind, message, code
        self.retry_after_s = retry_after_s

    def openai(self) -> dict[str, Any]:
        """Return the body as OpenAI writes it."""
        return {"error": {"message": self.message, "type": self.kind, "param": None, "code": self.code}}

    def anthropic(self) -> dict[str, Any]:
        """Return the body as Anthropic writes it."""
        return {"type": "error", "error": {"type": self.kind, "message": self.message}, "request_id": "req_standin"}


OPENAI_KINDS = {429: "rate_limit_exceeded", 500: "server_error", 529: "overloaded_error"}
ANTHROPIC_KINDS = {429: "rate_limit_error", 500: "api_error", 529: "overloaded_error"}


def strict_problems(schema: Any, place: str = "schema") -> list[str]:
    """Return what strict structured output refuses of a schema: objects must be closed, and name all their fields."""
    if isinstance(schema, list):
        return [p for k, part in enumerate(schema) for p in strict_problems(part, f"{place}[{k}]")]
    if not isinstance(schema, dict):
        return []
    problems = []
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            problems.append(f"{place}: 'additionalProperties' is required to be supplied and to be false")
        if set(schema.get("required", ())) != set(schema.get("properties", {})):
            problems.append(f"{place}: 'required' is required to name every key in properties")
    return problems + [p for key, part in schema.items() for p in strict_problems(part, f"{place}.{key}")]
