"""A feed under a prefix of an S3 bucket."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager

from botocore.exceptions import ClientError

from flightsched_pipelines.clients.delivery import aws
from flightsched_pipelines.clients.delivery.aws_errors import AWS_ERRORS
from flightsched_pipelines.clients.schedule_feed.feed import CHANGES, REJECTED, FeedError
from flightsched_pipelines.domain.imports.feed import FeedFile, aside_name, is_of_feed
from flightsched_pipelines.text import one_line


class BucketFeed:
    """A prefix that the scheduler writes to; S3 shows an object when it is whole."""

    arrives_whole = True

    def __init__(self, bucket: str, prefix: str, region: str, endpoint_url: str | None) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._s3 = aws.client("s3", region, endpoint_url)

    def files(self) -> Sequence[FeedFile]:
        """Return the objects at the top of the prefix."""
        with _in_words("listed"):
            pages = self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix, Delimiter="/"
            )
            found = [one for page in pages for one in page.get("Contents", ())]
        named = [(one["Key"].removeprefix(self._prefix), one) for one in found]
        return [FeedFile(name, one["Size"], one["LastModified"]) for name, one in named if is_of_feed(name)]

    def read(self, name: str, most_bytes: int) -> bytes:
        """Return an object's bytes, at most ``most_bytes`` + 1."""
        return self._get(name, most_bytes)

    def set_aside(self, file: FeedFile, report: str) -> None:
        """Move an object to ``rejected/``, with a report beside it; the time in its name keeps earlier ones."""
        name = f"{REJECTED}/{file.modified_at:%Y%m%dT%H%M%S}-{aside_name(file.name)}"
        self._put(f"{name}.report.txt", f"{report}\n")
        with _in_words("set aside"):
            source = {"Bucket": self._bucket, "Key": f"{self._prefix}{file.name}"}
            self._s3.copy_object(Bucket=self._bucket, Key=f"{self._prefix}{name}", CopySource=source)
            self._s3.delete_object(**source)

    def changes(self) -> str:
        """Return the changes as they were last written; empty if they never were."""
        try:
            return self._get(CHANGES, 100_000_000).decode()
        except FeedError as error:
            cause = error.__cause__
            if isinstance(cause, ClientError) and cause.response.get("Error", {}).get("Code") == "NoSuchKey":
                return ""
            raise

    def write_changes(self, content: str) -> None:
        """Replace the changes, all at once."""
        self._put(CHANGES, content)

    def _get(self, name: str, most_bytes: int) -> bytes:
        with _in_words("read"):
            body = self._s3.get_object(Bucket=self._bucket, Key=f"{self._prefix}{name}")["Body"]
            return bytes(body.read(most_bytes + 1))

    def _put(self, name: str, content: str) -> None:
        with _in_words("written"):
            self._s3.put_object(Bucket=self._bucket, Key=f"{self._prefix}{name}", Body=content.encode())


@contextmanager
def _in_words(what: str) -> Generator[None]:
    try:
        yield
    except AWS_ERRORS as error:
        why = one_line(str(error))
        raise FeedError(f"the bucket of SCHEDULE_FEED, or an object in it, cannot be {what}: {why}") from error
