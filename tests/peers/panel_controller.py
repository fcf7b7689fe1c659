"""A panel's controller of other hands: an MQTT 5 client on paho that reads what its group must show.

Prints a JSON line for the connection and for every message it gets; every line on standard input, {"topic", "payload"},
is published with QoS 1.
"""

import argparse
import json
import sys

import paho.mqtt.client as mqtt


def say(**line):
    print(json.dumps(line, ensure_ascii=False), flush=True)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--topic", action="append", default=[])
    arguments.add_argument("--account", default="")
    options = arguments.parse_args()

    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    if options.account:
        client.username_pw_set(*options.account.split(":", 1))

    def connected(client, userdata, flags, reason, properties):
        if reason.is_failure:
            say(refused=str(reason))
        for topic in options.topic:
            client.subscribe(topic, qos=1)

    def subscribed(client, userdata, mid, reasons, properties):
        say(subscribed=[reason.value for reason in reasons])

    def message(client, userdata, message):
        say(
            topic=message.topic,
            payload=message.payload.decode(),
            qos=message.qos,
            retain=message.retain,
            expiry=getattr(message.properties, "MessageExpiryInterval", None),
            content_type=getattr(message.properties, "ContentType", None),
        )

    client.on_connect, client.on_subscribe, client.on_message = connected, subscribed, message
    client.connect("127.0.0.1", options.port, clean_start=True)
    client.loop_start()
    for line in sys.stdin:
        order = json.loads(line)
        client.publish(order["topic"], order["payload"], qos=1).wait_for_publish(10)
        say(published=order["topic"])
    client.disconnect()


main()
