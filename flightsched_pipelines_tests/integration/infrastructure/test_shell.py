"""A shell for operators in a service: where it opens, and what is kept of it."""

import json

from flightsched_pipelines_tests.integration.infrastructure.assembly import Assembly


def test_a_shell_opens_in_the_code_location_alone_and_leaves_no_copy(assembly: Assembly) -> None:
    services = assembly.properties("AWS::ECS::Service")
    opens = {service["ServiceName"] for service in services if service.get("EnableExecuteCommand")}
    assert opens == {"code-location"}
    (cluster,) = assembly.properties("AWS::ECS::Cluster")
    session = cluster["Configuration"]["ExecuteCommandConfiguration"]
    assert session["Logging"] == "NONE", "a session shows people's data"
    assert "KmsKeyId" in session
    channels = {
        name: statement
        for name, policy in assembly.of_type("AWS::IAM::Policy").items()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if "ssmmessages" in json.dumps(statement["Action"])
    }
    (opened,) = channels
    assert opened.startswith("ServicesCodeLocationTask")
    assert sorted(channels[opened]["Action"]) == [
        f"ssmmessages:{verb}{channel}Channel" for verb in ("Create", "Open") for channel in ("Control", "Data")
    ]
