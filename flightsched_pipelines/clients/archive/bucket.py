"""An archive under a prefix of an S3 bucket."""

from botocore.exceptions import ClientError

from flightsched_pipelines.clients.archive.store import ArchiveError
from flightsched_pipelines.clients.delivery import aws
from flightsched_pipelines.clients.delivery.aws_errors import AWS_ERRORS
from flightsched_pipelines.text import one_line


class BucketArchive:
    """A prefix; S3 shows an object when it is whole."""

    def __init__(self, bucket: str, prefix: str, region: str, endpoint_url: str | None) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._s3 = aws.client("s3", region, endpoint_url)

    def read(self, name: str) -> bytes | None:
        """Return an object's bytes; ``None`` if there is none."""
        try:
            return bytes(self._s3.get_object(Bucket=self._bucket, Key=f"{self._prefix}{name}")["Body"].read())
        except AWS_ERRORS as error:
            if isinstance(error, ClientError) and error.response.get("Error", {}).get("Code") == "NoSuchKey":
                return None
            # S3 denies a file that is not there, too, where its bucket may not be listed.
            if isinstance(error, ClientError) and error.response.get("Error", {}).get("Code") == "AccessDenied":
                raise ArchiveError(
                    f"{name} in the bucket of ARCHIVE cannot be read: access is denied; the role needs s3:GetObject on "
                    "its files, and s3:ListBucket on the bucket, without which S3 denies files that do not exist"
                ) from error
            raise ArchiveError(f"{name} in the bucket of ARCHIVE cannot be read: {one_line(str(error))}") from error

    def add(self, name: str, content: bytes) -> None:
        """Write an object that does not exist yet; S3 refuses one that does."""
        try:
            self._s3.put_object(Bucket=self._bucket, Key=f"{self._prefix}{name}", Body=content, IfNoneMatch="*")
        except AWS_ERRORS as error:
            raise ArchiveError(f"{name} in the bucket of ARCHIVE cannot be written: {one_line(str(error))}") from error
