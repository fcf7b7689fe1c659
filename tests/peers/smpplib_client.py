#!/usr/bin/env python3
"""Sends one text over SMPP with smpplib and tells what came back, one JSON line each.

    python3 smpplib_client.py PORT ACCOUNT PASSWORD TO TEXT [--form udh|payload] [--deliveries N]

Lines: {"bound": STATUS}; {"answer": STATUS, "id": ID} for each segment; {"receipt": {"id", "state", "text"}} or
{"said": TEXT, "from": NUMBER} for each of the N deliveries waited for; {"unbound": true}.

Needs smpplib: pip install smpplib==2.2.4
"""

import argparse
import json
import sys

try:
    import smpplib.client
    import smpplib.consts
    import smpplib.exceptions
    import smpplib.gsm
except ImportError:
    sys.exit("smpplib_client.py needs smpplib: pip install smpplib==2.2.4")


def tell(document):
    print(json.dumps(document, ensure_ascii=False), flush=True)


def readable(octets):
    return octets.decode("ascii") if octets else None


def arguments():
    parser = argparse.ArgumentParser()
    for name in ("port", "account", "password", "to", "text"):
        parser.add_argument(name)
    parser.add_argument("--form", default="udh")
    parser.add_argument("--deliveries", type=int, default=0)
    return parser.parse_args()


class Told:
    """Counts what was told until everything awaited is there."""

    def __init__(self):
        self.answers = 0
        self.deliveries = 0

    def answer(self, pdu):
        self.answers += 1
        tell({"answer": pdu.status, "id": readable(pdu.message_id)})

    def delivery(self, pdu):
        self.deliveries += 1
        if pdu.esm_class & 0x3C == 0x04:
            text = readable(pdu.short_message)
            tell({"receipt": {"id": readable(pdu.receipted_message_id), "state": pdu.message_state, "text": text}})
        else:
            coding = "utf-16-be" if pdu.data_coding == 8 else "ascii"
            tell({"said": pdu.short_message.decode(coding), "from": readable(pdu.source_addr)})
        return 0


def main():
    given = arguments()
    client = smpplib.client.Client("127.0.0.1", int(given.port), timeout=30, allow_unknown_opt_params=True)
    told = Told()
    client.set_message_sent_handler(told.answer)
    client.set_message_received_handler(told.delivery)
    # A refusal is told like any answer, not raised.
    client.set_error_pdu_handler(lambda pdu: None)
    client.connect()
    try:
        client.bind_transceiver(system_id=given.account, password=given.password)
    except smpplib.exceptions.PDUError as refused:
        tell({"bound": refused.args[1]})
        return
    tell({"bound": 0})
    if given.form == "payload":
        parts, coding, esm_class = [given.text.encode("utf-16-be")], smpplib.consts.SMPP_ENCODING_ISO10646, 0
    else:
        parts, coding, esm_class = smpplib.gsm.make_parts(given.text)
    for part in parts:
        text = {"message_payload": part, "short_message": b""} if given.form == "payload" else {"short_message": part}
        client.send_message(
            source_addr_ton=1,
            source_addr_npi=1,
            source_addr="10690000",
            dest_addr_ton=1,
            dest_addr_npi=1,
            destination_addr=given.to,
            data_coding=coding,
            esm_class=esm_class,
            registered_delivery=True,
            **text,
        )
    while told.answers < len(parts) or told.deliveries < given.deliveries:
        client.read_once()
    client.unbind()
    tell({"unbound": True})
    client.disconnect()


main()
