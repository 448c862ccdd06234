#!/usr/bin/env python3
"""rest.py URL LAKE EMAIL VIEWER STEWARD OFFICER APPROVER   asks the daemon as programs and pipelines do."""
import json, sys, urllib.error, urllib.request

url, lake, email, viewer, steward, officer, approver = sys.argv[1:]


def ask(method, path, token=None, body=None, expect=200):
    request = urllib.request.Request(url + path, method=method, data=None if body is None else json.dumps(body).encode())
    request.add_header("content-type", "application/json")
    if token:
        request.add_header("authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=300) as answer:
            code, text = answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        code, text = error.code, error.read().decode()
    allowed = expect if isinstance(expect, tuple) else (expect,)
    assert code in allowed, f"{method} {path}: {code}, not {expect}: {text[:400]}"
    try:
        return json.loads(text)
    except ValueError:
        return text


def openlineage():
    """An unchanged openlineage-python client reports a run."""
    from datetime import datetime, timezone
    from openlineage.client import OpenLineageClient
    from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
    from openlineage.client.transport.http import ApiKeyTokenProvider, HttpConfig, HttpTransport
    from openlineage.client.uuid import generate_new_uuid

    auth = ApiKeyTokenProvider({"apiKey": steward})
    client = OpenLineageClient(transport=HttpTransport(HttpConfig(url=url, auth=auth)))
    run, job = Run(runId=str(generate_new_uuid())), Job(namespace="nightly", name="load_orders")
    inputs = [InputDataset(namespace="file", name=f"{lake}/landing/crm/customers.csv")]
    outputs = [OutputDataset(namespace="file", name=f"{lake}/curated/orders")]
    for state in (RunState.START, RunState.COMPLETE):
        now = datetime.now(timezone.utc).isoformat()
        client.emit(RunEvent(eventType=state, eventTime=now, run=run, job=job, producer="https://example.org", inputs=inputs, outputs=outputs))


ask("GET", "/healthz")
ask("GET", "/readyz")
ask("GET", "/v1/datasets", expect=401)
ask("GET", "/v1/datasets", "not-a-token", expect=401)
ask("POST", "/v1/subjects/find", viewer, {"ids": [f"email={email}"]}, expect=403)
assert "headwater" in ask("GET", "/metrics", viewer)
document = ask("GET", "/v1/openapi.json", viewer)
assert document["openapi"].startswith("3.") and "/v1/plans/{id}/approve" in document["paths"], sorted(document["paths"])
datasets = ask("GET", "/v1/datasets", viewer)
assert len(datasets["items"]) > 5, datasets
assert ask("GET", "/v1/search?q=customers", viewer)["items"]
said = {"thing": datasets["items"][0]["id"], "tags": ["Gold Layer"], "owners": ["data platform"], "description": "nightly extract"}
ask("POST", "/v1/annotations", viewer, said, expect=403)
ask("POST", "/v1/annotations", steward, said | {"description": f"ask {email}"}, expect=400)
assert ask("POST", "/v1/annotations", steward, said)["tags"] == ["gold-layer"]
found = ask("GET", "/v1/search?q=tag:gold-layer", viewer)["items"]
assert [hit["id"] for hit in found] == [said["thing"]] and found[0]["owners"] == ["data platform"], found
assert ask("GET", "/v1/annotations", viewer)["items"][0]["by"] == "token:steward-1"
facets = ask("GET", "/v1/search/facets?q=is:dataset", viewer)["items"]
assert facets[0]["count"] == len(datasets["items"]), facets
assert {"facet": "tag", "value": "gold-layer", "count": 1, "query": "tag:gold-layer"} in facets, facets
suggested = ask("GET", "/v1/search/suggestions?q=tag:go", viewer)["items"]
assert suggested[0]["query"] == "tag:gold-layer", suggested
openlineage()
edges = ask("GET", "/v1/lineage", viewer)["items"]
reported = [edge for edge in edges if edge["reported_by"] == "openlineage"]
assert reported and any("customers.csv" in edge["from"] for edge in reported), edges[:3]
places = ask("POST", "/v1/subjects/find", officer, {"ids": [f"email={email}"]})
assert len(places["items"]) > 10 and email not in json.dumps(places)
plan = ask("POST", "/v1/plans", officer, {"ids": [f"email={email}"]}, expect=(200, 201))
ask("POST", f"/v1/plans/{plan['plan']}/approve", officer, {"hash": plan["hash"]}, expect=(403, 409))
ask("POST", f"/v1/plans/{plan['plan']}/run", officer, {"hash": plan["hash"]}, expect=409)
ask("POST", f"/v1/plans/{plan['plan']}/approve", approver, {"hash": "0" * 64}, expect=409)
ask("POST", f"/v1/plans/{plan['plan']}/approve", approver, {"hash": plan["hash"]})
refused = ask("POST", "/v1/subjects/find", officer, {"ids": [f"iban={email}"]}, expect=(400, 422))
assert email not in json.dumps(refused), refused
ran = ask("POST", f"/v1/plans/{plan['plan']}/run", officer, {"hash": plan["hash"]}, expect=(200, 202))
verified = ask("POST", f"/v1/plans/{plan['plan']}/verify", officer, {}, expect=(200, 202))
request = ask("GET", f"/v1/plans/{plan['plan']}", officer)
for told in (ran, verified, request, ask("GET", "/v1/audit", officer), ask("GET", "/metrics", viewer)):
    assert email not in json.dumps(told), "an answer holds the person"
ask("GET", "/v1/runs", viewer)
for page in ("/", "/ui/login"):
    ask("GET", page, viewer, expect=(200, 303))
print("all answered")
