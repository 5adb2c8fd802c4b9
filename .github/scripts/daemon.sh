#!/usr/bin/env bash
# Stop or start the daemon: daemon.sh 0|1. Before the first deploy there is none.
set -euo pipefail
cluster="flightsched-$ENVIRONMENT"

found=$(aws ecs describe-services --cluster "$cluster" --services daemon --query 'services[0].status' --output text 2> /dev/null || true)
if [ "$found" != ACTIVE ]; then
    echo "there is no daemon yet"
    exit 0
fi
aws ecs update-service --cluster "$cluster" --service daemon --desired-count "$1" --query service.desiredCount
if [ "$1" = 0 ]; then
    aws ecs wait services-stable --cluster "$cluster" --services daemon
fi
