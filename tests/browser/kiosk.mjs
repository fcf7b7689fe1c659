// What a public screen does when something happens: a warning comes, is lifted, runs out; the cable is pulled; the power
// goes. Against the real program, in headless Chromium.
//
//   node kiosk.mjs PROGRAM [PICTURES]
//
// As check.mjs: PROGRAM is a built `fenghuo`, Chromium is taken from FENGHUO_CHROMIUM or /usr/bin/chromium, and with
// PICTURES, a folder, pictures are kept. Ends with 0 when nothing is wrong.

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [program, pictures] = process.argv.slice(2);
if (!program) { console.error("usage: node kiosk.mjs PROGRAM [PICTURES]"); process.exit(2); }
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const wrong = [];
function check(holds, what) {
  console.log(`${holds ? "ok   " : "WRONG"} ${what}`);
  if (!holds) { wrong.push(what); }
}
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
async function until(what, ms, test) {
  const began = Date.now();
  for (;;) {
    try { if (await test()) { check(true, `${what} (${Date.now() - began} ms)`); return true; } } catch { /* not yet */ }
    if (Date.now() - began > ms) { check(false, `${what} within ${ms} ms`); return false; }
    await pause(50);
  }
}

function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => { const { port } = server.address(); server.close(() => done(port)); });
  });
}
const data = mkdtempSync(join(tmpdir(), "fenghuo-kiosk-"));
const base = `http://127.0.0.1:${await freePort()}`;
const gateway = spawn(program, ["demo", "--data", data, "--listen", base.slice(7), "--recipients", "200", "--quiet"], { stdio: "ignore" });
const key = (role) => readFileSync(join(data, `${role}.key`), "utf8").trim();
async function api(role, method, path, body) {
  const headers = { authorization: `Bearer ${key(role)}`, "content-type": "application/json" };
  const answer = await fetch(base + path, { method, body: body && JSON.stringify(body), headers });
  if (!answer.ok) { throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`); }
  return answer.status === 204 ? null : answer.json();
}
const time = (ms) => new Date(ms + 8 * 3600000).toISOString().slice(0, 19) + "+08:00";
let posted = 0;
async function warn(level, seconds = 3600) {
  posted += 1;
  const now = Date.now();
  const info = {
    language: "zh-CN", categories: ["met"], event: "暴雨", urgency: "immediate", level, certainty: "observed", hazard: "11B03",
    onset: time(now), expires: time(now + seconds * 1000), sender_name: "松北区防汛抗旱指挥部",
    headline: `松北区发布暴雨${{ red: "红", orange: "橙", yellow: "黄", blue: "蓝" }[level]}色预警第 ${posted} 号`,
    description: "预计未来三小时松北区降雨量将达一百毫米以上，低洼地带、地下空间和临河道路有积水和倒灌危险。",
    instruction: "停止户外活动，低洼地带人员立即转移到高处。",
    areas: [{ description: "松北区", geocodes: [{ name: "CN-STAT-CODE", value: "230109000000" }] }],
  };
  const english = { ...info, language: "en", event: "Rainstorm", headline: `Rainstorm warning ${posted}, ${level}`, description: "More than 100 mm of rain are expected within three hours.", instruction: "Stay indoors." };
  const message = { identifier: `kiosk-${posted}-${now}`, sender: "test@songbei.example", sent: time(now), status: "exercise", kind: "alert", scope: "public", infos: [info, english] };
  return { id: (await api("issuer", "POST", "/v1/warnings", message)).id, words: `第 ${posted} 号` };
}
async function screen(id, more) {
  const made = await api("operator", "PUT", `/v1/screens/${id}`, { id, name: "检查用屏幕", area: "230109101000", drill: true, ...more });
  const url = new URL(made.kiosk_url);
  return base + url.pathname + url.search;
}

const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const browser = await chromium.launch({ executablePath: process.env.FENGHUO_CHROMIUM ?? "/usr/bin/chromium", args: flags });
async function open(address, options, prepare) {
  const context = await browser.newContext({ locale: "zh-CN", serviceWorkers: "block", viewport: { width: 1920, height: 1080 }, ...options });
  const page = await context.newPage();
  page.on("pageerror", (error) => check(false, `no script fails: ${error.message}`));
  if (prepare) { await prepare(page); }
  await page.goto(address);
  return { context, page };
}
async function picture(page, name) {
  if (pictures) { mkdirSync(pictures, { recursive: true }); await page.screenshot({ path: join(pictures, `${name}.png`) }); }
}
const shows = (page, warning) => async () => (await page.textContent("#text")).includes(warning.words) && page.isVisible("#title");
const holds = async (id) => (await api("operator", "GET", "/v1/screens")).items.find((one) => one.id === id).holds;

async function told() {
  const address = await screen("told", {});
  const { context, page } = await open(address);
  await until("it is calm, and that is said", 5000, () => page.isVisible("#calm-word"));
  await pause(1500);
  const red = await warn("red");
  await until("told by the stream: a red warning is shown within 2 s", 2000, shows(page, red));
  await until("and the screen proves that it holds it", 3000, async () => (await holds("told")) === "current");
  await page.evaluate(axe);
  const found = await page.evaluate(() => axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] }));
  const grave = found.violations.filter((one) => ["serious", "critical"].includes(one.impact));
  check(!grave.length, `nothing serious found by axe ${grave.map((one) => one.id).join()}`);
  await picture(page, "red-landscape");
  await api("issuer", "POST", `/v1/warnings/${red.id}/lift`, {});
  await until("a lift takes it from the page within 2 s", 2000, async () => !(await shows(page, red)()) || (await page.getAttribute("#notice", "class")).includes("lift"));
  await picture(page, "lifted");
  await context.close();
}

async function asked() {
  const address = await screen("asked", {});
  const { context, page } = await open(address, {}, (page) => page.route("**/events*", (route) => route.abort()));
  await until("it is calm, and that is said", 5000, () => page.isVisible("#calm-word"));
  await pause(1500);
  const red = await warn("red");
  await until("without a stream: it is shown within one poll", 30000, shows(page, red));
  await api("issuer", "POST", `/v1/warnings/${red.id}/lift`, {});
  await context.close();
}

// The cable is pulled, then the power goes, and comes back without network.
async function cut() {
  const address = await screen("cut", {});
  const short = await warn("red", 45);
  const { context, page } = await open(address, { serviceWorkers: "allow" });
  await until("a warning of 45 seconds stands", 5000, shows(page, short));
  const ready = await page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
  check(ready, "the page is kept for a start without network");
  await page.reload();
  await until("and stands when the page begins again", 5000, shows(page, short));
  await pause(1000);
  await context.setOffline(true);
  await page.reload();
  await until("switched on without network it still stands, with the word that the line is cut", 8000, async () => (await shows(page, short)()) && (await page.isVisible("#strip")));
  await picture(page, "offline-restart");
  await until("and is gone when it runs out, by the page's own clock", 50000, async () => !(await shows(page, short)()));
  await context.setOffline(false);
  await context.close();
}

// What is taught in peace gives way to a warning at once, and comes back after it.
async function taught() {
  const address = await screen("taught", { class: "indoor" });
  await api("operator", "PUT", "/v1/education/rain", { title: "暴雨天怎么办", text: "远离河道和低洼地带。车辆涉水熄火，立即离开车辆到高处。".repeat(6), classes: ["indoor"], seconds: 2 });
  await api("operator", "PUT", "/v1/education/wind", { title: "大风天怎么办", text: "远离广告牌和临时搭建物。", classes: ["indoor"], seconds: 2 });
  const { context, page } = await open(address);
  const title = () => page.textContent("#lesson-title");
  await until("a lesson is shown in peace", 5000, async () => (await title()) === "暴雨天怎么办" && (await page.isVisible("#lesson")));
  const spill = await page.evaluate(() => document.getElementById("lesson-text").scrollHeight - document.getElementById("lesson-text").clientHeight);
  check(spill <= 1, `all of it has room (${spill})`);
  await picture(page, "lesson");
  await page.evaluate(axe);
  const found = await page.evaluate(() => axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] }));
  const grave = found.violations.filter((one) => ["serious", "critical"].includes(one.impact));
  check(!grave.length, `nothing serious found by axe beside a lesson ${grave.map((one) => one.id).join()}`);
  await until("and the next one in its turn", 5000, async () => (await title()) === "大风天怎么办");
  await pause(1500);
  const red = await warn("red");
  await until("a warning takes its place within 2 s", 2000, async () => (await shows(page, red)()) && !(await page.isVisible("#lesson")));
  await api("issuer", "POST", `/v1/warnings/${red.id}/lift`, {});
  await context.close();
}

// A panel is stolen and its address revoked: its page goes blind, at the gateway and behind a follower, and says so.
async function stolen() {
  const address = await screen("stolen", {});
  const folder = mkdtempSync(join(tmpdir(), "fenghuo-follow-"));
  writeFileSync(join(folder, "screens.txt"), address + "\n");
  const port = await freePort();
  const follower = spawn(program, ["follow", base, "--screens", join(folder, "screens.txt"), "--data", join(folder, "kept"), "--listen", `127.0.0.1:${port}`], { stdio: "ignore" });
  try {
    await until("the follower answers", 10000, async () => (await fetch(address.replace(base, `http://127.0.0.1:${port}`).replace("?", "/feed.json?"))).ok);
    const here = await open(address);
    const edge = await open(address.replace(base, `http://127.0.0.1:${port}`));
    await until("behind a follower it is calm, and that is said", 8000, () => edge.page.isVisible("#calm-word"));
    await picture(edge.page, "edge-calm");
    const red = await warn("red");
    await until("and a warning is shown", 5000, shows(edge.page, red));
    const revoked = await fetch(`${base}/console/screens/revoke`, { method: "POST", redirect: "manual", headers: { authorization: `Bearer ${key("operator")}`, "content-type": "application/x-www-form-urlencoded" }, body: "screen=stolen" });
    check(revoked.status === 303, `the address is revoked (${revoked.status})`);
    await until("behind the follower the warning stands on, with the word that it is old", 30000, async () => (await shows(edge.page, red)()) && (await edge.page.isVisible("#strip")));
    await picture(edge.page, "edge-cut-warning");
    await until("at the gateway too", 45000, async () => (await shows(here.page, red)()) && (await here.page.isVisible("#strip")));
    await picture(here.page, "stolen");
    await api("issuer", "POST", `/v1/warnings/${red.id}/lift`, {});
    await edge.page.reload();
    await until("begun anew it says the same", 8000, async () => (await shows(edge.page, red)()) && (await edge.page.isVisible("#strip")));
    await here.context.close();
    await edge.context.close();
  } finally {
    follower.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}

// Letters are as large as the distance asks.
async function readable() {
  const near = await screen("near", { panel: { width_cm: 122, height_cm: 69, distance_m: 2 } });
  const far = await screen("far", { panel: { width_cm: 384, height_cm: 216, distance_m: 20 }, more_languages: ["en"] });
  await warn("orange");
  const size = async (address, name) => {
    const { context, page } = await open(address);
    await until(`${name}: the warning stands`, 5000, () => page.isVisible("#text"));
    await pause(500);
    const found = await page.evaluate(() => ({ text: parseFloat(getComputedStyle(document.getElementById("text")).fontSize) / innerHeight, spill: document.getElementById("text").scrollHeight - document.getElementById("text").clientHeight }));
    check(found.spill < 20, `${name}: no text spills out of its place (${found.spill})`);
    await picture(page, name);
    await context.close();
    return found.text;
  };
  const [close, distant] = [await size(near, "near"), await size(far, "far")];
  // 20 m under 30 minutes of arc are 17.5 cm of 216.
  check(distant >= 0.0807 && distant > close, `at 20 m letters are 17.5 cm high (${(distant * 216).toFixed(1)})`);
  for (const [name, width, height] of [["portrait", 1080, 1920], ["strip", 960, 160]]) {
    const { context, page } = await open(near, { viewport: { width, height } });
    await until(`${name}: the warning stands`, 5000, () => page.isVisible("#title"));
    await picture(page, name);
    await context.close();
  }
}

try {
  for (let tries = 0; ; tries += 1) {
    try { if ((await fetch(`${base}/readyz`)).ok && key("operator") && key("issuer")) { break; } } catch { /* not yet */ }
    if (tries > 150) { throw new Error("the demo did not start"); }
    await pause(200);
  }
  // The demo's own drill stands everywhere in the district: what follows begins in peace.
  const active = async () => (await api("operator", "GET", "/v1/warnings?active=true")).items.map((one) => one.id);
  await until("the demo's own warning stands", 60000, async () => (await active()).length > 0);
  const drills = await active();
  for (const id of drills) { await api("operator", "POST", `/v1/warnings/${id}/lift`, {}); }
  await until("and is lifted", 20000, async () => !(await active()).some((id) => drills.includes(id)));
  await taught();
  await stolen();
  await told();
  await asked();
  await cut();
  await readable();
} catch (error) {
  check(false, `the check itself runs: ${error.stack}`);
} finally {
  await browser.close();
  await new Promise((done) => { gateway.once("exit", done); gateway.kill("SIGINT"); setTimeout(() => gateway.kill("SIGKILL"), 8000).unref(); });
  rmSync(data, { recursive: true, force: true });
}
console.log(wrong.length ? `${wrong.length} wrong` : "nothing wrong");
process.exit(wrong.length ? 1 : 0);
