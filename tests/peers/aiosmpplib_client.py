#!/usr/bin/env python3
"""Sends one text over SMPP with aiosmpplib and tells what came back, one JSON line each.

    python3 aiosmpplib_client.py PORT ACCOUNT PASSWORD TO TEXT [--form udh|sar|payload] [--deliveries N]

Lines: {"answer": STATUS, "id": ID} once for the whole message; {"receipt": {…as parsed…}} or
{"said": TEXT, "from": NUMBER} for each of the N deliveries waited for; {"failed": REASON}.

Needs aiosmpplib: pip install aiosmpplib==0.7.4
"""

import argparse
import asyncio
import json
import sys

try:
    from aiosmpplib import ESME, DeliverSm, PhoneNumber, SubmitSm, SubmitSmResp
    from aiosmpplib.hook import AbstractHook
    from aiosmpplib.log import ERROR
except ImportError:
    sys.exit("aiosmpplib_client.py needs aiosmpplib: pip install aiosmpplib==0.7.4")


def tell(document):
    print(json.dumps(document, ensure_ascii=False, default=str), flush=True)


class Told(AbstractHook):
    """Tells what is received, and knows when everything awaited is there."""

    def __init__(self, deliveries):
        self.awaited = {"answers": 1, "deliveries": deliveries}
        self.done = asyncio.Event()

    def take(self, kind):
        self.awaited[kind] -= 1
        if all(count <= 0 for count in self.awaited.values()):
            self.done.set()

    async def sending(self, smpp_message, pdu, client_id):
        pass

    async def received(self, smpp_message, pdu, client_id):
        if isinstance(smpp_message, SubmitSmResp):
            tell({"answer": smpp_message.command_status.value, "id": smpp_message.message_id})
            self.take("answers")
        elif isinstance(smpp_message, DeliverSm):
            if smpp_message.is_receipt():
                tell({"receipt": smpp_message.parse_receipt()})
            else:
                tell({"said": smpp_message.short_message, "from": smpp_message.source.number})
            self.take("deliveries")

    async def send_error(self, smpp_message, error, client_id):
        tell({"failed": repr(error)})
        self.done.set()


def arguments():
    parser = argparse.ArgumentParser()
    for name in ("port", "account", "password", "to", "text"):
        parser.add_argument(name)
    parser.add_argument("--form", default="udh")
    parser.add_argument("--deliveries", type=int, default=0)
    return parser.parse_args()


async def main():
    given = arguments()
    told = Told(given.deliveries)
    esme = ESME(
        smsc_host="127.0.0.1",
        smsc_port=int(given.port),
        system_id=given.account,
        password=given.password,
        hook=told,
        log_level=ERROR,
    )
    message = SubmitSm(
        short_message=given.text,
        source=PhoneNumber("10690000"),
        destination=PhoneNumber(given.to),
        esm_class=0x40 if given.form == "udh" else 0,
        encoding="ucs2",
        auto_message_payload=given.form == "payload",
        log_id="one",
    )
    await esme.broker.enqueue(message)
    running = asyncio.create_task(esme.start())
    await asyncio.wait_for(told.done.wait(), 30)
    await esme.stop()
    await running


asyncio.run(main())
