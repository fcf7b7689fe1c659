#!/usr/bin/env python3
"""An SMTP server that keeps nothing and tells everything: one JSON line for each message it takes.

    python3 smtp_sink.py [--port 0] [--tls none|starttls|implicit] [--cert-dir DIR] [--auth USER:PASSWORD]

The first line is {"listening": PORT, "ca_file": PATH or null}. With TLS a certificate for localhost and 127.0.0.1 is made
with the openssl command; ca_file is what a client must trust. With --auth nothing is taken without log-in.

Recipients are judged by their local part: refuse… 550 5.1.1, full… 452 4.2.2, greylist… 451 4.7.1 the first time,
relay… 554 5.7.1, and everybody else is taken.

Needs aiosmtpd: pip install aiosmtpd==1.4.6
"""

import argparse
import asyncio
import json
import logging
import os
import ssl
import subprocess
import sys
import tempfile
import warnings
from email import message_from_bytes, policy

try:
    from aiosmtpd.smtp import SMTP, AuthResult
except ImportError:
    sys.exit("smtp_sink.py needs aiosmtpd: pip install aiosmtpd==1.4.6")


# The warnings are about servers for other people; this one listens on the loopback for a test.
warnings.filterwarnings("ignore", module="aiosmtpd")
logging.getLogger("mail.log").setLevel(logging.ERROR)


def tell(document):
    print(json.dumps(document, ensure_ascii=False), flush=True)


def part_of(part):
    body = part.get_payload(decode=True) or b""
    charset = part.get_content_charset()
    text = body.decode(charset or "utf-8", "replace").replace("\r\n", "\n")
    return {
        "type": part.get_content_type(),
        "charset": charset,
        "name": part.get_filename(),
        "disposition": part.get_content_disposition(),
        "text": text,
    }


class Sink:
    def __init__(self):
        self.seen = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        local = address.split("@")[0].lower()
        if local.startswith("refuse"):
            return f"550 5.1.1 <{address}>: Recipient address rejected: no such user"
        if local.startswith("full"):
            return "452 4.2.2 Mailbox full"
        if local.startswith("relay"):
            return f"554 5.7.1 <{address}>: Relay access denied"
        if local.startswith("greylist") and address not in self.seen:
            self.seen.add(address)
            return "451 4.7.1 Greylisted, come again later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server, session, envelope):
        message = message_from_bytes(envelope.content, policy=policy.default)
        tell({
            "peer_port": session.peer[1],
            "tls": server.transport.get_extra_info("ssl_object") is not None,
            "login": session.auth_data if session.authenticated else None,
            "hello": session.host_name,
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "headers": [[name, str(value)] for name, value in message.items()],
            "parts": [part_of(part) for part in message.walk() if not part.is_multipart()],
            "structure": [part.get_content_type() for part in message.walk()],
            "defects": [repr(defect) for part in message.walk() for defect in part.defects],
            "longest_line": max((len(line) for line in envelope.content.split(b"\r\n")), default=0),
            "ascii": envelope.content.isascii(),
        })
        return "250 2.0.0 Ok: queued as SINK%08X" % (hash(envelope.content) & 0xFFFFFFFF)


def certificate(directory):
    key, cert = os.path.join(directory, "sink-key.pem"), os.path.join(directory, "sink-cert.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-addext", "basicConstraints=critical,CA:FALSE", "-keyout", key, "-out", cert],
        check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context, cert


async def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--tls", choices=["none", "starttls", "implicit"], default="none")
    options.add_argument("--cert-dir")
    options.add_argument("--auth", metavar="USER:PASSWORD")
    options = options.parse_args()

    context = ca_file = None
    if options.tls != "none":
        context, ca_file = certificate(options.cert_dir or tempfile.mkdtemp(prefix="smtp-sink-"))
    sink = Sink()

    def authenticate(server, session, envelope, mechanism, data):
        user, _, password = options.auth.partition(":")
        good = data.login == user.encode() and data.password == password.encode()
        return AuthResult(success=good, handled=False, auth_data=user if good else None)

    def server():
        return SMTP(
            sink,
            hostname="sink.example",
            enable_SMTPUTF8=True,
            data_size_limit=4 * 1024 * 1024,
            tls_context=context if options.tls == "starttls" else None,
            require_starttls=options.tls == "starttls",
            authenticator=authenticate if options.auth else None,
            auth_required=bool(options.auth),
            auth_require_tls=options.tls == "starttls",
        )

    loop = asyncio.get_running_loop()
    listener = await loop.create_server(
        server, "127.0.0.1", options.port, ssl=context if options.tls == "implicit" else None)
    tell({"listening": listener.sockets[0].getsockname()[1], "ca_file": ca_file})
    await listener.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
