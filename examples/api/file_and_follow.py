"""Files an erasure request by the HTTP API, and waits for its certificate. Needs Python 3.9 and nothing else.

    ERASURE_API=http://127.0.0.1:8090 ERASURE_API_KEY=esk_… python3 file_and_follow.py <PERSON_ID>
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid
from datetime import datetime, timezone

BASE = os.environ.get("ERASURE_API", "http://127.0.0.1:8090") + "/api/v1"
KEY = os.environ.get("ERASURE_API_KEY", "")
EVERY_S = 1


def call(path, body=None):
    """Tries again where the API says that it is worth it. Raises for every other problem."""
    while True:
        request = urllib.request.Request(
            BASE + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": "Bearer " + KEY, "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            problem = error.read().decode()
            retry_after_s = error.headers.get("Retry-After")
            if retry_after_s is None:
                raise RuntimeError(problem) from None
            time.sleep(float(retry_after_s))


def main(person_id):
    # Kept by you: filing it again with this id is safe, whatever became of the first answer.
    request_id = str(uuid.uuid4())
    call(
        "/requests",
        {
            "requestId": request_id,
            "regulation": "gdpr",
            "submittedAt": datetime.now(timezone.utc).isoformat().replace("+00:00", "Z"),
            "subject": {"person": {"personId": person_id}},
        },
    )
    print("Filed", request_id, file=sys.stderr)
    while True:
        request = call("/requests/" + request_id)
        if "certificate" in request or request["state"] == "awaiting-answer":
            break
        print(request["state"], file=sys.stderr)
        time.sleep(EVERY_S)
    print(call("/requests/" + request_id + "/certificate")["certificate"])


if __name__ == "__main__":
    main(sys.argv[1])
