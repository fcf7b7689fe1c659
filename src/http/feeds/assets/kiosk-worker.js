// Lets a screen that is switched on without network begin with its own page instead of the browser's error page.
// What it then shows comes from its own memory, never from the page kept here.
"use strict";

var CACHE = "fenghuo-kiosk-1";

function keep(request, response) {
  return response.clone().text().then(function (text) {
    var type = response.headers.get("Content-Type") || "text/html";
    // A kept page says so, and shows nothing of what the server had written into it.
    var stale = text.replace('data-fresh="1"', 'data-fresh="0"').replace(/<body class="[^"]*"/, '<body class="cut lost"');
    var kept = new Response(stale, { headers: { "Content-Type": type, "Content-Security-Policy": response.headers.get("Content-Security-Policy") || "" } });
    return caches.open(CACHE).then(function (cache) { return cache.put(request, kept); });
  });
}

self.addEventListener("install", function () { self.skipWaiting(); });
self.addEventListener("activate", function (event) { event.waitUntil(self.clients.claim()); });
self.addEventListener("fetch", function (event) {
  var url = new URL(event.request.url);
  var page = event.request.mode === "navigate";
  var asset = url.pathname.indexOf("/assets/kiosk") === 0;
  if (url.origin !== self.location.origin || event.request.method !== "GET" || !(page || asset)) { return; }
  event.respondWith(fetch(event.request).then(function (response) {
    if (response.status === 200) { event.waitUntil(keep(event.request, response)); }
    return response.status >= 500 ? caches.match(event.request).then(function (kept) { return kept || response; }) : response;
  }, function () {
    return caches.match(event.request).then(function (kept) { return kept || Response.error(); });
  }));
});
