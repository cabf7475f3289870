"""The model gateway below /openai/v1: OpenAI's forms, the platform's catalogue, accounts and prices."""

from __future__ import annotations

from cpctl.sandbox.gateway.serving import routes

__all__ = ["routes"]
