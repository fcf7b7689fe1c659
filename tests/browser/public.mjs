// Looks at the site for residents in headless Chromium: three languages, a phone, the map, verifying, both subscriptions.
//
//   node public.mjs PROGRAM [PICTURES]
//
// PROGRAM is a built `fenghuo`; Chromium is taken from FENGHUO_CHROMIUM or /usr/bin/chromium. With PICTURES, a folder, pages are
// kept as pictures. Mail is read at a real SMTP server (aiosmtpd). Chromium's own push service is beyond the loopback, so the
// subscription itself is a stub; the worker is real, and what it does with a message is looked at by giving it one.

import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parse } from "acorn";
import { chromium } from "playwright-core";

const [program, pictures] = process.argv.slice(2);
if (!program) { console.error("usage: node public.mjs PROGRAM [PICTURES]"); process.exit(2); }
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const file = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

const wrong = [];
function check(holds, what) {
  console.log(`${holds ? "ok   " : "WRONG"} ${what}`);
  if (!holds) { wrong.push(what); }
}
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
async function until(what, ms, test) {
  const end = Date.now() + ms;
  for (;;) {
    try { const found = await test(); if (found) { check(true, what); return found; } } catch { /* not yet */ }
    if (Date.now() > end) { check(false, what); return null; }
    await pause(200);
  }
}
function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => { const { port } = server.address(); server.close(() => done(port)); });
  });
}

// The world: a mail server, and a gateway that carries actual warnings to it and to browsers.

