"""Publish events to applications on Redis: to a stream, which loses nothing, and by pub/sub, which is immediate."""

import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry

from flightsched_pipelines.clients.delivery.delivery_errors import (
    BrokenOffError,
    ChannelDownError,
    DeliverySettingsError,
)

STREAM = "flightsched:events"
MAX_STREAM_ENTRIES = 100_000
REMEMBERED_SECONDS = 7 * 24 * 3600
TIMEOUT_SECONDS = 5

# One atomic step in Redis: a known key returns its earlier entry, and nothing is added or published again.
PUBLISH = """
local seen = redis.call('GET', KEYS[2])
if seen then return seen end
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[3], '*', 'key', ARGV[1], 'event', ARGV[2])
redis.call('SET', KEYS[2], id, 'EX', ARGV[4])
redis.call('PUBLISH', KEYS[1], ARGV[2])
return id
"""


class RedisEvents:
    """A Redis server's stream and channel ``flightsched:events``.

    Args:
        url: ``redis://`` or ``rediss://``.

    Raises:
        DeliverySettingsError: the URL is not one of these.
    """

    def __init__(self, url: str) -> None:
        try:
            self._redis = redis.Redis.from_url(
                url,
                decode_responses=True,
                socket_timeout=TIMEOUT_SECONDS,
                socket_connect_timeout=TIMEOUT_SECONDS,
                retry=Retry(NoBackoff(), 0),
            )
        except ValueError:
            raise DeliverySettingsError(
                "REDIS_URL is not the address of a Redis server; set redis://host:6379/0"
            ) from None
        self._publish = self._redis.register_script(PUBLISH)

    def publish(self, key: str, body: str) -> str:
        """Add an event, once for each key; returns the id of its entry in the stream.

        Raises:
            ChannelDownError: Redis is down, or does not accept writes.
            BrokenOffError: it is up, and did not take this event.
        """
        keys = [STREAM, f"{STREAM}:seen:{key}"]
        try:
            return str(self._publish(keys=keys, args=[key, body, MAX_STREAM_ENTRIES, REMEMBERED_SECONDS]))
        except ResponseError as error:
            raise ChannelDownError(f"Redis refuses to write: {str(error).split(' ')[0]}; see its log") from None
        except RedisError as error:
            if self._is_there():
                raise BrokenOffError(f"Redis broke off at this event ({type(error).__name__}); see its log") from None
            raise ChannelDownError(
                f"Redis cannot be used ({type(error).__name__}); check REDIS_URL and the server"
            ) from None

    def close(self) -> None:
        """Close connections."""
        self._redis.close()

    def _is_there(self) -> bool:
        try:
            return bool(self._redis.ping())
        except RedisError:
            return False
