"""Verifies the token of a service account with PyPI PyJWT and prints what it claims.

jwt_rs256.py AUDIENCE NOW; the token is the first line of standard input, the account's key the rest.
"""

import json
import sys

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_private_key

audience, now = sys.argv[1:]
token, key = sys.stdin.read().split("\n", 1)
options = {"verify_exp": False, "verify_iat": False, "require": ["exp", "iat", "aud", "iss"]}
public = load_pem_private_key(key.encode(), None).public_key()
claims = jwt.decode(token, public, ["RS256"], audience=audience, options=options)
assert claims["iat"] <= int(now) < claims["exp"] <= claims["iat"] + 3600, claims
print(json.dumps(claims))
