"""Opens a Web Push body with PyPI http-ece, verifies its sender with PyPI py-vapid, and prints the text.

webpush_open.py BROWSER-KEY AUTH AUTHORIZATION ORIGIN NOW < BODY   (keys and body in base64url)
"""

import base64
import json
import sys

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02


def octets(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


key, auth, authorization, origin, now = sys.argv[1:]
assert Vapid02.verify(authorization), "the signature does not hold"
token = authorization.split("t=", 1)[1].split(",")[0]
claims = json.loads(octets(token.split(".")[1]))
assert claims["aud"] == origin, claims
assert claims["sub"].startswith("mailto:"), claims
assert int(now) < claims["exp"] <= int(now) + 24 * 3600, claims

private = ec.derive_private_key(int.from_bytes(octets(key), "big"), ec.SECP256R1())
body = octets(sys.stdin.read())
sys.stdout.write(http_ece.decrypt(body, private_key=private, auth_secret=octets(auth), version="aes128gcm").decode())
