#!/usr/bin/env python3
"""beside.py make|check|azure-make|azure-check|gcs-make|gcs-check ENDPOINT BUCKET EMAIL   makes a versioned bucket whose objects name somebody in user metadata, headers and tags; or
checks that nobody is named there any more, in old versions either, and that all else stands where it stood. The same for a
container of Azure Blob Storage, in the account that Azurite knows, and for a bucket of Google Cloud Storage."""
import json, sys, urllib.parse, urllib.request

import boto3

verb, endpoint, bucket, email = sys.argv[1:]
ROWS = b"id,email\n7,dora@x.example\n8,emil@x.example\n"
HERS = ROWS + f"9,{email}\n".encode()
TAGGED = "team=crm&owner=" + urllib.parse.quote(email)
EXPIRES = "Thu, 01 Jan 2032 00:00:00 GMT"
KMS = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "arn:aws:kms:us-east-1:123456789012:key/one"}
EVERYBODY = 'uri="http://acs.amazonaws.com/groups/global/AllUsers"'
SAMPLE = {"origin": "sample", "note": "a b; c"}


def azure():
    from azure.storage.blob import ContainerClient

    name, key = "devstoreaccount1", "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
    return ContainerClient(f"{endpoint}/{name}", bucket, credential={"account_name": name, "account_key": key})


def azure_make():
    from azure.storage.blob import ContentSettings

    container = azure()
    container.create_container()
    hers = ContentSettings(content_type="text/csv", content_disposition=f'attachment; filename="{email}.csv"')
    container.upload_blob("disposition.csv", ROWS, content_settings=hers, metadata={"origin": "sample"})
    plain = ContentSettings(content_type="text/csv")
    named = {"origin": "sample", "uploaded_by": email}
    container.upload_blob("metadata.csv", ROWS, content_settings=plain, metadata=named)
    container.upload_blob("rows.csv", HERS, content_settings=plain, metadata=named)
    container.upload_blob("nobody.csv", ROWS, content_settings=plain, metadata={"origin": "sample"})


def azure_check():
    container = azure()
    for name in ("disposition.csv", "metadata.csv", "rows.csv", "nobody.csv"):
        blob = container.get_blob_client(name)
        told, body = blob.get_blob_properties(), blob.download_blob().readall()
        assert body == ROWS and told.metadata == {"origin": "sample"}, (name, body, told.metadata)
        settings = told.content_settings
        assert settings.content_type == "text/csv" and not settings.content_disposition, (name, settings)


