#!/usr/bin/env bash
# Build and push the image for ARM with SBOM and provenance, unless the tag has one: tags are immutable, and a deploy that is
# run again takes its image. Prints IMAGE and DIGEST for later steps. Fails for findings of ECR's scan that are critical or
# high.
set -euo pipefail
repository=$1 tag=$2

uri=$(aws ecr describe-repositories --repository-names "$repository" --query 'repositories[0].repositoryUri' --output text)
aws ecr get-login-password | docker login --username AWS --password-stdin "${uri%%/*}" >&2
digest=$(aws ecr batch-get-image --repository-name "$repository" --image-ids "imageTag=$tag" \
    --query 'images[0].imageId.imageDigest' --output text)
if [ "$digest" = None ]; then
    docker buildx build --platform linux/arm64 --sbom=true --provenance=mode=max --tag "$uri:$tag" \
        --metadata-file image.json --push . >&2
    digest=$(jq --exit-status --raw-output '."containerimage.digest"' image.json)
fi

# The scan is of the platform's own manifest, not of the index that also names SBOM and provenance.
platform=$(docker buildx imagetools inspect --raw "$uri@$digest" |
    jq --exit-status --raw-output 'first(.manifests[] | select(.platform.architecture == "arm64")).digest')
aws ecr wait image-scan-complete --repository-name "$repository" --image-id "imageDigest=$platform"
grave=$(aws ecr describe-image-scan-findings --repository-name "$repository" --image-id "imageDigest=$platform" \
    --query 'imageScanFindings.findingSeverityCounts.[CRITICAL,HIGH]' --output text)
if [[ $grave =~ [1-9] ]]; then
    echo "the image has findings (critical, high): $grave" >&2
    exit 1
fi
printf 'IMAGE=%s@%s\nDIGEST=%s\n' "$uri" "$digest" "$digest"
