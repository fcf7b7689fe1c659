"""A road sign of other hands: an SNMP agent on pysnmp with the message table and the activation of NTCIP 1203 v03.

Prints a JSON line with its port, then one for every order to show something. `--fault` makes it misbehave.
"""

import argparse
import asyncio
import json
import socket
import struct

from pysnmp.carrier.asyncio.dgram import udp
from pysnmp.entity import config, engine
from pysnmp.entity.rfc3413 import cmdrsp, context
from pysnmp.proto import rfc1902, rfc1905
from pysnmp.smi import error, instrum

DMS = (1, 3, 6, 1, 4, 1, 1206, 4, 2, 3)
TABLE = DMS + (5, 8, 1)
SIGN_TYPE, VALIDATE_ERROR = DMS + (1, 2, 0), DMS + (5, 9, 0)
ACTIVATE, TABLE_SOURCE = DMS + (6, 3, 0), DMS + (6, 5, 0)
ACTIVATE_ERROR, SYNTAX_ERROR, ERROR_CODE = DMS + (6, 17, 0), DMS + (6, 18, 0), DMS + (6, 24, 0)
MULTI, OWNER, CRC, BEACON, PIXELS, PRIORITY, STATUS = range(3, 10)
MODIFYING, VALIDATING, VALID, ERROR, MODIFY_REQUEST, VALIDATE_REQUEST = 2, 3, 4, 5, 6, 7
FACE, BLANK, CHANGEABLE = (5, 1), 7, 3


def fcs16(data):
    """The frame check sequence of ISO 3309 as RFC 1662 writes it, in the order of transmission."""
    fcs = 0xFFFF
    for byte in data:
        fcs ^= byte
        for _ in range(8):
            fcs = (fcs >> 1) ^ 0x8408 if fcs & 1 else fcs >> 1
    return struct.unpack(">H", struct.pack("<H", fcs ^ 0xFFFF))[0]


def say(**line):
    print(json.dumps(line, ensure_ascii=False), flush=True)


class Row:
    def __init__(self, multi=b"", owner=b"", priority=1, status=1):
        self.multi, self.owner, self.priority, self.status = multi, owner, priority, status

    def crc(self):
        return fcs16(self.multi + b"\0\0") if self.multi else 0


