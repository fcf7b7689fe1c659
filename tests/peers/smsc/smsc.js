// A message centre made of npm's `smpp`, for the tests of the SMPP adapter. Prints its port, then one JSON line for
// every segment it took. The last digit of the number says what it does:
//
//   1  receipt as text        2  receipt as parameters     3  receipt before the answer
//   4  throttled once (0x58)  5  never answered            6  refused with the bare header (0x0B)
//   7  undeliverable          8  receipt twice             0, 9  as 1, and the person answers "收到"

"use strict";

const smpp = require("smpp");

let next = 0x1000;
const throttled = new Set();

const dates = "submit date:2611301200 done date:2611301201";

function receipt(session, pdu, id, way, state) {
  const word = state === 2 ? "DELIVRD" : "UNDELIV";
  const head = {
    source_addr: pdu.destination_addr,
    destination_addr: pdu.source_addr,
    esm_class: 0x04,
  };
  if (way === "parameters") {
    session.deliver_sm({ ...head, receipted_message_id: id, message_state: state, short_message: "" });
  } else {
    const text = `id:${id} sub:001 dlvrd:001 ${dates} stat:${word} err:000 text:`;
    session.deliver_sm({ ...head, short_message: text });
  }
}

function submit(session, pdu) {
  const to = pdu.destination_addr;
  const end = to.slice(-1);
  if (end === "4" && !throttled.has(to)) {
    throttled.add(to);
    return session.send(pdu.response({ command_status: 0x58 }));
  }
  if (end === "6") {
    const bare = Buffer.alloc(16);
    bare.writeUInt32BE(16, 0);
    bare.writeUInt32BE(0x80000004, 4);
    bare.writeUInt32BE(0x0b, 8);
    bare.writeUInt32BE(pdu.sequence_number, 12);
    return session.socket.write(bare);
  }
  const message = pdu.message_payload || pdu.short_message;
  const line = {
    to,
    from: pdu.source_addr,
    text: message.message,
    udh: message.udh ? message.udh.map((element) => element.toString("hex")) : [],
    sar: [pdu.sar_msg_ref_num, pdu.sar_total_segments, pdu.sar_segment_seqnum],
    coding: pdu.data_coding,
    priority: pdu.priority_flag,
    registered: pdu.registered_delivery,
  };
  process.stdout.write(JSON.stringify(line) + "\n");
  if (end === "5") {
    return;
  }
  const id = (next++).toString();
  const ways = { 2: "parameters" };
  const state = end === "7" ? 5 : 2;
  const word = () => receipt(session, pdu, id, ways[end] || "text", state);
  if (end === "3") {
    word();
  }
  session.send(pdu.response({ message_id: id }));
  if (end !== "3") {
    word();
  }
  if (end === "8") {
    word();
  }
  if (end === "0" || end === "9") {
    session.deliver_sm({ source_addr: to, destination_addr: pdu.source_addr, short_message: "收到" });
  }
}

const server = smpp.createServer((session) => {
  for (const bind of ["bind_transceiver", "bind_transmitter", "bind_receiver"]) {
    session.on(bind, (pdu) => {
      const known = pdu.system_id === "900001" && pdu.password === "secret";
      session.send(pdu.response({ command_status: known ? 0 : 0x0e, system_id: "SMSC" }));
    });
  }
  session.on("submit_sm", (pdu) => submit(session, pdu));
  session.on("enquire_link", (pdu) => session.send(pdu.response()));
  session.on("unbind", (pdu) => {
    session.send(pdu.response());
    session.close();
  });
  session.on("error", () => session.close());
});

server.listen(0, "127.0.0.1", () => process.stdout.write(`${server.address().port}\n`));
