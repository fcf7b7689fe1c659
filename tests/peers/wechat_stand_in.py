#!/usr/bin/env python3
"""WeChat's interfaces, written from their documents, that send nothing and tell everything: one JSON line for each call.

    python3 wechat_stand_in.py official|wecom|dingtalk|feishu --id ID --secret SECRET [--token TOKEN --key AESKEY]
                               [--daily N] [--monthly N] [--delay-ms N] [--port 0]

The first line is {"listening": PORT}. Each line has path, document, the number of tokens handed out so far, how many of them
were forced, the code answered, what was dropped without a word, and the events WeChat would post: query and body, sealed by
PyPI wechatpy's own crypto, each twice and the last first.

An openid, userid or robot's key that ends with _CODE is answered with that code; with _http500, _http503 (Retry-After: 7),
_junk (no JSON) or _silent as it says; a userid that ends with _invalid or _unlicensed is listed as such; an openid that ends
with _block has blocked the account. POST /stand-in {"expire": true} ends the token in use; {"revoke": true} makes it wrong
without the stable token noticing, until another is forced.

Needs wechatpy of tests/requirements.txt.
"""

import argparse
import base64
import hashlib
import hmac
import importlib.util
import itertools
import json
import re
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlencode, urlsplit

FIELD_MAX = {"thing": 20, "number": 32, "letter": 32, "symbol": 5, "character_string": 32, "phrase": 5, "name": 10}
SAID = {
    0: "ok",
    40001: "invalid credential, access_token is invalid or not latest",
    42001: "access_token expired",
    40125: "invalid appsecret",
    47003: "argument invalid!",
    45009: "reach max api daily quota limit",
    45028: "has no masssend quota",
    45065: "clientmsgid exist",
}


def tell(document, lock=threading.Lock()):
    with lock:
        print(json.dumps(document, ensure_ascii=False), flush=True)


class Account:
    """What official accounts and WeCom have in common: a token, and codes by address."""

    def __init__(self, options):
        self.options = options
        self.lock = threading.RLock()
        self.ids = itertools.count(2_100_000_000_000_000_001)
        self.asked = self.forced = self.calls = 0
        self.token, self.valid = None, False
        self.crypto = None
        if options.token:
            from wechatpy.crypto import WeChatCrypto

            self.crypto = WeChatCrypto(options.token, options.key, options.id)

    def control(self, document):
        if document.get("expire"):
            self.token, self.valid = None, False
        if document.get("revoke"):
            self.valid = False
        return 0, {}

    def hand_out(self, force):
        self.asked += 1
        self.forced += force
        if force or self.token is None:
            self.token = f"{self.options.secret[:4]}-token-{self.asked}_{hashlib.sha1(str(self.asked).encode()).hexdigest()}"
            self.valid = True
        return {"access_token": self.token, "expires_in": 7200}

    def token_code(self, query):
        given = query.get("access_token")
        if not given:
            return 41001
        if given == self.token and self.valid:
            return 0
        return 40001 if given == self.token else 42001

    def events(self, fields):
        """The events of one message, sealed, the last first and each twice."""
        sealed = []
        for place, event in enumerate(fields):
            stamp, nonce = str(1_795_478_400 + place), str(next(self.ids))
            xml = "".join(f"<{name}>{value}</{name}>" for name, value in event.items())
            whole = (
                f"<xml><ToUserName><![CDATA[gh_7f083739789a]]></ToUserName><CreateTime>{stamp}</CreateTime>"
                f"<MsgType><![CDATA[event]]></MsgType>{xml}</xml>"
            )
            envelope = self.crypto.encrypt_message(whole, nonce, stamp)
            signature = re.search(r"<MsgSignature><!\[CDATA\[(\w+)", envelope).group(1)
            query = {"timestamp": stamp, "nonce": nonce, "encrypt_type": "aes", "msg_signature": signature}
            sealed += [{"query": urlencode(query), "body": envelope}] * 2
        return sealed[::-1]


def cdata(text):
    return f"<![CDATA[{text}]]>"


