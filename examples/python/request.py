"""Starts an erasure request from Python, follows it and decides about it.

It needs no key and never sees an identifier in the clear: the input comes sealed from `erasure seal FILE --json`.
docs/other-languages.md explains it.
"""

import argparse
import asyncio
import base64
import json
import os
import sys
import zlib
from datetime import timedelta
from typing import Any

from temporalio.client import Client, WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.envconfig import ClientConfig
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

# An update and a query are answered by a worker: without one they would wait for as long as they may.
ANSWER_WITHIN = timedelta(seconds=30)


class NoCertificate(Exception):
    """The run was refused, or somebody terminated it."""


class RequestConflict(Exception):
    """This id is taken already by another request, or by one that cannot be compared."""


async def start(client: Client, sealed: dict[str, Any]) -> dict[str, Any]:
    """Starts what `erasure seal --json` printed. Safe to repeat: `duplicate` says that the same request was there."""
    try:
        handle = await client.start_workflow(
            sealed["workflowType"],
            sealed["input"],
            id=sealed["workflowId"],
            task_queue=sealed["taskQueue"],
            memo=sealed.get("memo"),
            # One request id is one run for good: without this, a run that has ended would be started again.
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
        )
    except WorkflowAlreadyStartedError:
        return await recognise(client, sealed)
    return {"workflowId": handle.id, "runId": handle.result_run_id, "duplicate": False}


async def recognise(client: Client, sealed: dict[str, Any]) -> dict[str, Any]:
    """Tells a repetition from another request under the same id.

    Sealing the same request file again gives other ciphertext, but the same fingerprint.
    """
    there = await client.get_workflow_handle(sealed["workflowId"]).describe()
    fingerprint = (await there.memo()).get("fingerprint")
    if fingerprint is None or fingerprint != (sealed.get("memo") or {}).get("fingerprint"):
        raise RequestConflict(f"{sealed['workflowId']} is taken by another request, or by one that cannot be compared")
    return {"workflowId": there.id, "runId": there.run_id, "duplicate": True}


async def progress(client: Client, workflow_id: str) -> dict[str, Any]:
    return await client.get_workflow_handle(workflow_id).query("progress", rpc_timeout=ANSWER_WITHIN)


async def decide(client: Client, workflow_id: str, update: str, decision: dict[str, Any]) -> dict[str, Any]:
    """What was decided about as it stands afterwards. A refusal raises, and says why."""
    handle = client.get_workflow_handle(workflow_id)
    return await handle.execute_update(update, decision, rpc_timeout=ANSWER_WITHIN)


async def certificate(client: Client, workflow_id: str) -> dict[str, Any]:
    """Waits until the erasure is confirmed by its certificate: every event is seen when it comes, without a worker."""
    signing: set[int] = set()
    async for event in client.get_workflow_handle(workflow_id).fetch_history_events(wait_new_event=True):
        scheduled = event.activity_task_scheduled_event_attributes
        if scheduled.activity_type.name == "issueCertificate":
            signing.add(event.event_id)
        completed = event.activity_task_completed_event_attributes
        if completed.scheduled_event_id in signing:
            [signed] = await client.data_converter.decode(completed.result.payloads)
            return {"workflowId": workflow_id, "certificate": unpack(signed)}
        # Signed beside the workflow, as nearly always: then a marker has the answer.
        marker = event.marker_recorded_event_attributes
        if marker.marker_name == "core_local_activity" and "result" in marker.details:
            [activity] = await client.data_converter.decode(marker.details["data"].payloads)
            if activity["activity_type"] == "certify":
                [certified] = await client.data_converter.decode(marker.details["result"].payloads)
                return {"workflowId": workflow_id, "certificate": unpack(certified["certificate"])}
    raise NoCertificate(f"{workflow_id} has ended without a certificate")


async def result(client: Client, workflow_id: str) -> dict[str, Any]:
    """Waits until the run has ended, which may be after the person was told: { requestId, outcome, legs, certificate }."""
    ended = await client.get_workflow_handle(workflow_id).result()
    return {**ended, "certificate": unpack(ended["certificate"])}


def unpack(certificate: str) -> str:
    """The compact JWS: in a history its payload is deflated."""
    if not certificate.startswith("zip."):
        return certificate
    _, header, packed, signature = certificate.split(".")
    payload = zlib.decompress(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)), wbits=-zlib.MAX_WBITS)
    return ".".join([header, base64.urlsafe_b64encode(payload).decode().rstrip("="), signature])


async def run(arguments: argparse.Namespace) -> dict[str, Any]:
    # The standard TEMPORAL_* settings, as for the erasure command.
    client = await Client.connect(**ClientConfig.load_client_connect_config())
    match arguments.command:
        case "start":
            with sys.stdin if arguments.file == "-" else open(arguments.file) as file:
                return await start(client, json.load(file))
        case "progress":
            return await progress(client, arguments.workflow_id)
        case "decide":
            return await decide(client, arguments.workflow_id, arguments.update, json.loads(arguments.decision))
        case "certificate":
            return await certificate(client, arguments.workflow_id)
        case "result":
            return await result(client, arguments.workflow_id)
        case unknown:
            raise ValueError(unknown)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Starts, follows and decides about an erasure request.")
    commands = parser.add_subparsers(dest="command", required=True)
    starting = commands.add_parser("start")
    starting.add_argument("file", help='what "erasure seal --json" printed, - is stdin')
    commands.add_parser("progress").add_argument("workflow_id")
    deciding = commands.add_parser("decide")
    deciding.add_argument("workflow_id")
    deciding.add_argument("update", help="e.g. retryProvider")
    deciding.add_argument("decision", help="as JSON")
    commands.add_parser("certificate", help="waits until the erasure is confirmed").add_argument("workflow_id")
    commands.add_parser("result", help="waits until the run has ended").add_argument("workflow_id")
    return parser.parse_args()


def main() -> int:
    try:
        answer = asyncio.run(run(parse()))
    except (NoCertificate, RequestConflict, WorkflowUpdateFailedError, WorkflowFailureError) as error:
        print(error.__cause__ or error, file=sys.stderr)
        return 1
    except RPCError as error:
        print(f"Temporal: {error.message}", file=sys.stderr)
        return 1
    print(json.dumps(answer, indent=2))
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # After all is done, threads of the SDK can crash an interpreter that is being torn down (temporalio/sdk-python#300).
    # Only a process as short-lived as this one notices.
    os._exit(code)
