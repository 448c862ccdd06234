"""Walks pages and the REST API with a viewer's token and prints all that they say: names.py URL TOKEN"""

import http.cookiejar
import json
import re
import sys
import urllib.parse
import urllib.request

url, token = sys.argv[1:]
opener = urllib.request.build_opener(
    urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
)


def read(path, data=None, headers=None):
    request = urllib.request.Request(url + path, data=data, headers=headers or {})
    with opener.open(request) as response:
        return response.read().decode()


login = read("/ui/login")
form = {"token": token} | dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', login))
read("/ui/login", urllib.parse.urlencode(form).encode(), {"Origin": url})

seen, todo = set(), ["/ui", "/ui?q=*", "/ui?q=path:exports", "/ui/runs"]
while todo:
    path = todo.pop()
    if path in seen or len(seen) > 200:
        continue
    seen.add(path)
    page = read(path)
    print(page)
    todo += [link for link in re.findall(r'href="(/ui/(?:datasets|runs)/[^"]+)"', page)]
assert len(seen) > 8, seen

bearer = {"Authorization": f"Bearer {token}"}
for path in ["/v1/datasets?files=true", "/v1/search?q=*", "/v1/lineage", "/v1/findings", "/v1/runs", "/v1/schemas"]:
    answer = read(path, headers=bearer)
    json.loads(answer)
    print(answer)
