"""Settling: chunks of streams that are closed are asked about once, and what came of it is filed for good."""
