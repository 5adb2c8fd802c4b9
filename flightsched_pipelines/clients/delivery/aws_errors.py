"""What an error of boto3's means for a message: whether Amazon is away, refuses it, or may have taken it."""

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
"""What boto3 raises when something is wrong; the last is an answer that is none of Amazon's."""

NOT_OURS = frozenset({"InvalidParameter", "InvalidParameterValue", "ParameterValueInvalid", "ValidationError",
                      "InvalidMessageContents", "BatchRequestTooLong", "MessageRejected", "BadRequestException",
                      "InvalidParameterException"})  # fmt: skip
"""Amazon's words for a message that will never do."""

OF_THE_CHANNEL = ("throttl", "toomany", "limitexceeded", "quota", "expired", "token", "signature", "access", "authoriz",
                  "suspended", "paused", "notverified", "unavailable", "nonexistent", "notfound")  # fmt: skip
"""Parts of Amazon's words, in small letters, that speak of the service or of our keys, whatever the message."""

STATUSES_OF_THE_CHANNEL = frozenset({401, 403, 404, 429, 503})

UNCONNECTED = (EndpointConnectionError, ConnectTimeoutError, ProxyConnectionError, SSLError)
"""No connection came about. A TLS failure is among them: it is the handshake's, or somebody tampers with the answer."""


def down_or_refused(error: Trouble, service: str) -> ChannelDownError | MessageRefusedError:
    """What an error means for a request that may be sent again."""
    if isinstance(error, ParamValidationError):
        return MessageRefusedError(
            f"{service} cannot be given this message ({type(error).__name__}); check address and content"
        )
    if isinstance(error, ClientError):
        code = _code(error)
        if code in NOT_OURS:
            return MessageRefusedError(f"{service} will not take this message ({code}); check address and content")
        return ChannelDownError(f"{service} says {code}; check its quotas, our keys and AWS_REGION")
    return ChannelDownError(f"{service} cannot be reached ({type(error).__name__}); check AWS_REGION, keys and network")


def disagreement(error: Trouble, service: str) -> DeliveryError:
    """What an error means for a message that must not be sent twice.

    A request that went out without an answer, or with one of a server that failed at it, may have been taken: of HTTP's
    5xx only 503 says that it was not.
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
        return PerhapsDeliveredError(f"perhaps delivered: {service} had it and gave no answer ({type(error).__name__})")
    return down_or_refused(error, service)


def _code(error: ClientError) -> str:
    return str(_reply(error).get("Error", {}).get("Code", "?"))


def _reply(error: ClientError) -> Mapping[str, Mapping[str, Any]]:
    return cast("Mapping[str, Mapping[str, Any]]", error.response)  # botocore leaves its type unknown


def _is_of_the_channel(code: str) -> bool:
    return any(part in code.lower() for part in OF_THE_CHANNEL)
