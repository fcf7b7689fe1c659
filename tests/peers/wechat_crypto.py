#!/usr/bin/env python3
"""Seals and opens callbacks with PyPI wechatpy's own crypto: one JSON line asks, one answers.

    python3 wechat_crypto.py --id APPID --token TOKEN --key AESKEY

{"seal": XML, "nonce", "timestamp"} answers {"envelope"}; {"open": ENVELOPE, "signature", "timestamp", "nonce"} answers
{"message"}; {"echo": TEXT, "nonce", "timestamp"} answers {"echo", "signature"}; {"plain": [WORDS]} answers {"signature"}.
What it will not open answers {"fault"} with the name of the exception.
"""

import argparse
import json
import sys

try:
    from wechatpy.crypto import PrpCrypto, WeChatCrypto, _get_signature
    from wechatpy.utils import WeChatSigner, to_text
except ImportError as fault:
    sys.exit(f"wechat_crypto.py lacks {fault.name}: cargo xtask test makes the Python environment")


def answer(crypto, options, ask):
    if "seal" in ask:
        return {"envelope": crypto.encrypt_message(ask["seal"], ask["nonce"], ask["timestamp"])}
    if "open" in ask:
        return {"message": to_text(crypto.decrypt_message(ask["open"], ask["signature"], ask["timestamp"], ask["nonce"]))}
    if "echo" in ask:
        echo = to_text(PrpCrypto(crypto.key).encrypt(ask["echo"], options.id))
        return {"echo": echo, "signature": _get_signature(options.token, ask["timestamp"], ask["nonce"], echo)}
    signer = WeChatSigner()
    signer.add_data(options.token, *ask["plain"])
    return {"signature": signer.signature}


def main():
    options = argparse.ArgumentParser()
    for name in ("--id", "--token", "--key"):
        options.add_argument(name, required=True)
    options = options.parse_args()
    crypto = WeChatCrypto(options.token, options.key, options.id)
    for line in sys.stdin:
        try:
            said = answer(crypto, options, json.loads(line))
        except Exception as fault:
            said = {"fault": type(fault).__name__}
        print(json.dumps(said, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
