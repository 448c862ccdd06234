#!/usr/bin/env python3
"""bucket.py ENDPOINT BUCKET FOLDER...   makes a versioned bucket unless it is there, and uploads each folder over the one before it,
so that every object has as many versions as folders hold it; prints {key: etag} of the last."""
import json, pathlib, sys

import boto3

endpoint, bucket, *folders = sys.argv[1:]
client = boto3.client("s3", endpoint_url=endpoint)
if bucket not in [known["Name"] for known in client.list_buckets()["Buckets"]]:
    client.create_bucket(Bucket=bucket)
client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
etags = {}
for folder in map(pathlib.Path, folders):
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        key = str(path.relative_to(folder))
        answer = client.put_object(Bucket=bucket, Key=key, Body=path.read_bytes(), Metadata={"origin": "sample"}, Tagging="team=crm")
        etags[key] = answer["ETag"]
print(json.dumps(etags))
