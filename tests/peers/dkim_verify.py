#!/usr/bin/env python3
"""Verifies the DKIM signatures of the message on standard input with dkimpy.

    python3 dkim_verify.py SELECTOR=PRIVATE-KEY.pem ...  < message

Says as JSON: for each signature header, from the top, its algorithm and whether it holds. The public keys that the DNS would
give are taken from the private ones with the openssl command.

Needs dkimpy and PyNaCl: pip install dkimpy==1.1.8 PyNaCl==1.5.0
"""

import base64
import json
import re
import subprocess
import sys

try:
    import dkim
    import nacl  # noqa: F401
except ImportError:
    sys.exit("dkim_verify.py needs dkimpy and PyNaCl: run cargo xtask test")


def record(path):
    public = subprocess.run(
        ["openssl", "pkey", "-in", path, "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout
    if len(public) < 64:
        return b"v=DKIM1; k=ed25519; p=" + base64.b64encode(public[-32:])
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)


def main():
    records = dict(pair.split("=", 1) for pair in sys.argv[1:])
    records = {selector.encode(): record(path) for selector, path in records.items()}

    def dns(name, timeout=5):
        return records.get(name.split(b".")[0])

    message = sys.stdin.buffer.read()
    signatures = re.findall(rb"^DKIM-Signature:.*?a=([a-z0-9-]+)", message, re.MULTILINE)
    verdicts = []
    for number, algorithm in enumerate(signatures):
        verifier = dkim.DKIM(message)
        try:
            good = verifier.verify(idx=number, dnsfunc=dns)
        except dkim.DKIMException as error:
            good = str(error)
        verdicts.append([algorithm.decode(), good])
    print(json.dumps(verdicts))


main()
