#!/usr/bin/env bash
# Run a command in the task `migrate` with another image, wait for its end, and exit as it did: run_task.sh IMAGE COMMAND...
set -euo pipefail
image=$1
shift
name="flightsched-migrate-$ENVIRONMENT" cluster="flightsched-$ENVIRONMENT" stack="flightsched-services-$ENVIRONMENT"

if ! aws cloudformation describe-stacks --stack-name "$stack" > /dev/null 2>&1; then
    echo "there is no $stack yet: nothing to run; run the task by hand after the first deploy" >&2
    exit 0
fi
output() {
    aws cloudformation describe-stacks --stack-name "$stack" \
        --query "Stacks[0].Outputs[?OutputKey=='$1'].OutputValue" --output text
}

definition=$(aws ecs describe-task-definition --task-definition "$name" --query taskDefinition |
    jq --arg image "$image" '.containerDefinitions[0].image = $image
        | del(.taskDefinitionArn, .revision, .status, .requiresAttributes, .compatibilities, .registeredAt, .registeredBy)')
arn=$(aws ecs register-task-definition --cli-input-json "$definition" \
    --query taskDefinition.taskDefinitionArn --output text)
command=$(jq --null-input --compact-output '$ARGS.positional' --args -- "$@")
task=$(aws ecs run-task --cluster "$cluster" --task-definition "$arn" --launch-type FARGATE \
    --network-configuration "awsvpcConfiguration={subnets=[$(output Subnets)],securityGroups=[$(output SecurityGroup)]}" \
    --overrides "{\"containerOverrides\": [{\"name\": \"migrate\", \"command\": $command}]}" \
    --query 'tasks[0].taskArn' --output text)
until [ "$(aws ecs describe-tasks --cluster "$cluster" --tasks "$task" --query 'tasks[0].lastStatus' --output text)" = STOPPED ]; do
    sleep 10
done
aws logs get-log-events --log-group-name "/flightsched/$ENVIRONMENT" --log-stream-name "migrate/migrate/${task##*/}" \
    --query 'events[].message' --output text >&2 || true
code=$(aws ecs describe-tasks --cluster "$cluster" --tasks "$task" --query 'tasks[0].containers[0].exitCode' --output text)
[[ $code =~ ^[0-9]+$ ]] || code=1 # the container never ran
exit "$code"
