// Keeps what is in force in step with the server, and says so when it no longer can. The page is whole without it.
(function () {
  "use strict";
  var EVERY = 30000, SILENT = 100000;
  var main = document.getElementById("main"), stale = document.getElementById("stale");
  var heard = Date.now(), asking = false;

  function show() { stale.hidden = Date.now() - heard < SILENT; }

  function take(text) {
    var next = document.implementation.createHTMLDocument("");
    next.documentElement.innerHTML = text;
    var fresh = next.getElementById("main"), words = next.getElementById("stale");
    if (!fresh || !words) { return; }
    heard = Date.now();
    stale.textContent = words.textContent;
    var made = document.getElementById("made"), remade = next.getElementById("made");
    if (made && remade) { made.textContent = remade.textContent; }
    // What has not changed is not touched: whoever reads would lose his place.
    if (fresh.innerHTML === main.innerHTML) { return; }
    var inside = main.contains(document.activeElement);
    main.innerHTML = fresh.innerHTML;
    if (inside) { main.focus(); }
  }

  function ask() {
    if (asking) { return; }
    asking = true;
    var request = new XMLHttpRequest();
    request.open("GET", location.href);
    request.timeout = 20000;
    request.onload = function () { if (request.status === 200 || request.status === 404) { take(request.responseText); } };
    request.onloadend = function () { asking = false; show(); };
    request.send();
  }

  setInterval(function () { show(); if (!document.hidden) { ask(); } }, EVERY);
  document.addEventListener("visibilitychange", function () { if (!document.hidden) { ask(); } });
  window.addEventListener("pageshow", function (event) { if (event.persisted) { ask(); } });
  window.addEventListener("online", ask);
  window.addEventListener("offline", function () { stale.hidden = false; });
}());
