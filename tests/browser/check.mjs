// Looks at the pages of a demo in headless Chromium and says what is wrong with them.
//
//   node check.mjs PROGRAM [PICTURES]
//
// PROGRAM is a built `fenghuo`; Chromium is taken from FENGHUO_CHROMIUM or /usr/bin/chromium. With PICTURES, a folder,
// every page is also kept as a picture. Ends with 0 when nothing is wrong.

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "acorn";
import { chromium } from "playwright-core";
import { office } from "./office.mjs";

const [program, pictures] = process.argv.slice(2);
if (!program) { console.error("usage: node check.mjs PROGRAM [PICTURES]"); process.exit(2); }
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const sources = fileURLToPath(new URL("../../src/http/feeds/assets/", import.meta.url));

const wrong = [];
function check(holds, what) {
  console.log(`${holds ? "ok   " : "WRONG"} ${what}`);
  if (!holds) { wrong.push(what); }
}
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
async function until(what, ms, test) {
  const end = Date.now() + ms;
  for (;;) {
    try { if (await test()) { check(true, what); return; } } catch { /* not yet */ }
    if (Date.now() > end) { check(false, what); return; }
    await pause(200);
  }
}

// The gateway.

function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => { const { port } = server.address(); server.close(() => done(port)); });
  });
}
const data = mkdtempSync(join(tmpdir(), "fenghuo-browser-"));
const base = `http://127.0.0.1:${await freePort()}`;
let gateway;
async function start() {
  gateway = spawn(program, ["demo", "--data", data, "--listen", base.slice(7), "--recipients", "2000", "--quiet"], { stdio: "ignore" });
  for (let tries = 0; tries < 150; tries += 1) {
    try { if ((await fetch(`${base}/readyz`)).ok) { return; } } catch { /* not yet */ }
    await pause(200);
  }
  throw new Error("the demo did not start");
}
function stop() {
  return new Promise((done) => { gateway.once("exit", done); gateway.kill("SIGINT"); setTimeout(() => gateway.kill("SIGKILL"), 8000).unref(); });
}
const key = () => readFileSync(join(data, "operator.key"), "utf8").trim();
async function api(method, path, body) {
  const answer = await fetch(base + path, { method, body: body && JSON.stringify(body), headers: { authorization: `Bearer ${key()}`, "content-type": "application/json" } });
  if (!answer.ok) { throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`); }
  return answer.json();
}

// The browser.

const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const browser = await chromium.launch({ executablePath: process.env.FENGHUO_CHROMIUM ?? "/usr/bin/chromium", args: flags });
async function open(options, from = base) {
  const context = await browser.newContext({ locale: "zh-CN", serviceWorkers: "block", ...options });
  const page = await context.newPage();
  page.on("pageerror", (error) => check(false, `no script fails: ${error.message}`));
  page.on("request", (request) => { if (!request.url().startsWith(from) && !request.url().startsWith("data:")) { check(false, `nothing from elsewhere: ${request.url()}`); } });
  page.on("console", (message) => { if (/Content Security Policy/.test(message.text())) { check(false, `no page breaks its own policy: ${message.text()}`); } });
  return { context, page };
}
async function picture(page, name) {
  if (pictures) { mkdirSync(pictures, { recursive: true }); await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true }); }
}

async function consolePages() {
  const { context, page } = await open({ viewport: { width: 1280, height: 800 } });
  await page.goto(`${base}/console/`);
  await picture(page, "login");
  await page.fill("#key", key());
  await page.keyboard.press("Enter");
  await page.waitForURL(`${base}/console/`);
  const warning = await page.getAttribute("#active h3 a", "href");
  const paths = { board: "/console/", warning, deliveries: `${warning}/deliveries?state=delivered`, lift: `${warning}/lift`, routes: "/console/routes", screens: "/console/screens" };
  await look(page, base, paths);

  await page.setViewportSize({ width: 1280, height: 800 });
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto(`${base}/console/`);
  await picture(page, "board-dark");
  await page.emulateMedia({ colorScheme: "light" });
  const script = await open({ viewport: { width: 1280, height: 800 }, javaScriptEnabled: false, storageState: await context.storageState() });
  await script.page.goto(base + warning);
  check((await script.page.textContent("#progress")).includes("已到设备"), "the numbers stand there without script");
  await script.context.close();
  await liveness(context, page);
  await context.close();
}

// Every page: nothing serious found by axe, nothing wider than a phone, nothing too small to press, in light and dark.
async function look(page, base, paths) {
  for (const [name, path] of Object.entries(paths)) {
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.goto(base + path);
    for (const colorScheme of ["dark", "light"]) {
      await page.emulateMedia({ colorScheme });
      await picture(page, colorScheme === "dark" ? `${name}-dark` : name);
      await page.evaluate(axe);
      const found = await page.evaluate(() => axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] }));
      const grave = found.violations.filter((one) => ["serious", "critical"].includes(one.impact));
      check(!grave.length, `${name}: nothing serious found by axe, ${colorScheme} ${grave.map((one) => `${one.id} ${one.nodes[0].html.slice(0, 120)}`).join("; ")}`);
    }
    for (const width of [360, 640]) {
      await page.setViewportSize({ width, height: 740 });
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      check(over <= 0, `${name}: no sideways scrolling at ${width} px (${over})`);
      if (width === 360) { await picture(page, `phone-${name}`); }
    }
    const small = await page.evaluate(() => [...document.querySelectorAll("button, .button, select, input:not([type=hidden]), nav a, .tools a, summary")]
      .filter((one) => one.offsetParent && (one.getBoundingClientRect().height < 24 || one.getBoundingClientRect().width < 24)).map((one) => one.outerHTML.slice(0, 80)));
    check(!small.length, `${name}: targets are at least 24 px ${small.join("; ")}`);
  }
}

// The pages of a district at work, each seen by somebody who may press its buttons.
async function officePages() {
  const base = `http://127.0.0.1:${await freePort()}`;
  const world = await office(program, base, pause);
  try {
    for (const [who, paths] of Object.entries({
      approver: { signing: `${world.orange}/sign-off`, inbox: "/console/inbox", "inbox-item": world.item },
      operator: {
        calls: `${world.red}/calls`, measures: `${world.red}/measures`, notices: `${world.orange}/notices`, roster: "/console/roster",
        partners: "/console/partners", education: "/console/education", correct: `${world.red}/correct`, analysis: "/console/analysis?status=exercise",
      },
    })) {
      const { context, page } = await open({ viewport: { width: 1280, height: 800 } }, base);
      await page.goto(`${base}/console/`);
      await page.fill("#key", world.keys[who]);
      await page.keyboard.press("Enter");
      await page.waitForURL(`${base}/console/`);
      if (who === "operator") {
        await page.goto(`${base}/console/partners`);
        await page.click("text=测试 city");
        check((await page.textContent("[role=status]")).includes("没有通过测试"), "a partner's test says what came of it");
      }
      if (who === "operator") { await education(page, base); }
      await look(page, base, paths);
      if (who === "approver") {
        await page.goto(base + world.item);
        await page.fill("#word", "好");
        await page.click("button.danger");
        check((await page.textContent("[role=alert]")).includes("一字不差"), "a wrong word passes nothing on, and says so");
        await page.fill("#word", "正式发布");
        await page.click("button.danger");
        await page.waitForURL(`${base}/console/inbox?done=relay`);
        check(/已转发/.test(await page.textContent("[role=status]")), "the right word passes it on");
      }
      await context.close();
    }
  } finally {
    await world.stop();
  }
}

// What screens teach is entered, changed and ended on its page; what is wrong is told, and nothing that was typed is lost.
async function education(page, base) {
  await page.goto(`${base}/console/education`);
  await page.fill("#lesson-id", "rain");
  await page.fill("#lesson-title", "暴雨天怎么办");
  await page.fill("#lesson-text", "远离河道和低洼地带。车辆涉水熄火，立即离开车辆到高处。");
  await page.fill("#lesson-groups", "plaza，east");
  await page.fill("#lesson-from", "2026-07-15T08:00");
  await page.fill("#lesson-until", "2026-07-14T08:00");
  await page.fill("#lesson-hours-from", "08:00");
  await page.fill("#lesson-hours-until", "20:00");
  await page.check("input[name=classes][value=square]");
  await page.click("#lesson-form button");
  check((await page.textContent("[role=alert]")).includes("结束时间"), "an end before the beginning is not taken, and named");
  check((await page.inputValue("#lesson-groups")) === "plaza，east" && await page.isChecked("input[name=classes][value=square]"), "what was typed stays");
  await picture(page, "education-refused");
  await page.fill("#lesson-until", "2046-07-14T08:00");
  await page.click("#lesson-form button");
  const row = await page.textContent("#lesson-rain");
  check(["暴雨天怎么办", "广场", "plaza", "east", "08:00-20:00"].every((word) => row.includes(word)), `a lesson stands with its places and times: ${row}`);
  await page.click("#lesson-rain a.button");
  check((await page.inputValue("#lesson-hours-until")) === "20:00" && (await page.inputValue("#lesson-from")) === "2026-07-15T08:00", "it comes back to be changed as it is");
  await page.fill("#lesson-title", "大风天怎么办");
  await page.click("#lesson-form button");
  check((await page.textContent("#lesson-rain")).includes("大风天怎么办"), "changed, it says so");
  await page.fill("#lesson-id", "wind");
  await page.fill("#lesson-title", "冰面危险");
  await page.fill("#lesson-text", "不要上冰。");
  await page.click("#lesson-form button");
  await page.click("#lesson-wind form button");
  check(!(await page.$("#lesson-wind")) && (await page.textContent("[role=status]")).includes("已停播"), "ended, it is gone");
}

// A page that is not live says so, loses nothing that was typed, and comes back by itself.
async function liveness(context, page) {
  await page.goto(`${base}/console/routes`);
  await page.click("summary >> nth=0");
  await page.fill("input[name=reason] >> nth=0", "线路检修");
  const before = await page.textContent("#routes .as-of");
  await until("the block lives", 8000, async () => (await page.textContent("#routes .as-of")) !== before);
  check((await page.inputValue("input[name=reason] >> nth=0")) === "线路检修", "typed words outlive an update");
  check(await page.evaluate(() => document.activeElement?.name === "reason"), "the focus outlives an update");
  await context.setOffline(true);
  await until("within 15 s it says that it stands still, and since when", 15000, async () => /数据停在 \d\d:\d\d:\d\d，正在重连/.test(await page.textContent("#routes .stale-line")));
  check((await page.getAttribute("#routes", "class")).includes("stale"), "and loses its colour");
  await picture(page, "routes-stale");
  await context.setOffline(false);
  await until("it lives again without a reload", 8000, async () => !(await page.$("#routes .stale-line")) && !((await page.getAttribute("#routes", "class")) ?? "").includes("stale"));
  check((await page.inputValue("input[name=reason] >> nth=0")) === "线路检修", "typed words outlive the cut");
}

const SIZES = { landscape: [1920, 1080], portrait: [1080, 1920], strip: [960, 160] };

async function kioskPages() {
  const screens = (await api("GET", "/v1/screens")).items ?? (await api("GET", "/v1/screens"));
  const own = await api("PUT", "/v1/screens/browser-calm", { id: "browser-calm", name: "检查用屏幕", area: "230109005000" });
  const drill = screens.find((screen) => screen.showing > 0);
  for (const [size, [width, height]] of Object.entries(SIZES)) {
    const { context, page } = await open({ viewport: { width, height } });
    await page.goto(new URL(drill.kiosk_url).pathname ? base + new URL(drill.kiosk_url).pathname + new URL(drill.kiosk_url).search : "");
    await until(`${size}: a drill is marked above and below and hatched`, 5000, async () => (await page.isVisible("#drill-top")) && (await page.isVisible("#drill-bottom")) && (await page.isVisible("#hatch")));
    check(await page.isVisible("#roman") && await page.isVisible("#issuer") && await page.isVisible("#until"), `${size}: level, issuer and end always stand there`);
    const spill = await page.evaluate(() => ["title", "text"].filter((id) => { const box = document.getElementById(id); return box.scrollHeight > box.clientHeight + parseFloat(getComputedStyle(box).fontSize) * 0.4 || box.scrollWidth > box.clientWidth + 1; }));
    check(!spill.length, `${size}: no text spills out of its place ${spill}`);
    await picture(page, `kiosk-drill-${size}`);
    await page.goto(base + new URL(own.kiosk_url).pathname + new URL(own.kiosk_url).search);
    await until(`${size}: calm says so and shows a clock`, 5000, async () => (await page.isVisible("#calm-word")) && /^\d\d:\d\d$/.test(await page.textContent("#clock")));
    await picture(page, `kiosk-calm-${size}`);
    await context.setOffline(true);
    await until(`${size}: cut off says so and since when`, 30000, async () => (await page.isVisible("#cut-word")) && !(await page.isVisible("#calm")) && /\d\d:\d\d/.test(await page.textContent("#cut-line")));
    await picture(page, `kiosk-cut-${size}`);
    await context.setOffline(false);
    await until(`${size}: and comes back by itself`, 15000, async () => page.isVisible("#calm-word"));
    await context.close();
  }
  const plain = await open({ viewport: { width: 1920, height: 1080 }, javaScriptEnabled: false });
  await plain.page.goto(base + new URL(drill.kiosk_url).pathname + new URL(drill.kiosk_url).search);
  check((await plain.page.textContent("h1")).includes("【演练】") && await plain.page.isVisible("#drill-top"), "the headline and the mark stand there without script");
  await plain.context.close();
  await expiry(drill);
}

// Cut off, a page drops a warning in the moment it expires, by the server's time and whatever its own clock says.
async function expiry(screen) {
  const { context, page } = await open({ viewport: { width: 1920, height: 1080 } });
  const feed = await (await fetch(`${base}/screens/${screen.id}/feed.json`, { headers: { authorization: `Bearer ${key()}` } })).json();
  feed.notices[0].valid_until = new Date(Date.now() + 9000).toISOString();
  feed.notices.length = 1;
  await page.addInitScript(() => { const real = Date.now; Date.now = () => real() - 86400000; });
  let cut = false;
  await page.route("**/feed.json*", (route) => cut ? route.abort() : route.fulfill({ status: 200, headers: { etag: '"x"', date: new Date().toUTCString(), "content-type": "application/json" }, body: JSON.stringify(feed) }).then(() => { cut = true; }));
  await page.route("**/events*", (route) => route.abort());
  await page.goto(base + new URL(screen.kiosk_url).pathname + new URL(screen.kiosk_url).search);
  await until("a warning stays on a page that is cut off, with the word that it is", 9000, async () => (await page.isVisible("#title")) && (await page.isVisible("#strip")));
  await picture(page, "kiosk-lost");
  await until("and goes in the moment it expires", 8000, async () => !(await page.isVisible("#title")) && (await page.isVisible("#cut-word")));
  await context.close();
}

for (const name of ["kiosk.js", "kiosk-worker.js"]) {
  try { parse(readFileSync(sources + name, "utf8"), { ecmaVersion: 2015 }); check(true, `${name} is ECMAScript 2015`); } catch (error) { check(false, `${name} is ECMAScript 2015: ${error.message}`); }
}
try {
  await start();
  await until("the demo's warning stands", 60000, async () => (await api("GET", "/v1/warnings?active=true")).items.length > 0);
  await pause(6000);
  await consolePages();
  await officePages();
  await kioskPages();
} catch (error) {
  check(false, `the check itself runs: ${error.stack}`);
} finally {
  await browser.close();
  await stop();
  rmSync(data, { recursive: true, force: true });
}
console.log(wrong.length ? `${wrong.length} wrong` : "nothing wrong");
process.exit(wrong.length ? 1 : 0);