const folder = mkdtempSync(join(tmpdir(), "fenghuo-public-"));
const venv = process.env.FENGHUO_VENV ?? file("target/venv");
const python = existsSync(join(venv, "bin/python")) ? join(venv, "bin/python") : "python3";
const sink = spawn(python, [file("tests/peers/smtp_sink.py"), "--port", "0"], { stdio: ["ignore", "pipe", "inherit"] });
const mails = [];
const smtp = await new Promise((done) => createInterface({ input: sink.stdout }).on("line", (line) => {
  const told = JSON.parse(line);
  if (told.listening) { done(told.listening); } else { mails.push(told); }
}));
const base = `http://127.0.0.1:${await freePort()}`;
const data = join(folder, "data");
writeFileSync(join(folder, "vapid"), "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw", { mode: 0o600 });
writeFileSync(join(folder, "fenghuo.toml"), `include = [${["areas", "issuers", "authority"].map((name) => JSON.stringify(file(`config/${name}.toml`)))}]
[server]
listen = "${base.slice(7)}"
public_url = "${base}"
[public]
title = "松北区突发事件预警"
contact = "0451-12345678"
push_route = "push.web"
email_subscriptions = true
[routes."push.web"]
channel = "push"
adapter = "webpush"
actual = true
[routes."push.web".settings]
key_file = "vapid"
contact = "mailto:warning@songbei.example"
page = "https://songbei.example/"
[routes."email.relay"]
channel = "email"
adapter = "email"
actual = true
[routes."email.relay".settings]
host = "127.0.0.1"
port = ${smtp}
tls = "none"
allow_plain = true
from = "warning@songbei.example"
`);
const keys = {};
for (const [name, more] of Object.entries({ operator: [], issuer: ["--issuer", "relay"] })) {
  keys[name] = execFileSync(program, ["keys", "create", "--data", data, "--role", name, ...more], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
}
let gateway;
async function start() {
  gateway = spawn(program, ["serve", "--config", join(folder, "fenghuo.toml"), "--data", data], { stdio: ["ignore", "ignore", process.env.FENGHUO_LOG ? "inherit" : "ignore"] });
  for (let tries = 0; tries < 150; tries += 1) {
    try { if ((await fetch(`${base}/readyz`)).ok) { return; } } catch { /* not yet */ }
    if (gateway.exitCode !== null) { break; }
    await pause(200);
  }
  throw new Error("the gateway did not start; run it by hand with the settings of this script");
}
function stop() {
  return new Promise((done) => { gateway.once("exit", done); gateway.kill("SIGINT"); setTimeout(() => gateway.kill("SIGKILL"), 8000).unref(); });
}
async function api(who, method, path, body) {
  const answer = await fetch(base + path, { method, body: body && JSON.stringify(body), headers: { authorization: `Bearer ${keys[who]}`, "content-type": "application/json" } });
  if (!answer.ok) { throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`); }
  return answer.json();
}
const time = (ms) => new Date(ms + 8 * 3600000).toISOString().slice(0, 19) + "+08:00";
let posted = 0;
async function warn(level, zh, en, areas) {
  posted += 1;
  const now = Date.now();
  const info = {
    language: "zh-CN", categories: ["met"], event: "暴雨", urgency: "immediate", level, certainty: "observed", hazard: "11B03",
    onset: time(now), expires: time(now + 6 * 3600000), sender_name: "松北区防汛抗旱指挥部", headline: zh,
    description: "预计未来三小时松北区降雨量将达一百毫米以上，低洼地带、地下空间和临河道路有积水和倒灌危险。",
    instruction: "停止户外活动。\n低洼地带人员立即转移到高处。\n不要驾车进入积水路段。", areas,
  };
  const english = { ...info, language: "en", event: "Rainstorm", headline: en, sender_name: "Flood control headquarters", description: "More than 100 mm of rain are expected within three hours.", instruction: "Stay indoors.\nLeave low ground at once." };
  const message = { identifier: `public-${posted}-${now}`, sender: "test@songbei.example", sent: time(now), status: "actual", kind: "alert", scope: "public", infos: [info, english] };
  return (await api("issuer", "POST", "/v1/warnings", message)).id;
}
const district = { description: "松北区", geocodes: [{ name: "CN-STAT-CODE", value: "230109000000" }] };
const river = { description: "松花江沿岸", polygons: [[[45.79, 126.42], [45.83, 126.48], [45.84, 126.57], [45.8, 126.63], [45.77, 126.56], [45.76, 126.47], [45.79, 126.42]]] };
const plant = { description: "化工园区", circles: [{ centre: [45.87, 126.6], radius_km: 2.2 }] };

// The browser.

const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const browser = await chromium.launch({ executablePath: process.env.FENGHUO_CHROMIUM ?? "/usr/bin/chromium", args: flags });
async function open(options) {
  const context = await browser.newContext({ locale: "zh-CN", serviceWorkers: "block", viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.on("pageerror", (error) => check(false, `no script fails: ${error.message}`));
  page.on("request", (request) => { if (!request.url().startsWith(base) && !request.url().startsWith("data:")) { check(false, `nothing from elsewhere: ${request.url()}`); } });
  page.on("console", (message) => { if (/Content Security Policy/.test(message.text())) { check(false, `no page breaks its own policy: ${message.text()}`); } });
  return { context, page };
}
async function picture(page, name) {
  if (pictures) { mkdirSync(pictures, { recursive: true }); await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true }); }
}
async function look(page, paths) {
  for (const [name, path] of Object.entries(paths)) {
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.goto(base + path);
    for (const colorScheme of ["dark", "light"]) {
      await page.emulateMedia({ colorScheme });
      await picture(page, colorScheme === "dark" ? `${name}-dark` : name);
      await page.evaluate(axe);
      const found = await page.evaluate(() => axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] }));
      check(!found.violations.length, `${name}: nothing found by axe, ${colorScheme} ${found.violations.map((one) => `${one.id} ${one.nodes[0].html.slice(0, 120)}`).join("; ")}`);
    }
    for (const width of [360, 640]) {
      await page.setViewportSize({ width, height: 740 });
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      check(over <= 0, `${name}: no sideways scrolling at ${width} px (${over})`);
      if (width === 360) { await picture(page, `phone-${name}`); }
    }
    const small = await page.evaluate(() => [...document.querySelectorAll("button, select, input:not([type=hidden]), nav a, .name a")]
      .filter((one) => one.offsetParent && !one.closest("label") && (one.getBoundingClientRect().height < 24 || one.getBoundingClientRect().width < 24)).map((one) => one.outerHTML.slice(0, 80)));
    check(!small.length, `${name}: targets are at least 24 px ${small.join("; ")}`);
  }
}

async function pages() {
  const { context, page } = await open();
  await page.goto(base);
  check((await page.textContent("main")).includes("目前没有生效的预警"), "a calm day is said to be one");
  await picture(page, "calm");
  const blue = await warn("blue", "松北区气象台发布暴雨蓝色预警", "Rainstorm warning, blue", [district]);
  await warn("orange", "松北区化工园区发布危险化学品泄漏橙色预警", "Chemical leak, orange", [plant]);
  const red = await warn("red", "松北区防汛抗旱指挥部发布松花江洪水红色预警", "River flood, red", [river, district]);
  await page.evaluate(() => window.dispatchEvent(new Event("online")));
  await until("the open page shows a new warning by itself", 10000, async () => (await page.textContent("main")).includes("松花江洪水"));
  const order = await page.$$eval(".card", (cards) => cards.map((card) => card.className));
  check(order.join() === "card red,card orange,card blue", `the gravest stands first (${order})`);
  check(await page.locator(".card.red .steps i").count() === 4 && await page.locator(".card.red .sign").isVisible() && (await page.textContent(".card.red .level")).includes("红色预警"), "a level is colour, bars, icon and word");
  check(await page.locator(".map svg > path").count() === 2 && await page.locator(".map").isVisible(), "the map shows the areas that have an outline");
  await look(page, { board: "/", "board-ru": "/?lang=ru", "board-en": "/?lang=en", warning: `/warnings/${red}`, history: "/history", verify: "/verify?code=0000-0000", subscribe: "/subscribe" });
  await page.goto(`${base}/?lang=ru`);
  await page.click("nav.pages a[href^='/verify']");
  check(await page.getAttribute("html", "lang") === "ru", "a language that was chosen goes along");
  for (const [locale, word] of [["ru-RU", "Действуют 3 предупреждения"], ["en-US", "warnings in force"], ["zh-CN", "条预警生效中"]]) {
    const other = await open({ locale, javaScriptEnabled: false });
    await other.page.goto(base);
    check((await other.page.textContent("h1")).includes(word), `without script, ${locale} is read as ${word}`);
    await other.context.close();
  }
  const english = await open({ locale: "en-US" });
  await english.page.goto(`${base}/warnings/${red}`);
  const code = (await english.page.textContent(".code")).trim();
  await english.page.click("nav.pages a[href='/verify']");
  await english.page.fill("#code", code.toLowerCase().replace("-", " "));
  await english.page.keyboard.press("Enter");
  await until("a code leads to its warning", 5000, async () => (await english.page.textContent("main")).includes("River flood, red"));
  await picture(english.page, "verified");
  await english.context.close();
  await api("operator", "POST", `/v1/warnings/${blue}/lift`, {});
  await until("a lift is said on the first page", 15000, async () => { await page.goto(base); return (await page.textContent("main")).includes("刚刚解除"); });
  await picture(page, "lifted");
  await context.close();
}

async function stale() {
  const { context, page } = await open();
  await page.clock.install();
  await page.goto(base);
  check(!await page.isVisible("#stale"), "a fresh page is not called stale");
  await context.setOffline(true);
  await page.clock.fastForward(150000);
  await until("a page that hears nothing says so, and from when it is", 10000, async () => page.isVisible("#stale"));
  await picture(page, "stale");
  await context.setOffline(false);
  await page.clock.fastForward(40000);
  await until("and takes it back when it hears again", 10000, async () => !await page.isVisible("#stale"));
  await context.close();
}

// Chromium's push service cannot be reached from here: what it hands out is a stub, all else is real.
async function push() {
  const { context, page } = await open({ serviceWorkers: "allow", permissions: ["notifications"] });
  await page.addInitScript(() => {
    let held = null;
    const made = { endpoint: "https://fcm.googleapis.com/fcm/send/stub", keys: { p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4", auth: "BTBZMqHH6r4Tts7J_aSIgg" } };
    const subscription = { endpoint: made.endpoint, toJSON: () => made, unsubscribe: async () => { held = null; return true; } };
    PushManager.prototype.subscribe = async (options) => { window.subscribedWith = options.applicationServerKey.length; held = subscription; return subscription; };
    PushManager.prototype.getSubscription = async () => held;
  });
  await page.goto(`${base}/subscribe`);
  await page.check("input[name=level][value=orange]");
  await page.click("#push-on");
  await until("a browser subscribes", 10000, async () => (await page.textContent("#push-said")).includes("已订阅"));
  check(await page.evaluate(() => window.subscribedWith) === 65, "with the key of the route");
  await picture(page, "subscribed");
  const stored = (await api("operator", "GET", "/v1/recipients")).items.filter((one) => one.external_id.startsWith("public-push-"));
  check(stored.length === 1 && stored[0].opt_out_below === "orange" && stored[0].groups.join() === "public" && !stored[0].drill, "and is a recipient of the group public, orange and above, no drills");
  await notifications(context, page);
  await page.click("#push-off");
  await until("and leaves", 10000, async () => (await page.textContent("#push-said")).includes("已停止"));
  check(!(await api("operator", "GET", "/v1/recipients")).items.some((one) => one.external_id.startsWith("public-push-")), "nothing of it is kept");
  await context.close();
}

async function notifications(context, page) {
  const worker = context.serviceWorkers()[0] ?? await context.waitForEvent("serviceworker", { timeout: 10000 });
  const give = (message) => worker.evaluate(async (message) => {
    const waits = [];
    const event = new Event("push");
    event.data = { json: () => message };
    event.waitUntil = (promise) => waits.push(promise);
    self.dispatchEvent(event);
    await Promise.all(waits);
    return (await self.registration.getNotifications()).map((one) => ({ title: one.title, body: one.body, tag: one.tag }));
  }, message);
  const soon = Math.floor(Date.now() / 1000) + 600;
  const first = await give({ title: "洪水", body: "第一报", tag: "t", url: `${base}/`, level: "orange", expires: soon });
  check(first.length === 1 && first[0].title === "橙色预警 · 洪水" && first[0].body === "第一报", `a message is shown with its level as a word (${JSON.stringify(first)})`);
  const second = await give({ title: "洪水", body: "第二报", tag: "t", url: `${base}/`, level: "red", expires: soon });
  check(second.length === 1 && second[0].body === "第二报", "an update takes the place of what it updates");
  const over = await give({ title: "洪水", body: "过时", tag: "t", url: `${base}/`, level: "red", expires: 1 });
  check(over.length === 0, "what is over is not shown, and what stood is taken away");
  check(page.url().startsWith(base), "the page stays where it is");
}

async function mail() {
  const { context, page } = await open({ locale: "en-US", javaScriptEnabled: false });
  await page.goto(`${base}/subscribe`);
  await page.fill("#address", "resident@songbei.example");
  await page.click("section.way button:has-text('Send confirmation')");
  check((await page.textContent(".answer")).includes("Confirm within 24 hours"), "without script, a mailbox is asked");
  const question = await until("the question is in the mailbox", 20000, async () => mails.find((one) => one.to.includes("resident@songbei.example")));
  const text = question?.parts.find((part) => part.type === "text/plain")?.text ?? "";
  const link = text.replaceAll("\n", "").match(/http:\/\/\S+\/subscribe\/confirm\/[0-9a-f-]+/)?.[0] ?? base;
  await page.goto(link);
  await picture(page, "confirm");
  await page.click("main button");
  check((await page.textContent("main")).includes("Subscribed"), "the owner says yes");
  const before = mails.length;
  await warn("orange", "松北区发布大风橙色预警", "Gale warning, orange", [district]);
  await until("and gets the next warning by mail", 20000, async () => mails.slice(before).some((one) => one.to.includes("resident@songbei.example") && JSON.stringify(one).includes("Gale warning")));
  await context.close();
}

try {
  for (const path of ["src/http/public/public.js", "src/http/public/subscribe/subscribe.js", "src/http/public/subscribe/push-worker.js"]) {
    try { parse(readFileSync(file(path), "utf8"), { ecmaVersion: 5 }); check(true, `${path} is read by old phones`); } catch (error) { check(false, `${path}: ${error.message}`); }
  }
  await start();
  await pages();
  await stale();
  await push();
  await mail();
} catch (error) {
  check(false, `it went on to the end: ${error.stack}`);
} finally {
  await browser.close();
  if (gateway) { await stop(); }
  sink.kill();
  rmSync(folder, { recursive: true, force: true });
}
console.log(wrong.length ? `${wrong.length} wrong` : "nothing wrong");
process.exit(wrong.length ? 1 : 0);