class Sign(instrum.AbstractMibInstrumController):
    def __init__(self, options):
        self.options = options
        self.rows = {(CHANGEABLE, number): Row() for number in range(1, 4)}
        running = options.running.split(":", 1) if options.running else ["1", ""]
        self.face = Row(b"OPERATOR" if options.running else b"", running[1].encode(), int(running[0]), VALID)
        self.source = bytes([7, 0, 1, 0, 0])
        self.activate_error, self.syntax_error, self.validate_error = 2, 2, 2
        self.error_code = bytes(12)
        self.validating = 0
        if options.fault == "old-error":
            self.activate_error = 7

    # Reading

    def read_variables(self, *bindings, **context):
        return [(name, self.value(tuple(name))) for name, _ in bindings]

    def value(self, name):
        scalars = {
            SIGN_TYPE: rfc1902.Integer32(6),
            VALIDATE_ERROR: rfc1902.Integer32(self.validate_error),
            ACTIVATE_ERROR: rfc1902.Integer32(self.activate_error),
            SYNTAX_ERROR: rfc1902.Integer32(self.syntax_error),
            ERROR_CODE: rfc1902.OctetString(self.error_code),
            TABLE_SOURCE: rfc1902.OctetString(self.source),
        }
        if name in scalars:
            return scalars[name]
        column, row = self.cell(name)
        if row is None:
            return rfc1905.noSuchInstance
        if column == STATUS and row.status == VALIDATING:
            self.validating += 1
            if self.validating > 1:
                self.validate(row)
        return {
            MULTI: lambda: rfc1902.OctetString(row.multi),
            OWNER: lambda: rfc1902.OctetString(row.owner),
            CRC: lambda: rfc1902.Integer32(self.crc_as_told(row)),
            PRIORITY: lambda: rfc1902.Integer32(row.priority),
            STATUS: lambda: rfc1902.Integer32(row.status),
        }.get(column, lambda: rfc1905.noSuchInstance)()

    def crc_as_told(self, row):
        crc = row.crc()
        return struct.unpack("<H", struct.pack(">H", crc))[0] if self.options.fault == "swapped-crc" else crc

    def cell(self, name):
        if name[: len(TABLE)] != TABLE or len(name) != len(TABLE) + 3:
            return None, None
        column, memory, number = name[len(TABLE) :]
        place = (memory, number)
        return column, self.face if place == FACE else self.rows.get(place)

    def validate(self, row):
        fault = self.options.fault
        if fault.startswith("syntax="):
            row.status, self.validate_error, self.syntax_error = ERROR, 5, int(fault[7:])
        elif fault.startswith("validate="):
            row.status, self.validate_error = ERROR, int(fault[9:])
        elif fault != "stuck":
            row.status, self.validate_error, self.syntax_error = VALID, 2, 2
            if fault == "altered":
                row.multi = b"SOMETHING ELSE"

    # Writing

    def write_variables(self, *bindings, **context):
        for index, (name, value) in enumerate(bindings):
            if self.options.read_only:
                raise error.NoAccessError(idx=index)
            name = tuple(name)
            if name == ACTIVATE:
                self.activate(bytes(value))
                continue
            column, row = self.cell(name)
            if row is None or row is self.face or column in (CRC, BEACON, PIXELS):
                raise error.NotWritableError(idx=index)
            if column == STATUS:
                self.request(row, int(value))
            elif row.status != MODIFYING:
                raise error.GenError(idx=index)
            elif column == MULTI:
                row.multi = bytes(value)
            elif column == OWNER:
                row.owner = bytes(value)
            elif column == PRIORITY:
                row.priority = int(value)
        return bindings

    def request(self, row, status):
        if status == MODIFY_REQUEST:
            row.status = MODIFYING
        elif status == VALIDATE_REQUEST and row.status == MODIFYING:
            row.status, self.validating = VALIDATING, 0
        else:
            raise error.BadValueError(idx=0)

    def activate(self, code):
        duration, priority, memory, number, crc = struct.unpack(">HBBHH", code[:8])
        row = Row(priority=number, status=VALID) if memory == BLANK else self.rows.get((memory, number))
        if self.options.fault == "changed" and memory != BLANK:
            row.multi = b"CHANGED BY ANOTHER"
        if row is None:
            problem = 6
        elif row.status != VALID:
            problem = 4
        elif crc != self.crc_as_told(row):
            problem = 7
        elif self.options.fault == "local":
            problem = 9
        elif priority < self.face.priority:
            problem = 3
        else:
            problem = 2
        say(
            error=problem,
            duration=duration,
            priority=priority,
            memory=memory,
            number=number,
            source=".".join(map(str, code[8:])),
            multi=row.multi.decode("latin-1") if row else None,
            owner=row.owner.decode() if row else None,
            was=self.face.multi.decode("latin-1"),
        )
        if problem != 2:
            self.activate_error, self.error_code = problem, code
            raise error.GenError(idx=0)
        if self.options.fault != "old-error":
            self.activate_error = 2
        shown = lambda: self.show(row, code[3:8])
        if self.options.fault in ("slow", "old-error"):
            asyncio.get_running_loop().call_later(0.3, shown)
        else:
            shown()

    def show(self, row, source):
        self.face = Row(row.multi, row.owner, row.priority, VALID)
        self.source = bytes(source)


class Transport(udp.UdpTransport):
    """Leaves orders to show without an answer when asked to."""

    def __init__(self, sign):
        super().__init__()
        self.sign = sign

    def send_message(self, message, address):
        if self.sign.options.fault != "silent-order" or ACTIVATE_MARK not in message:
            super().send_message(message, address)


# The end of the object identifier of dmsActivateMessage, as it stands in a packet.
ACTIVATE_MARK = bytes([0x89, 0x36, 4, 2, 3, 6, 3, 0])


async def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--community", required=True)
    arguments.add_argument("--read-only", action="store_true")
    arguments.add_argument("--running", default="", help="priority:owner of what shows at first")
    arguments.add_argument("--fault", default="")
    options = arguments.parse_args()

    sign = Sign(options)
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listening.bind(("127.0.0.1", 0))
    listening.setblocking(False)
    snmp = engine.SnmpEngine()
    transport = Transport(sign).open_server_mode(sock=listening)
    config.add_transport(snmp, udp.DOMAIN_NAME, transport)
    config.add_v1_system(snmp, "area", options.community)
    for model in (1, 2):
        config.add_vacm_user(snmp, model, "area", "noAuthNoPriv", (1, 3, 6), (1, 3, 6))
    contexts = context.SnmpContext(snmp)
    contexts.unregister_context_name(b"")
    contexts.register_context_name(b"", sign)
    cmdrsp.GetCommandResponder(snmp, contexts)
    cmdrsp.SetCommandResponder(snmp, contexts)
    say(listening=listening.getsockname()[1])
    await asyncio.Event().wait()


asyncio.run(main())
