// A gateway as a district runs it: people on duty, signatures, calls, measures, a feed from above, a partner. Everything
// leaves by simulated routes, and everything is a drill but what waits in the inbox.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const samples = fileURLToPath(new URL("../../config/", import.meta.url));
const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const drill = readFileSync(join(samples, "demo/red-drill.xml"), "utf8");

/** Starts it; answers with its keys, the paths of what stands there, and how to stop it. */
export async function office(program, base, pause) {
  const folder = mkdtempSync(join(tmpdir(), "fenghuo-office-"));
  const other = await above();
  const config = join(folder, "fenghuo.toml");
  writeFileSync(join(folder, "city.whsec"), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  writeFileSync(config, settings(folder, base, other.address().port));
  const data = join(folder, "data");
  const keys = {};
  for (const [name, more] of Object.entries({ operator: [], approver: ["--person", "秦守江"], issuer: ["--issuer", "relay"] })) {
    keys[name] = execFileSync(program, ["keys", "create", "--data", data, "--role", name, ...more], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  }
  const gateway = spawn(program, ["serve", "--config", config, "--data", data], { stdio: "ignore" });
  const gone = new Promise((done) => gateway.once("exit", done));
  const stop = async () => {
    gateway.kill("SIGINT");
    setTimeout(() => gateway.kill("SIGKILL"), 8000).unref();
    await gone;
    other.close();
    other.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  };
  async function api(who, method, path, body, type = "application/json") {
    const answer = await fetch(base + path, { method, body: typeof body === "object" ? JSON.stringify(body) : body, headers: { authorization: `Bearer ${keys[who]}`, "content-type": type } });
    if (!answer.ok) { throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`); }
    return answer.json();
  }
  async function until(what, test) {
    for (let tries = 0; tries < 150 && gateway.exitCode === null; tries += 1) {
      try { const found = await test(); if (found) { return found; } } catch { /* not yet */ }
      await pause(200);
    }
    throw new Error(`the office has no ${what}`);
  }
  try {
    await until("gateway", async () => (await fetch(`${base}/readyz`)).ok);
    await api("operator", "POST", "/v1/recipients/import", people(), "application/x-ndjson");
    const red = (await api("issuer", "POST", "/v1/warnings", message("red"))).id;
    const orange = (await api("issuer", "POST", "/v1/warnings", message("orange"))).id;
    await until("signature", () => api("operator", "GET", `/v1/warnings/${orange}/sign-off`));
    await until("calls", async () => (await api("operator", "GET", `/v1/warnings/${red}/calls`)).rule);
    await until("notices", async () => (await api("operator", "GET", `/v1/warnings/${orange}/notices`)).items.length);
    await api("operator", "POST", `/v1/warnings/${red}/measures/1`, { state: "done", note: "已到岗" });
    const waiting = await until("inbox", async () => (await api("operator", "GET", "/v1/inbox?state=waiting")).items[0]);
    return { keys, stop, api, red: `/console/warnings/${red}`, orange: `/console/warnings/${orange}`, item: `/console/inbox/${waiting.id}` };
  } catch (error) {
    await stop();
    throw error;
  }
}

// What is above it, and beside it: a feed with one warning, and a partner that answers no.
function above() {
  const document = drill.replaceAll("songbei-flood-drill-0001", "province-0001").replaceAll("flood@songbei.example", "weather@province.example")
    .replace("<status>Exercise</status>", "<status>Actual</status>").replace(/<note>.*<\/note>\n/, "").replaceAll("松北区防汛抗旱指挥部", "省气象台");
  const feed = "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>t</title><id>urn:f</id><updated>2026-07-15T14:40:00Z</updated><entry><id>urn:1</id>"
    + "<title>t</title><updated>2026-07-15T14:40:00Z</updated><link type=\"application/cap+xml\" href=\"/1.xml\"/></entry></feed>";
  const server = createServer((request, answer) => {
    if (request.method === "POST") { answer.writeHead(401); answer.end("no such subscriber"); return; }
    answer.end(request.url === "/feed" ? feed : document);
  });
  return new Promise((done) => server.listen(0, "127.0.0.1", () => done(server)));
}

function settings(folder, base, port) {
  const routes = ["sms", "wechat", "push", "email"].map((channel) => `[routes."${channel}.sim"]\nchannel = "${channel}"\nadapter = "simulator"\ndrill = true\nactual = true\n`);
  const days = JSON.stringify(DAYS);
  const shift = (name, n, roles, hours) => `[[roster.relay]]\nperson = "${name}"\nrecipient = "duty-${n}"\nroles = ${JSON.stringify(roles)}\ndays = ${days}\nhours = "${hours}"\ndeputies = [{ person = "方平澜", recipient = "duty-3" }]\n`;
  return `include = [${["areas", "issuers", "authority"].map((name) => JSON.stringify(join(samples, `${name}.toml`)))}]
[server]
listen = "${base.slice(7)}"
${routes.join("")}
[sign_off.orange]
levels = ["orange"]
drills = true
steps = ["review", "sign"]
[call.officials]
levels = ["red"]
groups = ["officials"]
channels = ["sms", "wechat"]
${shift("秦守江", 1, ["review", "sign", "duty"], "00:00-00:00")}${shift("乔夜汛", 2, ["duty"], "20:00-08:00")}
[[roster.flood]]
person = "陶指挥"
recipient = "nobody-knows"
roles = ["duty"]
from = "2036-01-01T08:00:00+08:00"
until = "2036-01-02T08:00:00+08:00"
[[measures]]
hazards = ["11B03"]
levels = ["red", "orange"]
items = [
  { office = "flood", text_zh = "值班力量到岗，开始每小时会商雨情水情", text_en = "man the duty room", due_s = 1800 },
  { office = "traffic", text_zh = "封闭积水下穿路段，设置绕行标志", text_en = "close flooded underpasses", due_s = 1 },
  { office = "flood", kind = "report_up", text_zh = "向上级报告预警发布和已采取的措施", text_en = "report", due_s = 3600 },
]
[upstreams.province]
url = "http://127.0.0.1:${port}/feed"
format = "atom"
every_s = 10
issuer = "relay"
rule = "wait"
allow_private = ["127.0.0.1/32"]
[partners.city]
url = "http://127.0.0.1:${port}/hook"
secret_files = ["${join(folder, "city.whsec")}"]
allow_private = ["127.0.0.1/32"]
drills = true
`;
}

function people() {
  const person = (id, name, more) => ({ external_id: id, name, areas: ["230109005000"], drill: true, endpoints: { sms: `1390000${String(id.length).padStart(2, "0")}${id.replace(/\D/g, "").padStart(2, "0")}` }, ...more });
  const officials = [person("official-1", "松北街道 李主任", { groups: ["officials"], deputy: "official-2" }), person("official-2", "王副主任"), person("official-3", "太阳岛街道 赵主任", { groups: ["officials"], endpoints: { push: "t3" } })];
  const duty = [person("duty-1", "秦守江"), person("duty-2", "乔夜汛"), person("duty-3", "方平澜")];
  const residents = Array.from({ length: 40 }, (_, n) => person(`r${n}`, `居民${n}`));
  return [...officials, ...duty, ...residents].map((one) => JSON.stringify(one)).join("\n");
}

function message(level) {
  const info = {
    language: "zh-CN", categories: ["met"], event: "暴雨", urgency: "immediate", level, certainty: "observed", hazard: "11B03",
    onset: "2026-07-15T15:00:00+08:00", expires: "2036-07-15T20:40:00+08:00", sender_name: "松北区防汛抗旱指挥部",
    headline: `松北区防汛抗旱指挥部发布暴雨${level === "red" ? "红" : "橙"}色预警`, response_types: ["shelter"],
    description: "过去 3 小时松北区降雨量已达 108 毫米，预计未来 3 小时强降雨仍将持续。", instruction: "立即停止户外活动，不要涉水通行。",
    areas: [{ description: level === "red" ? "松北街道" : "太阳岛街道", geocodes: [{ name: "CN-STAT-CODE", value: level === "red" ? "230109005000" : "230109002000" }] }],
  };
  return { identifier: `office-${level}`, sender: "flood@songbei.example", sent: "2026-07-15T14:40:00+08:00", status: "exercise", kind: "alert", scope: "public", infos: [info] };
}
