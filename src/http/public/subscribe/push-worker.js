// Shows a warning that comes by Web Push: an update takes the place of what it updates, and what is over is not shown.
(function (scope) {
  "use strict";
  var WORDS = {
    zh: { red: "红色预警", orange: "橙色预警", yellow: "黄色预警", blue: "蓝色预警", none: "突发事件预警" },
    ru: { red: "Красный уровень", orange: "Оранжевый уровень", yellow: "Жёлтый уровень", blue: "Синий уровень", none: "Предупреждение" },
    en: { red: "Red warning", orange: "Orange warning", yellow: "Yellow warning", blue: "Blue warning", none: "Warning" }
  };
  function words() { return WORDS[(scope.navigator.language || "").slice(0, 2)] || WORDS.en; }

  function read(event) {
    try { return event.data ? event.data.json() : null; } catch (fault) { return null; }
  }

  // What is on the device under the same tag.
  function clear(tag) {
    return scope.registration.getNotifications({ tag: tag }).then(function (shown) {
      shown.forEach(function (one) { one.close(); });
    });
  }

  function show(message) {
    if (!message || !message.title) { return Promise.resolve(); }
    if (message.expires && message.expires * 1000 <= Date.now()) { return clear(message.tag); }
    var level = message.level, word = words()[level] || words().none;
    return scope.registration.showNotification(word + " · " + message.title, {
      body: message.body || "",
      tag: message.tag,
      renotify: Boolean(message.tag),
      requireInteraction: level === "red" || level === "orange",
      vibrate: level === "red" ? [600, 200, 600, 200, 600] : [300],
      icon: "/assets/mark-" + (WORDS.en[level] ? level : "unknown") + ".svg",
      timestamp: Date.now(),
      data: { url: message.url || "/" }
    });
  }

  function open(url) {
    return scope.clients.matchAll({ type: "window", includeUncontrolled: true }).then(function (pages) {
      var there = pages.filter(function (page) { return page.url === url; })[0];
      return there ? there.focus() : scope.clients.openWindow(url);
    });
  }

  scope.addEventListener("install", function () { scope.skipWaiting(); });
  scope.addEventListener("activate", function (event) { event.waitUntil(scope.clients.claim()); });
  scope.addEventListener("push", function (event) { event.waitUntil(show(read(event))); });
  scope.addEventListener("notificationclick", function (event) {
    event.notification.close();
    event.waitUntil(open(new URL(event.notification.data.url, scope.location.href).href));
  });
}(self));
