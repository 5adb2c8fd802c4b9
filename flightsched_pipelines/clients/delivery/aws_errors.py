"""Classify an error of boto3 for a message: the service is down, it refuses the message, or it may have taken it."""

from collections.abc import Mapping
from typing import Any, cast

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ParamValidationError,
    ProxyConnectionError,
    SSLError,
)
from botocore.parsers import ResponseParserError

from flightsched_pipelines.clients.delivery.delivery_errors import (
    BrokenOffError,
    ChannelDownError,
    DeliveryError,
    MessageRefusedError,
    PerhapsDeliveredError,
)

Trouble = BotoCoreError | ClientError | ResponseParserError
AWS_ERRORS = (BotoCoreError, ClientError, ResponseParserError)
"""The errors that boto3 raises; the last is for a response that is not Amazon's."""

NOT_OURS = frozenset({"InvalidParameter", "InvalidParameterValue", "ParameterValueInvalid", "ValidationError",
                      "InvalidMessageContents", "BatchRequestTooLong", "MessageRejected", "BadRequestException",
                      "InvalidParameterException"})  # fmt: skip
"""Amazon's codes for a message that can never be delivered."""

OF_THE_CHANNEL = ("throttl", "toomany", "limitexceeded", "quota", "expired", "token", "signature", "access", "authoriz",
                  "suspended", "paused", "notverified", "unavailable", "nonexistent", "notfound")  # fmt: skip
"""Parts of Amazon's codes, in lower case, that concern the service or our keys, whatever the message."""

STATUSES_OF_THE_CHANNEL = frozenset({401, 403, 404, 429, 503})

UNCONNECTED = (EndpointConnectionError, ConnectTimeoutError, ProxyConnectionError, SSLError)
"""No connection was made. A TLS failure is one of them: it is the handshake's, or the response was tampered with."""


def down_or_refused(error: Trouble, service: str) -> ChannelDownError | MessageRefusedError:
    """Return the delivery error for a request that may be sent again."""
    if isinstance(error, ParamValidationError):
        return MessageRefusedError(
            f"{service} does not accept this message ({type(error).__name__}); check address and content"
        )
    if isinstance(error, ClientError):
        code = _code(error)
        if code in NOT_OURS:
            return MessageRefusedError(f"{service} refuses this message ({code}); check address and content")
        return ChannelDownError(f"{service} responded {code}; check its quotas, the keys and AWS_REGION")
    return ChannelDownError(f"{service} cannot be reached ({type(error).__name__}); check AWS_REGION, keys and network")


def disagreement(error: Trouble, service: str) -> DeliveryError:
    """Return the delivery error for a message that must not be sent twice.

    A request that went out without a response, or with one of a failing server, may have been taken: of HTTP's 5xx only
    503 means that it was not.
    """
    if isinstance(error, ClientError):
        code, status = _code(error), int(_reply(error).get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        if code not in NOT_OURS and status >= 500 and status != 503:
            return PerhapsDeliveredError(f"perhaps delivered: {service} failed with {code} ({status})")
        if code in NOT_OURS or status in STATUSES_OF_THE_CHANNEL or _is_of_the_channel(code):
            return down_or_refused(error, service)
        return BrokenOffError(f"{service} does not take this message yet ({code})")
    unanswered = isinstance(error, HTTPClientError | ConnectionClosedError) and not isinstance(error, UNCONNECTED)
    if unanswered or isinstance(error, ResponseParserError):
        return PerhapsDeliveredError(
            f"perhaps delivered: {service} received it and did not respond ({type(error).__name__})"
        )
    return down_or_refused(error, service)


def _code(error: ClientError) -> str:
    return str(_reply(error).get("Error", {}).get("Code", "?"))


def _reply(error: ClientError) -> Mapping[str, Mapping[str, Any]]:
    return cast("Mapping[str, Mapping[str, Any]]", error.response)  # botocore leaves its type unknown


def _is_of_the_channel(code: str) -> bool:
    return any(part in code.lower() for part in OF_THE_CHANNEL)
