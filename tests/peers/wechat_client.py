#!/usr/bin/env python3
"""Sends one message by PyPI wechatpy's own client to a stand-in, and tells its answer as one JSON line.

    python3 wechat_client.py template|mini_program|customer|mass_list|wecom --port PORT --id ID --secret SECRET DOCUMENT

DOCUMENT is JSON: what the message is to say. The token is the stand-in's.
"""

import argparse
import json
import sys
import urllib.request

try:
    from wechatpy import WeChatClient
    from wechatpy.enterprise import WeChatClient as WeComClient
except ImportError as fault:
    sys.exit(f"wechat_client.py lacks {fault.name}: cargo xtask test makes the Python environment")


def token(base, options):
    if options.way == "wecom":
        with urllib.request.urlopen(f"{base}gettoken?corpid={options.id}&corpsecret={options.secret}") as answer:
            return json.load(answer)["access_token"]
    body = {"grant_type": "client_credential", "appid": options.id, "secret": options.secret}
    request = urllib.request.Request(f"{base}stable_token", json.dumps(body).encode())
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["access_token"]


def main():
    options = argparse.ArgumentParser()
    options.add_argument("way")
    for name in ("--port", "--id", "--secret"):
        options.add_argument(name, required=True)
    options.add_argument("document", type=json.loads)
    options = options.parse_args()
    base, say = f"http://127.0.0.1:{options.port}/cgi-bin/", options.document
    if options.way == "wecom":
        client = WeComClient(options.id, options.secret, access_token=token(base, options))
        client.API_BASE_URL = base
        said = client.message.send_text(say["agentid"], say["touser"].split("|"), say["text"]["content"])
    else:
        client = WeChatClient(options.id, options.secret, access_token=token(base, options))
        client.API_BASE_URL = base
        client.wxa.API_BASE_URL = f"http://127.0.0.1:{options.port}/"
        said = {
            "template": lambda: client.message.send_template(say["touser"], say["template_id"], say["data"]),
            "mini_program": lambda: client.wxa.send_subscribe_message(say["touser"], say["template_id"], say["data"]),
            "customer": lambda: client.message.send_text(say["touser"], say["text"]["content"]),
            "mass_list": lambda: client.message.send_mass_text(
                say["touser"], say["text"]["content"], client_msg_id=say["clientmsgid"] + "x"
            ),
        }[options.way]()
    print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