class Official(Account):
    def __init__(self, options):
        super().__init__(options)
        self.mass, self.sent = {}, Counter()

    def answer(self, method, path, query, document):
        if path == "/cgi-bin/stable_token":
            if (document.get("appid"), document.get("secret")) != (self.options.id, self.options.secret):
                return 40125 if document.get("appid") == self.options.id else 40013, {}, []
            return 0, self.hand_out(document.get("force_refresh") is True), []
        code = self.token_code(query)
        if code:
            return code, {}, []
        if path == "/cgi-bin/get_api_domain_ip":
            return 0, {"ip_list": ["101.226.62.77"]}, []
        self.calls += 1
        if self.options.daily and self.calls > self.options.daily:
            return 45009, {}, []
        way = {
            "/cgi-bin/message/template/send": self.template,
            "/cgi-bin/message/subscribe/bizsend": self.template,
            "/cgi-bin/message/subscribe/send": self.template,
            "/cgi-bin/message/custom/send": self.custom,
            "/cgi-bin/message/mass/sendall": self.sendall,
            "/cgi-bin/message/mass/send": self.list,
            "/cgi-bin/message/mass/speed/set": self.speed,
            "/cgi-bin/draft/add": self.draft,
        }.get(path)
        return way(path, document) if way else (40066, {}, [])

    def template(self, path, document):
        if not document.get("template_id") or document["template_id"] == "unknown":
            return 40037, {}, []
        for name, field in document["data"].items():
            most = FIELD_MAX.get(name.rstrip("0123456789"))
            if not field["value"] or most and len(field["value"]) > most:
                return 47003, {}, []
        number = next(self.ids)
        blocked = document["touser"].endswith("_block")
        to = cdata(document["touser"])
        if path.endswith("template/send"):
            status = "failed:user block" if blocked else "success"
            told = 0 if "client_msg_id" in document else number
            event = {"Event": cdata("TEMPLATESENDJOBFINISH"), "FromUserName": to, "MsgID": told, "Status": cdata(status)}
            return 0, {"msgid": number}, [event]
        inner = (
            f"<List><TemplateId>{cdata(document['template_id'])}</TemplateId><MsgID>{number}</MsgID>"
            f"<ErrorCode>{43101 if blocked else 0}</ErrorCode><ErrorStatus>{cdata('refused' if blocked else 'success')}</ErrorStatus></List>"
        )
        event = {"Event": cdata("subscribe_msg_sent_event"), "FromUserName": to, "SubscribeMsgSentEvent": inner}
        return 0, {"msgid": number}, [event]

    def custom(self, path, document):
        return (0 if document["text"]["content"] else 44004), {}, []

    def finished(self, number, total):
        counts = {"TotalCount": total, "FilterCount": total, "SentCount": max(total - 1, 0), "ErrorCount": min(total, 1)}
        event = {"Event": cdata("MASSSENDJOBFINISH"), "FromUserName": cdata("oAdmin"), "MsgID": number, "Status": cdata("send success")}
        return [event | counts]

    def once(self, document, act):
        token = document.get("clientmsgid", "")
        # The documents say 64 bytes; 36 were refused.
        if len(token) > 32 or not token:
            return 45067, {}, []
        if token in self.mass:
            return 45065, {"msg_id": self.mass[token]}, []
        code, total = act()
        if code:
            return code, {}, []
        number = self.mass[token] = next(self.ids)
        return 0, {"msg_id": number, "msg_data_id": 1}, self.finished(number, total)

    def sendall(self, path, document):
        scope = document["filter"]

        def act():
            key = "all" if scope["is_to_all"] else scope["tag_id"]
            if key == 404:
                return 40152, 0
            if key in (45009, 48001, 40013):
                return key, 0
            if self.sent[key] >= self.options.monthly:
                return 45028, 0
            self.sent[key] += 1
            return 0, 0 if key == 777 else 1000

        return self.once(document, act)

    def list(self, path, document):
        to = document["touser"]
        return self.once(document, lambda: (0 if 2 <= len(set(to)) == len(to) <= 10000 else 40130, len(to)))

    def speed(self, path, document):
        return (0 if document["speed"] in range(5) else 45083), {}, []

    def draft(self, path, document):
        article = document["articles"][0]
        if not article["thumb_media_id"].startswith("thumb"):
            return 40007, {}, []
        if len(article["title"]) > 32 or len(article["author"]) > 16 or len(article["content"]) > 20000 or "<script" in article["content"]:
            return 45003, {}, []
        return 0, {"media_id": f"draft-{next(self.ids)}"}, []


class WeCom(Account):
    """Members get 30 messages a minute; more are dropped without a word."""

    def __init__(self, options):
        super().__init__(options)
        self.got = Counter()
        self.dropped = 0

    def answer(self, method, path, query, document):
        if path == "/cgi-bin/gettoken":
            if (query.get("corpid"), query.get("corpsecret")) != (self.options.id, self.options.secret):
                return 40001, {}, []
            return 0, self.hand_out(False), []
        if path == "/cgi-bin/webhook/send":
            return self.robot(query.get("key", ""), document)
        code = self.token_code(query)
        if code:
            return 40014 if code == 40001 else code, {}, []
        if path == "/cgi-bin/get_api_domain_ip":
            return 0, {"ip_list": ["101.226.62.77"]}, []
        if path != "/cgi-bin/message/send" or document.get("agentid") != 1000002:
            return 40056, {}, []
        to = document["touser"].split("|")
        if len(to) > 1000:
            return 40058, {}, []
        if len(document["text"]["content"].encode()) > 2048:
            return 45002, {}, []
        invalid = [one.lower() for one in to if one.endswith("_invalid")]
        unlicensed = [one.lower() for one in to if one.endswith("_unlicensed")]
        for one in set(to) - set(invalid) - set(unlicensed):
            self.got[one.lower()] += 1
            self.dropped += self.got[one.lower()] > 30
        said = {"invaliduser": "|".join(invalid), "unlicenseduser": "|".join(unlicensed), "dropped": self.dropped}
        if len(invalid) + len(unlicensed) == len(to):
            return 81013, said, []
        return 0, said | {"msgid": f"m{next(self.ids)}"}, []

    def robot(self, key, document):
        if not key.startswith("robot"):
            return 93000, {}, []
        form = document["msgtype"]
        most = {"text": 2048, "markdown": 4096}[form]
        return (40058 if len(document[form]["content"].encode()) > most else 0), {}, []


