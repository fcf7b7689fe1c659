"""Sends to the stand-in for Apple's push service with PyPI aioapns and prints what it was told.

apns_client.py PORT KEY-FILE KEY-ID TEAM-ID TOPIC CA-FILE NOW
"""

import asyncio
import ssl
import sys
import time
from unittest import mock

from aioapns import APNs, NotificationRequest
from aioapns.connection import APNsProductionClientProtocol as Protocol

port, key_file, key_id, team_id, topic, ca_file, now = sys.argv[1:]
Protocol.APNS_SERVER, Protocol.APNS_PORT = "localhost", int(port)


def client(team):
    made = APNs(key=open(key_file).read(), key_id=key_id, team_id=team, topic=topic)
    made.pool.ssl_context = ssl.create_default_context(cafile=ca_file)
    made.pool.ssl_context.set_alpn_protocols(["h2"])
    return made


async def main():
    good, other = client(team_id), client("SOMEBODY12")
    sent = [
        (good, "00aa", None),
        (good, "s410xUnregisteredx", None),
        (good, "nothing", None),
        (good, "00aa", 7),
        (other, "00aa", None),
    ]
    for apns, device, priority in sent:
        message = {"aps": {"alert": "test"}}
        request = NotificationRequest(device_token=device, message=message, priority=priority)
        said = await apns.send_notification(request)
        print(said.status, said.description or "", *([said.timestamp] if said.timestamp else []))


with mock.patch("aioapns.connection.time.time", lambda: float(now)):
    asyncio.run(main())
