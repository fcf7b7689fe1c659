#!/usr/bin/env python3
"""Checks HTTP Message Signatures (RFC 9421) with a library of others.

    python3 message_signature.py < answer.json

Reads {"url", "status", "headers": {…}, "keys": JSON Web Key Set}; prints the components that a valid signature covers as
a JSON array, or fails with the library's word on what is wrong.

Needs http-message-signatures: pip install http-message-signatures==3.0.0
"""

import base64
import json
import sys

import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import HTTPMessageVerifier, HTTPSignatureKeyResolver, algorithms

given = json.load(sys.stdin)


class Published(HTTPSignatureKeyResolver):
    """The keys of the server."""

    def resolve_public_key(self, key_id):
        key = next(key for key in given["keys"]["keys"] if key["kid"] == key_id)
        return Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key["x"] + "=="))


response = requests.Response()
response.status_code = given["status"]
response.headers.update(given["headers"])
response.request = requests.Request("GET", given["url"]).prepare()
verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=Published())
results = verifier.verify(response, expect_tag="fenghuo-screen")
print(json.dumps(sorted(results[0].covered_components)))
