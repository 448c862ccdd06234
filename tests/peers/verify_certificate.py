#!/usr/bin/env python3
"""verify_certificate.py CERTIFICATE.json [PUBLIC_KEY_HEX]   checks an erasure certificate offline, with nothing of ours.

The signature (Ed25519, RFC 8032) covers the canonical JSON (RFC 8785) of the value of `certificate`. Keys and strings of a
certificate are plain text and its numbers are integers, for which Python's sorted, compact dump is that canonical form.
"""
import json, pathlib, sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

document = json.loads(pathlib.Path(sys.argv[1]).read_text())
certificate, signature = document["certificate"], document["signature"]
trusted = sys.argv[2] if len(sys.argv) > 2 else signature["public_key"]
if trusted != signature["public_key"]:
    sys.exit("signed with another key than the trusted one")
signed = json.dumps(certificate, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
try:
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(trusted)).verify(bytes.fromhex(signature["value"]), signed)
except InvalidSignature:
    sys.exit("the certificate was changed, or signed by somebody else")
print("good signature; plan", certificate["plan"])
