// Subscribes this browser to the areas and levels chosen in the form.
(function () {
  "use strict";
  var form = document.getElementById("subscribe"), box = document.getElementById("push");
  if (!form || !box) { return; }
  var on = document.getElementById("push-on"), off = document.getElementById("push-off"), said = document.getElementById("push-said");

  function say(name) { said.textContent = name ? said.getAttribute("data-" + name) : ""; }
  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) { say("unable"); return; }

  function key() {
    var text = box.getAttribute("data-key").replace(/-/g, "+").replace(/_/g, "/");
    var bytes = atob(text), out = new Uint8Array(bytes.length);
    for (var at = 0; at < bytes.length; at += 1) { out[at] = bytes.charCodeAt(at); }
    return out;
  }

  function call(method, body) {
    return fetch("/subscribe/push", { method: method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) })
      .then(function (answer) { if (!answer.ok) { throw new Error(String(answer.status)); } });
  }

  function chosen(name) {
    return [].slice.call(form.querySelectorAll("[name=" + name + "]:checked")).map(function (one) { return one.value; });
  }

  function registration() { return navigator.serviceWorker.register("/push-worker.js").then(function () { return navigator.serviceWorker.ready; }); }

  function subscribe() {
    if (!chosen("area").length) { say("no-area"); return; }
    on.disabled = true;
    say("working");
    Notification.requestPermission().then(function (answer) {
      if (answer !== "granted") { throw new Error("denied"); }
      return registration();
    }).then(function (there) {
      return there.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key() });
    }).then(function (subscription) {
      var whole = subscription.toJSON();
      return call("POST", {
        subscription: { endpoint: whole.endpoint, keys: { p256dh: whole.keys.p256dh, auth: whole.keys.auth } },
        areas: chosen("area"), level: chosen("level")[0] || "all", language: document.documentElement.lang
      });
    }).then(function () { say("done"); off.hidden = false; }, function (fault) { say(fault.message === "denied" ? "denied" : "failed"); })
      .then(function () { on.disabled = false; });
  }

  function unsubscribe() {
    registration().then(function (there) { return there.pushManager.getSubscription(); }).then(function (subscription) {
      if (!subscription) { return null; }
      return call("DELETE", { endpoint: subscription.endpoint }).then(function () { return subscription.unsubscribe(); });
    }).then(function () { say("ended"); off.hidden = true; }, function () { say("failed"); });
  }

  on.addEventListener("click", subscribe);
  off.addEventListener("click", unsubscribe);
  on.hidden = false;
  say("");
  navigator.serviceWorker.getRegistration("/").then(function (there) { return there && there.pushManager.getSubscription(); })
    .then(function (subscription) { off.hidden = !subscription; }, function () {});
}());
