// What a public screen shows. ECMAScript 2015 only: panels of 2018 run it.
//
// The page knows three states apart: a warning stands, there is none, and it is cut off. It drops what has expired by
// the server's time, carried on by its own monotonic clock, and it never leaves itself.
(function () {
  "use strict";

  var body = document.body;
  var data = body.dataset;
  var levels = JSON.parse(data.levels);
  var onlooker = data.onlooker === "1";
  var base = "/screens/" + encodeURIComponent(data.screen) + "/";
  var query = data.query;
  var store = "fenghuo-screen-" + data.screen;

  var WAIT = 15; // seconds a request may wait for news
  var ANSWER = (WAIT + 7) * 1000; // ms until a request counts as lost
  var LOST = ANSWER + 3000; // ms without an answer until the page says that it is cut off
  var CHINA = 8 * 3600 * 1000;

  function id(name) { return document.getElementById(name); }
  function steady() { return window.performance ? performance.now() : Date.now(); }

  // Time: the server's, carried on by the monotonic clock.

  var clock = null;
  function setTime(ms) { clock = { at: ms, steady: steady() }; }
  function now() { return clock ? clock.at + (steady() - clock.steady) : Date.now(); }
  function hear(header) {
    var ms = Date.parse(header);
    // The header counts whole seconds: correct only what that cannot explain.
    if (!isNaN(ms) && (!clock || Math.abs(ms + 500 - now()) > 1500)) { setTime(ms); }
  }
  function two(number) { return (number < 10 ? "0" : "") + number; }
  function local(ms) { return new Date(ms + CHINA); }
  function hour(ms) { var d = local(ms); return two(d.getUTCHours()) + ":" + two(d.getUTCMinutes()); }
  function day(ms) { var d = local(ms); return d.getUTCFullYear() + "-" + two(d.getUTCMonth() + 1) + "-" + two(d.getUTCDate()); }
  function moment(ms) { return day(ms) === day(now()) ? hour(ms) : day(ms).slice(5) + " " + hour(ms); }

  // State.

  var notices = [];
  var etag = null;
  var contact = null; // steady time of the last answer
  var contactAt = null; // the same by the wall
  var answers = 0;
  var failures = 0;

  function remember(text) {
    try {
      localStorage.setItem(store, JSON.stringify({ body: text, etag: etag, at: now(), ahead: now() - Date.now() }));
    } catch (error) { /* a panel without storage shows nothing after a restart without network */ }
  }
  function recall() {
    try {
      var kept = JSON.parse(localStorage.getItem(store));
      setTime(Date.now() + kept.ahead);
      contactAt = kept.at;
      notices = JSON.parse(kept.body).notices;
      etag = kept.etag;
    } catch (error) { /* nothing is known */ }
  }

  function standing() {
    var valid = notices.filter(function (notice) { return !notice.valid_until || Date.parse(notice.valid_until) > now(); });
    var meant = valid.filter(function (notice) { return !notice.drill; });
    // While anything real stands, no drill takes its place, and no drill mark stands beside it.
    return meant.length ? meant : valid;
  }
  function lost() {
    if (contact === null) { return true; }
    var silent = steady() - contact;
    return silent > LOST || (failures > 1 && silent > 6000);
  }

  // Talking to the server. It tells what changes as it changes; what this page holds is proved by asking, now and then,
  // and at once after every change. A server that cannot be listened to is asked and waited for instead.

  var PROOF = parseInt(data.poll, 10) * 1000; // ms between two requests while it is listened to
  var HEARD = 25000; // ms of silence until a stream counts as broken
  var source = null;
  var heard = null;
  var current = null;
  var timer = null;
  var resting = false;
  function again(ms) {
    clearTimeout(timer);
    resting = ms >= PROOF;
    timer = setTimeout(ask, ms);
  }
  function hearing() { return heard !== null && steady() - heard < HEARD; }
  function take(text, tag) {
    notices = JSON.parse(text).notices;
    etag = tag;
    remember(text);
  }
  function inContact() {
    contact = steady();
    contactAt = now();
  }
  function listen() {
    if (!window.EventSource) { return; }
    if (source) { source.close(); }
    source = new EventSource(base + "events?" + query.slice(1));
    source.addEventListener("stands", function () {
      heard = steady();
      inContact();
      show(false);
    });
    source.addEventListener("document", function (event) {
      heard = steady();
      inContact();
      var tag = "\"" + event.lastEventId + "\"";
      if (tag === etag) { return; }
      try { take(event.data, tag); } catch (error) { return; }
      show(true);
      if (current) { current.onabort = null; current.abort(); }
      again(0);
    });
    source.onerror = function () { heard = null; };
  }
  function watch() {
    if (hearing()) { return; }
    // The browser tries again by itself, but for good only while it thinks it worthwhile.
    if (!source || source.readyState === 2 || (heard !== null && steady() - heard > 2 * HEARD)) { listen(); }
    if (resting) { again(0); }
  }
  function ask() {
    var request = new XMLHttpRequest();
    current = request;
    // The first request is answered at once: a page that has just begun must not look cut off for half a minute.
    request.open("GET", base + "feed.json?wait=" + (answers && !failures && !hearing() ? WAIT : 0) + query);
    request.timeout = ANSWER;
    if (etag) { request.setRequestHeader("If-None-Match", etag); }
    request.onload = function () {
      if (request.status !== 200 && request.status !== 304) { fail(request.status); return; }
      var changed = false;
      if (request.status === 200) {
        try {
          take(request.responseText, request.getResponseHeader("ETag"));
          changed = true;
        } catch (error) { fail(0); return; }
      }
      hear(request.getResponseHeader("Date"));
      inContact();
      answers += 1;
      failures = 0;
      show(changed);
      again(hearing() ? PROOF : 50);
    };
    request.onerror = request.ontimeout = request.onabort = function () { fail(0); };
    function fail(status) {
      failures += 1;
      show(false);
      // Refused for good: ask seldom. Otherwise back off to ten seconds, each screen at its own moment.
      var longest = status >= 400 && status < 500 ? 60000 : 10000;
      again(Math.min(longest, 1000 * Math.pow(2, Math.min(failures, 6))) * (0.5 + Math.random() / 2));
    }
    request.send();
  }
  // A pulled cable is known at once where the panel notices it; elsewhere the silence tells.
  window.addEventListener("offline", function () { if (current) { current.abort(); } });
  window.addEventListener("online", function () { again(0); });

  function tell(path, value) {
    if (onlooker) { return; }
    var request = new XMLHttpRequest();
    request.open("POST", base + path + "?" + query.slice(1));
    request.setRequestHeader("Content-Type", "application/json");
    request.send(JSON.stringify(value));
  }
  function heartbeat() {
    if (contact !== null) {
      var size = { width: Math.round(window.innerWidth), height: Math.round(window.innerHeight) };
      tell("heartbeat", { player: "kiosk " + data.version, clock_ms: Date.now(), width: size.width, height: size.height });
    }
  }

  // Pages: every notice in turn, its text cut where a page is full, each page long enough to be read twice.

  var pages = [];
  var at = 0;
  var due = 0;
  var told = {};

  function classOf(notice) { return notice.lift ? "lift" : notice.level; }
  function wordsOf(notice) { return levels[notice.correction ? "correction" : classOf(notice)]; }
  // Height of a character that can be read from where people stand, in pixels; 0 where nobody said how far that is.
  function readable() { return parseFloat(data.character || "0") / 100 * window.innerHeight; }
  function sized(box) {
    box.style.fontSize = "";
    var size = Math.max(parseFloat(getComputedStyle(box).fontSize), readable());
    box.style.fontSize = size + "px";
    return size;
  }
  function fitTitle() {
    var title = id("title");
    var size = sized(title);
    var least = size / 2;
    var room = parseFloat(getComputedStyle(title).maxHeight);
    while (size > least && (title.scrollHeight > room || title.scrollWidth > title.clientWidth + 1)) {
      size *= 0.94;
      title.style.fontSize = size + "px";
    }
  }
  function head(notice, said) {
    id("notice").className = classOf(notice);
    id("notice").lang = said.language;
    var words = wordsOf(notice);
    id("word").textContent = words[0];
    id("roman").textContent = words[1];
    id("title").textContent = said.title;
    id("issuer").textContent = notice.issuer;
    id("released").textContent = moment(Date.parse(notice.released_at));
    id("until").textContent = notice.valid_until ? moment(Date.parse(notice.valid_until)) : "";
    fitTitle();
  }
  function fits(box, text) {
    box.textContent = text;
    return box.scrollHeight <= box.clientHeight + 1;
  }
  // Where a page best ends: after a sentence, else after a clause, else where it is full.
  function breakBefore(letters, full) {
    var ends = [["。；！？\n", 0.7], ["，、;!?,", 0.75]];
    for (var kind = 0; kind < ends.length; kind += 1) {
      for (var back = full; back > full * ends[kind][1]; back -= 1) {
        if (ends[kind][0].indexOf(letters[back - 1]) >= 0) { return back; }
      }
    }
    for (var word = full; word > full * 0.8; word -= 1) {
      if (letters[word - 1] === " " && /[A-Za-z.]/.test(letters[word - 2])) { return word; }
    }
    return full;
  }
  function cut(text) {
    var box = id("text");
    var out = [];
    sized(box);
    // Where no sentence has room in letters that large, smaller ones for those who come near say more than none.
    if (!fits(box, text.trim().slice(0, 12))) { box.style.fontSize = ""; }
    // Empty lines between paragraphs would cost a line of a small screen each; no other character is touched.
    var rest = Array.from(text.trim().replace(/\n[ \t]*(\n[ \t]*)+/g, "\n"));
    while (rest.length) {
      var low = 1;
      var high = rest.length;
      while (low < high) {
        var middle = Math.ceil((low + high) / 2);
        if (fits(box, rest.slice(0, middle).join(""))) { low = middle; } else { high = middle - 1; }
      }
      var end = low;
      if (end < rest.length) { end = breakBefore(rest, end); }
      out.push(rest.slice(0, end).join("").trim());
      rest = Array.from(rest.slice(end).join("").trim());
    }
    return out.length ? out : [""];
  }
  function plan(list) {
    pages = [];
    id("page").textContent = "1/9";
    list.forEach(function (notice, index) {
      [notice].concat(notice.also || []).forEach(function (said) {
        head(notice, said);
        others(list, index);
        var texts = cut(said.text);
        var size = id("text").style.fontSize;
        texts.forEach(function (text, number) {
          pages.push({ notice: notice, said: said, index: index, text: text, size: size, number: number + 1, of: texts.length });
        });
      });
    });
  }
  function others(list, index) {
    var box = id("others");
    box.textContent = "";
    if (list.length < 2) { return; }
    list.forEach(function (notice, number) {
      var item = document.createElement("li");
      var word = document.createElement("b");
      item.className = classOf(notice) + (number === index ? " shown" : "");
      word.textContent = wordsOf(notice)[0];
      item.appendChild(word);
      item.appendChild(document.createTextNode(notice.title));
      box.appendChild(item);
    });
  }
  function turn(list) {
    var page = pages[at];
    head(page.notice, page.said);
    others(list, page.index);
    id("text").style.fontSize = page.size;
    id("text").textContent = page.text;
    id("page").textContent = page.of > 1 ? page.number + "/" + page.of : "";
    var letters = Array.from(page.text + page.notice.title).length;
    due = steady() + Math.max(6000, letters / 4.5 * 2 * 1000);
    speak(page);
    if (!told[page.notice.warning] && page.number === page.of) {
      told[page.notice.warning] = true;
      tell("ack", { warning: page.notice.warning, state: "shown" });
    }
  }

  // Aloud, where the address of the page asks for it (speak=1) and the browser can: every notice once.

  var aloud = /[?&]speak=1(&|$)/.test(location.search) && window.speechSynthesis && window.SpeechSynthesisUtterance;
  var spoken = {};
  function speak(page) {
    var key = page.notice.warning + " " + page.said.language;
    if (!aloud || spoken[key] || page.notice.lift) { return; }
    spoken[key] = true;
    var words = new SpeechSynthesisUtterance(page.said.title + "。" + page.said.text);
    words.lang = page.said.language;
    window.speechSynthesis.speak(words);
  }

  // Drawing.

  var drawn = null;
  function show(changed) {
    var list = standing();
    var cutOff = lost();
    var state = list.length ? "warning" : cutOff ? "cut" : "calm";
    var drill = list.some(function (notice) { return notice.drill; });
    body.className = state + (cutOff ? " lost" : "") + (drill ? " drill" : "");
    var since = contactAt === null ? "" : moment(contactAt);
    Array.prototype.forEach.call(document.querySelectorAll(".since"), function (box) { box.textContent = since || "—"; });
    id("clock").textContent = clock ? hour(now()) : "";
    id("date").textContent = clock ? day(now()) : "";
    id("contact").textContent = contactAt === null ? "" : moment(contactAt);
    var key = list.map(function (notice) { return notice.warning; }).join() + body.className + innerWidth + "x" + innerHeight;
    if (list.length && (changed || key !== drawn)) {
      plan(list);
      at = 0;
      turn(list);
    } else if (list.length && pages.length > 1 && steady() >= due) {
      var next = (at + 1) % pages.length;
      var slow = pages[next].said !== pages[at].said;
      at = next;
      if (slow) {
        due = steady() + 5000;
        id("notice").classList.add("turning");
        setTimeout(function () { if (pages.length > at) { turn(standing()); } id("notice").classList.remove("turning"); }, 600);
      } else {
        turn(list);
      }
    }
    drawn = key;
    notices.forEach(function (notice) {
      if (list.indexOf(notice) < 0 && told[notice.warning] === true) {
        told[notice.warning] = "removed";
        tell("ack", { warning: notice.warning, state: "removed" });
      }
    });
  }

  // Once a night, when nothing stands and the server answers, the page begins anew: panels leak memory.
  var born = steady();
  function renew() {
    var long = steady() - born > 20 * 3600 * 1000;
    if (long && clock && !standing().length && !lost() && local(now()).getUTCHours() === 4) { location.reload(); }
  }

  if (data.fresh === "1") {
    setTime(parseInt(data.now, 10));
    contact = steady();
    contactAt = now();
    take(data.document, data.etag);
  } else {
    recall();
  }
  show(true);
  if (navigator.serviceWorker && !onlooker) {
    navigator.serviceWorker.register("/assets/kiosk-worker.js", { scope: "/screens/" }).catch(function () { /* plain HTTP: no offline start */ });
  }
  ask();
  listen();
  setInterval(function () { watch(); show(false); }, 1000);
  setInterval(heartbeat, 60000);
  setInterval(renew, 600000);
  setTimeout(heartbeat, 5000);
}());