class DingTalk(Account):
    def answer(self, method, path, query, document):
        if path != "/robot/send" or not query.get("access_token", "").startswith("robot"):
            return 300005, {}, []
        secret = self.options.secret
        words = f"{query.get('timestamp')}\n{secret}".encode()
        sign = base64.b64encode(hmac.new(secret.encode(), words, hashlib.sha256).digest()).decode()
        if query.get("sign") != sign or len(query["timestamp"]) != 13:
            return 310000, {}, []
        return (0 if document["text"]["content"] else 40035), {}, []


class Feishu(Account):
    def answer(self, method, path, query, document):
        if not path.startswith("/open-apis/bot/v2/hook/robot"):
            return 19001, {}, []
        words = f"{document.get('timestamp')}\n{self.options.secret}".encode()
        if document.get("sign") != base64.b64encode(hmac.new(words, b"", hashlib.sha256).digest()).decode():
            return 19021, {}, []
        return (0 if document["content"]["text"] else 9499), {}, []


ACCOUNTS = {"official": Official, "wecom": WeCom, "dingtalk": DingTalk, "feishu": Feishu}


def told_by_address(path, query, document):
    """What the addresses of a call ask for: a code, or something worse."""
    to = document.get("touser", "")
    names = to if isinstance(to, list) else to.split("|")
    names = [*names, path, query.get("key", ""), query.get("access_token", "") if path == "/robot/send" else ""]
    found = (re.search(r"_(-?\d+|http\d+|junk|silent)$", name) for name in names)
    return next((match.group(1) for match in found if match), None)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def serve(self):
        account = self.server.account
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        parts = urlsplit(self.path)
        query, document = dict(parse_qsl(parts.query)), json.loads(body or b"{}")
        if parts.path == "/stand-in":
            with account.lock:
                account.control(document)
            return self.answer(200, b"{}")
        if "token" in parts.path:
            time.sleep(account.options.delay_ms / 1000)
        asked = told_by_address(parts.path, query, document)
        with account.lock:
            code, said, events = account.answer(self.command, parts.path, query, document)
            if not code and asked and asked.lstrip("-").isdigit():
                code, said, events = int(asked), {}, []
            told = {"path": parts.path, "document": document, "code": code, "asked": account.asked, "forced": account.forced}
            told["dropped"] = getattr(account, "dropped", 0)
            told["events"] = account.events(events) if account.crypto else []
            tell(told)
        if asked == "silent":
            threading.Event().wait()
        if asked == "junk":
            return self.answer(200, b"<html>not a document</html>")
        if asked and asked.startswith("http"):
            return self.answer(int(asked[4:]), b"")
        words = f"{SAID.get(code, 'refused')} {document.get('touser', '')} rid: 6"
        names = ("code", "msg") if isinstance(account, Feishu) else ("errcode", "errmsg")
        head = {} if parts.path == "/cgi-bin/stable_token" and not code else {names[0]: code, names[1]: words}
        return self.answer(200, json.dumps(head | said, ensure_ascii=False).encode())

    def answer(self, status, document):
        self.send_response(status)
        self.send_header("Content-Type", "application/json; encoding=utf-8")
        self.send_header("Content-Length", str(len(document)))
        if status == 503:
            self.send_header("Retry-After", "7")
        self.end_headers()
        self.wfile.write(document)

    do_GET = do_POST = serve

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("account", choices=ACCOUNTS)
    options.add_argument("--id", required=True)
    options.add_argument("--secret", required=True)
    options.add_argument("--token")
    options.add_argument("--key")
    options.add_argument("--daily", type=int, default=0)
    options.add_argument("--monthly", type=int, default=4)
    options.add_argument("--delay-ms", type=int, default=0)
    options.add_argument("--port", type=int, default=0)
    options = options.parse_args()
    if importlib.util.find_spec("wechatpy") is None:
        sys.exit("wechat_stand_in.py lacks wechatpy: cargo xtask test makes the Python environment")
    server = Server(("127.0.0.1", options.port), Handler)
    server.account = ACCOUNTS[options.account](options)
    tell({"listening": server.server_address[1]})
    server.serve_forever()


if __name__ == "__main__":
    main()
