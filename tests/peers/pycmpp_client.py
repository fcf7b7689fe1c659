#!/usr/bin/env python3
"""Sends one text over CMPP 2.0 with pycmpp and tells what came back, one JSON line each.

    python3 pycmpp_client.py PORT SP_ID SECRET TO TEXT

Lines: {"connected": STATUS, "version": VERSION}; {"alive": true} for the answer to an active test;
{"answer": RESULT, "id": ID} for each segment.

Needs pycmpp: pip install pycmpp==2.0.2
"""

import json
import sys
import threading

try:
    from pycmpp import handlers
    from pycmpp.cmpp import Cmpp
    from pycmpp.request import ActiveTestRequestInstance
    from pycmpp.response import ConnectResponseInstance, SubmitResponseInstance
    from pycmpp.utils import split_message
except ImportError:
    sys.exit("pycmpp_client.py needs pycmpp: pip install pycmpp==2.0.2")


def tell(document):
    print(json.dumps(document, ensure_ascii=False), flush=True)


class Handler:
    """Called by the client with each message it recognises."""

    told = threading.Semaphore(0)

    def __init__(self, cmpp, message):
        self.message = message

    def __call__(self):
        self.tell()
        self.told.release()


class Connected(Handler):
    def tell(self):
        response = ConnectResponseInstance()
        response.resolve(self.message)
        tell({"connected": response.status, "version": response.version})


class Alive(Handler):
    def tell(self):
        tell({"alive": True})


class Answered(Handler):
    def tell(self):
        response = SubmitResponseInstance()
        response.resolve(self.message)
        tell({"answer": response.status, "id": response.msg_id})


def wait(count):
    for _ in range(count):
        if not Handler.told.acquire(timeout=30):
            sys.exit("no answer within 30 seconds")


def main():
    port, sp_id, secret, number, text = sys.argv[1:]
    client = Cmpp("127.0.0.1", int(port), sp_id, secret, src_id="10690000", delivery=1)
    client.handlers[handlers.CmppConnectRespHandler.command_id] = Connected
    client.handlers[handlers.CmppActiveTestRespHandler.command_id] = Alive
    client.handlers[handlers.CmppSubmitRespHandler.command_id] = Answered
    client.connect()
    threading.Thread(target=client.receive, daemon=True).start()
    client.auth()
    wait(1)
    client.send(ActiveTestRequestInstance().create())
    wait(1)
    client.submit(text, [number])
    wait(1 if len(text) < 70 else len(split_message(text)))
    client.terminate()


main()