def gcs(method, path, body=None, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    with urllib.request.urlopen(urllib.request.Request(endpoint + path, method=method, data=body, headers=headers)) as answer:
        return answer.headers, answer.read()


def gcs_make():
    gcs("POST", "/storage/v1/b?project=p", json.dumps({"name": bucket}).encode(), content_type="application/json")
    hers, plain = {"content_disposition": f'attachment; filename="{email}.csv"'}, {"x_goog_meta_origin": "sample"}
    gcs("PUT", f"/{bucket}/disposition.csv", ROWS, content_type="text/csv", **plain, **hers)
    gcs("PUT", f"/{bucket}/metadata.csv", ROWS, content_type="text/csv", **plain, x_goog_meta_by=email)
    gcs("PUT", f"/{bucket}/rows.csv", HERS, content_type="text/csv", **plain, x_goog_meta_by=email)
    gcs("PUT", f"/{bucket}/nobody.csv", ROWS, content_type="text/csv", **plain)


def gcs_check():
    for name in ("disposition.csv", "metadata.csv", "rows.csv", "nobody.csv"):
        told, body = gcs("GET", f"/{bucket}/{name}")
        metadata = {key.lower(): value for key, value in told.items() if key.lower().startswith("x-goog-meta-")}
        assert body == ROWS and metadata == {"x-goog-meta-origin": "sample"}, (name, body, metadata)
        assert told["content-type"] == "text/csv" and not told["content-disposition"], (name, told.items())


def put(key, body=ROWS, **options):
    client.put_object(Bucket=bucket, Key=key, Body=body, ContentType="text/csv", **{"Tagging": "team=crm", **options})


def grantee():
    return f'id="{client.list_buckets()["Owner"]["ID"]}"'


def access(key):
    policy = client.get_object_acl(Bucket=bucket, Key=key)
    owner = {policy["Owner"]["ID"], client.list_buckets()["Owner"]["ID"]}
    told = lambda grantee: f'uri="{grantee["URI"]}"' if "URI" in grantee else "owner" if grantee["ID"] in owner else grantee["ID"]
    return {(grant["Permission"], told(grant["Grantee"])) for grant in policy["Grants"]}


def make():
    client.create_bucket(Bucket=bucket)
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    named = {**SAMPLE, "uploaded-by": f"Zoe <{email}>"}
    put("metadata.csv", Metadata=named, CacheControl="max-age=60", StorageClass="STANDARD_IA")
    put("encoded.csv", Metadata={**SAMPLE, "by": "=?UTF-8?Q?Zo=C3=AB_<" + email.replace("@", "=40") + ">?="})
    put("disposition.csv", Metadata=SAMPLE, ContentDisposition=f'attachment; filename="{email}.csv"')
    put("tagged.csv", Metadata=SAMPLE, Tagging=TAGGED)
    put("tagged.csv", Metadata=SAMPLE, Tagging=TAGGED, CacheControl="max-age=60")
    put("all.csv", HERS, Metadata=named, Tagging=TAGGED)
    put("redirect.csv", Metadata=SAMPLE, WebsiteRedirectLocation=f"/people/{email}")
    put("elsewhere.csv", HERS, Metadata=SAMPLE, WebsiteRedirectLocation="/elsewhere")
    put("kept.csv", HERS, Metadata=SAMPLE, Expires=EXPIRES, **KMS)
    put("shared.csv", HERS, Metadata=SAMPLE, GrantRead=EVERYBODY, GrantFullControl=grantee())
    put("nobody.csv", Metadata=SAMPLE)


def check():
    seen = {}
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
        assert not page.get("DeleteMarkers"), page
        for version in page["Versions"]:
            key, which = version["Key"], {"Bucket": bucket, "Key": version["Key"], "VersionId": version["VersionId"]}
            got = client.get_object(**which)
            body, tags = got.pop("Body").read(), client.get_object_tagging(**which)["TagSet"]
            told = json.dumps([got, tags], default=str) + body.decode()
            assert email not in told and email.replace("@", "=40") not in told, (key, told)
            assert body == ROWS, (key, body)
            assert tags == [{"Key": "team", "Value": "crm"}], (key, tags)
            assert got["Metadata"] == SAMPLE, (key, got["Metadata"])
            assert got["ContentType"] == "text/csv" and "ContentDisposition" not in got, (key, got)
            seen.setdefault(key, []).append(got)
    assert {key: len(versions) for key, versions in seen.items()} == {
        "all.csv": 1, "disposition.csv": 1, "elsewhere.csv": 1, "encoded.csv": 1, "kept.csv": 1, "metadata.csv": 1, "nobody.csv": 1,
        "redirect.csv": 1, "shared.csv": 1, "tagged.csv": 2,
    }, seen
    assert seen["metadata.csv"][0]["CacheControl"] == "max-age=60" and seen["metadata.csv"][0]["StorageClass"] == "STANDARD_IA"
    assert seen["elsewhere.csv"][0].get("WebsiteRedirectLocation") == "/elsewhere", seen["elsewhere.csv"]
    kept = seen["kept.csv"][0]
    assert {name: kept.get(name) for name in KMS} == KMS and kept.get("ExpiresString") == EXPIRES, kept
    assert "WebsiteRedirectLocation" not in seen["redirect.csv"][0]
    assert access("shared.csv") == {("FULL_CONTROL", "owner"), ("READ", EVERYBODY)}, access("shared.csv")
    assert not client.list_multipart_uploads(Bucket=bucket).get("Uploads")


client = None if "-" in verb else boto3.client("s3", endpoint_url=endpoint)
{"make": make, "check": check, "azure-make": azure_make, "azure-check": azure_check, "gcs-make": gcs_make, "gcs-check": gcs_check}[verb]()
