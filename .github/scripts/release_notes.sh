#!/usr/bin/env bash
# Print the changelog's section of a tag such as v0.2.0; fails unless the tag is the package's version and has one.
set -euo pipefail
version=${1#v}

packaged=$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml)
if [ "$version" != "$packaged" ]; then
    echo "the tag is $1, and pyproject.toml has version $packaged; tag v$packaged, or change the version" >&2
    exit 1
fi
notes=$(awk -v heading="## [$version]" 'index($0, "## [") == 1 {inside = index($0, heading) == 1; next} inside' CHANGELOG.md)
if [ -z "${notes//[[:space:]]/}" ]; then
    echo "CHANGELOG.md has no section [$version]; name it so, and begin a new [Unreleased]" >&2
    exit 1
fi
printf '%s\n' "$notes"
