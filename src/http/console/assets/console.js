// Keeps the live blocks of a page live: fetches the page again every two seconds and changes only what differs, so that
// scroll, focus, open details and half-typed words stay. When it no longer can, it says so.
(function () {
  "use strict";

  var BEAT = 2000; // ms between beats
  var SILENT = 5000; // ms without an answer after which a block is no longer live: two beats missed
  var PATIENCE = 4000; // ms until a beat counts as missed

  var words = document.body.dataset;
  var clock = document.getElementById("clock");
  var answered = performance.now();
  var stale = false;
  var ended = false;
  var ahead = Number(clock.dataset.now) - Date.now();

  function blocks(root) { return Array.prototype.slice.call(root.querySelectorAll("[data-live]")); }

  // Makes `old` like `fresh`, keeping every node that need not go.
  function same(old, fresh) {
    if (old.nodeType !== 1) {
      if (old.nodeValue !== fresh.nodeValue) { old.nodeValue = fresh.nodeValue; }
      return;
    }
    Array.prototype.slice.call(old.attributes).forEach(function (attribute) {
      var own = attribute.name === "open" && old.localName === "details";
      if (!fresh.hasAttribute(attribute.name) && !own) { old.removeAttribute(attribute.name); }
    });
    Array.prototype.slice.call(fresh.attributes).forEach(function (attribute) {
      if (old.getAttribute(attribute.name) !== attribute.value) { old.setAttribute(attribute.name, attribute.value); }
    });
    // What somebody types is theirs.
    if (/^(input|textarea|select)$/.test(old.localName)) { return; }
    children(old, fresh);
  }
  // The node that `wanted` is to become: the next one, or one further on when what stands between is gone.
  function partner(next, wanted) {
    for (var node = next; node; node = node.nextSibling) {
      if (alike(node, wanted)) { return node; }
      if (!wanted.id && (node.id || wanted.nodeType !== 1)) { return null; }
    }
    return null;
  }
  function alike(a, b) { return a.nodeType === b.nodeType && a.nodeName === b.nodeName && (a.id || "") === (b.id || ""); }
  function children(old, fresh) {
    var next = old.firstChild;
    Array.prototype.slice.call(fresh.childNodes).forEach(function (wanted) {
      var found = partner(next, wanted);
      if (found) {
        // A node with an id may have moved; anything else is matched in order.
        while (next !== found && !wanted.id) {
          var between = next;
          next = next.nextSibling;
          old.removeChild(between);
        }
        if (found === next) { next = next.nextSibling; } else { old.insertBefore(found, next); }
        same(found, wanted);
      } else {
        old.insertBefore(document.importNode(wanted, true), next);
      }
    });
    while (next) {
      var gone = next;
      next = next.nextSibling;
      old.removeChild(gone);
    }
  }

  function line(block, text) {
    var box = block.querySelector(".stale-line");
    if (!box) {
      box = document.createElement("strong");
      box.className = "stale-line";
      block.insertBefore(box, block.firstChild);
    }
    if (box.textContent !== text) { box.textContent = text; }
  }
  function showStale() {
    stale = true;
    blocks(document).forEach(function (block) {
      block.classList.add("stale");
      // Only blocks that carry a time of their own can say where they stand.
      if (block.dataset.live) { line(block, ended ? words.ended : words.stale.replace("{}", block.dataset.live)); }
    });
    if (document.title.indexOf("⏸ ") !== 0) { document.title = "⏸ " + document.title; }
  }
  function takeOver(page) {
    stale = false;
    blocks(document).forEach(function (block) {
      var fresh = page.getElementById(block.id);
      var said = block.querySelector(".stale-line");
      if (said) { said.parentNode.removeChild(said); }
      if (fresh) { same(block, fresh); }
    });
    // A block that was not there before, for example of the first failures, takes its place.
    blocks(page).forEach(function (fresh) {
      if (document.getElementById(fresh.id)) { return; }
      var before = fresh.previousElementSibling && document.getElementById(fresh.previousElementSibling.id);
      var main = document.getElementById("main");
      main.insertBefore(document.importNode(fresh, true), before ? before.nextSibling : main.firstChild);
    });
    document.title = page.title;
    document.body.className = page.body.className;
    var icon = page.querySelector("link[rel=icon]");
    var mine = document.querySelector("link[rel=icon]");
    if (icon && mine.getAttribute("href") !== icon.getAttribute("href")) { mine.setAttribute("href", icon.getAttribute("href")); }
    ahead = Number(page.getElementById("clock").dataset.now) - Date.now();
  }

  var running = false;
  function beat() {
    if (running || ended || !document.querySelector("[data-live]")) { return; }
    running = true;
    var control = new AbortController();
    var limit = setTimeout(function () { control.abort(); }, PATIENCE);
    fetch(location.href, { credentials: "same-origin", cache: "no-store", signal: control.signal, headers: { "X-Live": "1" } })
      .then(function (response) {
        if (response.redirected || response.status === 401 || response.status === 403) { ended = true; throw new Error("session ended"); }
        if (!response.ok) { throw new Error("status " + response.status); }
        return response.text();
      })
      .then(function (text) {
        takeOver(new DOMParser().parseFromString(text, "text/html"));
        answered = performance.now();
      })
      .catch(function () { if (ended) { showStale(); } })
      .then(function () { clearTimeout(limit); running = false; });
  }
  function two(number) { return (number < 10 ? "0" : "") + number; }
  function tick() {
    var now = new Date(Date.now() + ahead + Number(clock.dataset.offset) * 60000);
    clock.textContent = now.getUTCFullYear() + "-" + two(now.getUTCMonth() + 1) + "-" + two(now.getUTCDate()) + " " +
      two(now.getUTCHours()) + ":" + two(now.getUTCMinutes()) + ":" + two(now.getUTCSeconds());
    if (performance.now() - answered > SILENT && document.querySelector("[data-live]")) { showStale(); }
  }

  setInterval(beat, BEAT);
  setInterval(tick, 1000);
  document.addEventListener("visibilitychange", function () { if (!document.hidden) { tick(); beat(); } });
  window.addEventListener("online", beat);
}());
