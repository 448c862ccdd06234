#!/usr/bin/env python3
"""stores.py gcs|azure put|get|delete ENDPOINT BUCKET FOLDER [PATH...]   puts a folder's files into a bucket or container (made if it is not
there), all or those named, gets everything out of it into a folder, or deletes what is named."""
import json, pathlib, sys, urllib.error, urllib.parse, urllib.request

store, verb, endpoint, bucket, folder, *only = sys.argv[1:]
folder = pathlib.Path(folder)
# The account that Azurite knows, published in its documentation.
ACCOUNT = ("devstoreaccount1", "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==")


class Gcs:
    def ask(self, method, path, body=None, kind="application/octet-stream"):
        request = urllib.request.Request(endpoint + path, method=method, data=body, headers={"content-type": kind})
        with urllib.request.urlopen(request) as answer:
            return answer.read()

    def make(self):
        try:
            self.ask("POST", "/storage/v1/b?project=p", json.dumps({"name": bucket}).encode(), "application/json")
        except urllib.error.HTTPError as error:
            assert error.code == 409, error

    def put(self, name, data):
        self.ask("POST", f"/upload/storage/v1/b/{bucket}/o?uploadType=media&name={urllib.parse.quote(name, safe='')}", data)

    def names(self):
        return [item["name"] for item in json.loads(self.ask("GET", f"/storage/v1/b/{bucket}/o")).get("items", [])]

    def get(self, name):
        return self.ask("GET", f"/storage/v1/b/{bucket}/o/{urllib.parse.quote(name, safe='')}?alt=media")

    def delete(self, name):
        self.ask("DELETE", f"/storage/v1/b/{bucket}/o/{urllib.parse.quote(name, safe='')}")


class Azure:
    def __init__(self):
        from azure.storage.blob import ContainerClient

        name, key = ACCOUNT
        self.client = ContainerClient(f"{endpoint}/{name}", bucket, credential={"account_name": name, "account_key": key})

    def make(self):
        if not self.client.exists():
            self.client.create_container()

    def put(self, name, data):
        self.client.upload_blob(name, data, overwrite=True)

    def names(self):
        return [blob.name for blob in self.client.list_blobs()]

    def get(self, name):
        return self.client.download_blob(name).readall()

    def delete(self, name):
        self.client.delete_blob(name)


there = {"gcs": Gcs, "azure": Azure}[store]()
if verb == "put":
    there.make()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = str(path.relative_to(folder))
        if not only or name in only:
            there.put(name, path.read_bytes())
elif verb == "get":
    for name in there.names():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(there.get(name))
else:
    for name in only:
        there.delete(name)
