#!/usr/bin/env python3
"""A provider of short messages that sends nothing and tells everything: one JSON line for each call it takes.

    python3 sms_clouds.py aliyun|tencent|huawei|twilio --id ID --secret SECRET [--port 0]

The first line is {"listening": PORT}. What is signed is checked with the vendor's own published code (Huawei's X-WSSE, of
which there is none, with the formula of its manual); a nonce must not come twice. Each line has what the call said, whether
its signature holds, and the callbacks the provider would post for what it took: body and headers.

Numbers are judged by their last four digits:
    0404 refused, 0429 too often, 0999 a code nobody knows, 0410 not spoken of in the answer;
    and for the whole call: 0400 the content is bad, 0430 the account is too fast, 0401 the key is wrong, 0402 a refusal in
    words that quote the number, 0500 and 0503 (Retry-After: 7) as HTTP statuses, 0440 an answer that is no JSON, 0408 none.
Everybody else is taken.

Needs the packages of tests/requirements.txt.
"""

import argparse
import base64
import hashlib
import importlib.util
import itertools
import json
import re
import sys
import threading
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlencode

WHOLE = ("0400", "0401", "0402", "0408", "0430", "0440", "0500", "0503")


def tell(document, lock=threading.Lock()):
    with lock:
        print(json.dumps(document, ensure_ascii=False), flush=True)


def ending(number):
    return number[-4:]


def check(module):
    if importlib.util.find_spec(module) is None:
        sys.exit(f"sms_clouds.py lacks {module}: cargo xtask test makes the Python environment")


class Provider:
    """What all of them have in common. `body` is bytes, `headers` have lower-case names."""

    def __init__(self, key_id, secret):
        self.id, self.secret = key_id, secret
        self.counter = itertools.count(1)
        self.nonces = set()
        self.lock = threading.Lock()

    def is_new(self, nonce):
        with self.lock:
            known = nonce in self.nonces
            self.nonces.add(nonce)
            return bool(nonce) and not known


class AliyunCloud(Provider):
    codes = {
        "0404": "isv.MOBILE_NUMBER_ILLEGAL",
        "0429": "isv.BUSINESS_LIMIT_CONTROL",
        "0999": "isv.NEVER_HEARD_OF",
        "0400": "isv.BLACK_KEY_CONTROL_LIMIT",
        "0401": "isv.AMOUNT_NOT_ENOUGH",
        "0402": "isv.MOBILE_NUMBER_ILLEGAL",
        "0430": "Throttling.User",
    }

    def is_signed(self, method, path, headers, body):
        from alibabacloud_openapi_util.client import Client
        from Tea.request import TeaRequest

        signed = re.search(r"SignedHeaders=([^,]*)", headers.get("authorization", ""))
        request = TeaRequest()
        request.method, request.pathname = method, path
        request.headers = {name: headers.get(name, "") for name in signed.group(1).split(";")} if signed else {}
        payload = hashlib.sha256(body).hexdigest()
        expected = Client.get_authorization(request, "ACS3-HMAC-SHA256", payload, self.id, self.secret)
        covered = {"host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"}
        return (
            headers.get("authorization") == expected
            and covered <= set(request.headers)
            and headers.get("x-acs-content-sha256") == payload
            and self.is_new(headers.get("x-acs-signature-nonce"))
        )

    def read(self, path, headers, body):
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
        numbers = [number for number in fields.get("PhoneNumbers", "").split(",") if number]
        return headers.get("x-acs-action"), numbers, fields

    def unsigned(self):
        return 400, {"Code": "SignatureDoesNotMatch", "Message": "Specified signature is not matched"}

    def probe(self):
        return 200, {"Code": "OK", "Message": "OK", "SmsTemplateList": []}

    def answer(self, numbers, fields):
        for number in numbers:
            if ending(number) in self.codes:
                return 200, {"Code": self.codes[ending(number)], "Message": f"{number} {number}not taken"}, []
        biz_id = f"{next(self.counter)}^0"
        report = lambda number: {
            "phone_number": number,
            "send_time": "2026-11-30 12:00:00",
            "report_time": "2026-11-30 12:00:03",
            "success": True,
            "err_code": "DELIVERED",
            "err_msg": "用户接收成功",
            "sms_size": "1",
            "biz_id": biz_id,
            "out_id": fields.get("OutId", ""),
        }
        callback = {"body": json.dumps([report(number) for number in numbers]), "headers": {}}
        return 200, {"Code": "OK", "Message": "OK", "BizId": biz_id, "RequestId": "r"}, [callback]


class TencentCloud(Provider):
    codes = {
        "0404": "InvalidParameterValue.IncorrectPhoneNumber",
        "0429": "LimitExceeded.PhoneNumberThirtySecondLimit",
        "0999": "FailedOperation.NeverHeardOf",
        "0402": "FailedOperation.PhoneNumberInBlacklist",
    }
    errors = {
        "0400": "FailedOperation.ContainSensitiveWord",
        "0401": "FailedOperation.InsufficientBalanceInSmsPackage",
        "0430": "RequestLimitExceeded",
    }

    def is_signed(self, method, path, headers, body):
        from tencentcloud.common.abstract_client import AbstractClient

        time = headers.get("x-tc-timestamp", "0")
        request = SimpleNamespace(
            uri=path,
            method=method,
            data=body.decode(),
            header={
                "Content-Type": headers.get("content-type"),
                "Host": headers.get("host"),
                "X-TC-Timestamp": time,
            },
        )
        date = datetime.fromtimestamp(int(time), timezone.utc).strftime("%Y-%m-%d")
        signature = AbstractClient._get_tc3_signature(None, None, request, date, "sms", self.secret)
        expected = (
            f"TC3-HMAC-SHA256 Credential={self.id}/{date}/sms/tc3_request, "
            f"SignedHeaders=content-type;host, Signature={signature}"
        )
        return headers.get("authorization") == expected and headers.get("x-tc-version") == "2021-01-11"

    def read(self, path, headers, body):
        fields = json.loads(body)
        return headers.get("x-tc-action"), fields.get("PhoneNumberSet", []), fields

    def unsigned(self):
        return self.error("AuthFailure.SignatureFailure", "the signature does not fit")

    def probe(self):
        return 200, {"Response": {"DescribeTemplateStatusSet": [], "RequestId": "r"}}

    def error(self, code, message):
        return 200, {"Response": {"Error": {"Code": code, "Message": message}, "RequestId": "r"}}

    def answer(self, numbers, fields):
        foreign = {number.startswith("+86") for number in numbers}
        if len(foreign) > 1:
            return *self.error("UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber", "mixed"), []
        for number in numbers:
            if ending(number) in self.errors:
                return *self.error(self.errors[ending(number)], f"{number} not taken"), []
        results, reports = [], []
        for number in reversed(numbers):
            code = self.codes.get(ending(number), "Ok")
            serial = f"2640:{next(self.counter)}" if code == "Ok" else ""
            result = {"SerialNo": serial, "PhoneNumber": number, "Fee": int(code == "Ok"), "Code": code}
            result |= {"SessionContext": fields.get("SessionContext", ""), "Message": f"{code} {number}", "IsoCode": "CN"}
            if ending(number) != "0410":
                results.append(result)
            if code == "Ok":
                reports.append(
                    {
                        "user_receive_time": "2026-11-30 12:00:03",
                        "nationcode": number[1:3],
                        "mobile": number[3:],
                        "report_status": "SUCCESS",
                        "errmsg": "DELIVRD",
                        "description": "用户短信送达成功",
                        "sid": serial,
                    }
                )
        callback = {"body": json.dumps(reports), "headers": {}}
        return 200, {"Response": {"SendStatusSet": results, "RequestId": "r"}}, [callback]


class HuaweiCloud(Provider):
    codes = {"0404": "E200025", "0429": "E000623", "0999": "E999999", "0402": "SC:0016"}
    errors = {"0400": "E000503", "0401": "E000112", "0430": "E000623"}

    def is_signed(self, method, path, headers, body):
        if "x-wsse" in headers:
            return self.is_wsse(headers)
        from huaweicloudsdkcore.sdk_request import SdkRequest
        from huaweicloudsdkcore.signer.signer import Signer

        signed = re.search(r"SignedHeaders=([^,]*)", headers.get("authorization", ""))
        wanted = signed.group(1).split(";") if signed else []
        names = {"host": "Host", "content-type": "Content-Type", "x-sdk-date": "X-Sdk-Date"}
        request = SdkRequest(
            method=method,
            host=headers.get("host"),
            resource_path=path,
            query_params=[],
            header_params={names[name]: headers.get(name, "") for name in wanted if name in names},
            body=body,
        )
        Signer(SimpleNamespace(ak=self.id, sk=self.secret)).sign(request)
        covered = {"host", "content-type", "x-sdk-date"} <= set(wanted)
        return covered and request.header_params["Authorization"] == headers.get("authorization")

    def is_wsse(self, headers):
        given = dict(re.findall(r'(\w+)="([^"]*)"', headers["x-wsse"]))
        digest = hashlib.sha256((given["Nonce"] + given["Created"] + self.secret).encode()).hexdigest()
        return (
            headers.get("authorization") == 'WSSE realm="SDP",profile="UsernameToken",type="Appkey"'
            and headers["x-wsse"].startswith("UsernameToken Username=")
            and given["Username"] == self.id
            and given["PasswordDigest"] == base64.b64encode(digest.encode()).decode()
            and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", given["Created"]) is not None
            and self.is_new(given["Nonce"])
        )

    def read(self, path, headers, body):
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
        numbers = [number for number in fields.get("to", "").split(",") if number]
        return "probe" if "to" not in fields else path, numbers, fields

    def unsigned(self):
        return 401, {"code": "E000101", "description": "Authentication failed"}

    def probe(self):
        return 400, {"code": "E000503", "description": "to is missing"}

    def answer(self, numbers, fields):
        for number in numbers:
            if ending(number) in self.errors:
                return 400, {"code": self.errors[ending(number)], "description": f"{number} not taken"}, []
        results, callbacks = [], []
        for number in reversed(numbers):
            code = self.codes.get(ending(number), "000000")
            name = f"4b4b34e7-1a9e-42ac-b309-d10997148905_{next(self.counter)}"
            result = {"originTo": number, "createTime": "2026-11-30T04:00:00Z", "from": fields["from"]}
            if ending(number) != "0410":
                results.append(result | {"smsMsgId": name, "status": code})
            if code == "000000" and fields.get("statusCallback"):
                report = {"sequence": 1, "total": 1, "orgCode": "000", "updateTime": "2026-11-30T04:00:03Z"}
                report |= {"source": 2, "smsMsgId": name, "status": "DELIVRD"}
                if "extend" in fields:
                    report |= {"extend": fields["extend"], "to": number}
                callbacks.append({"body": urlencode(report), "headers": {}})
        code = "000000" if all(result["status"] == "000000" for result in results) else "E000510"
        return 200, {"code": code, "description": "Success", "result": results}, callbacks


class TwilioCloud(Provider):
    codes = {
        "0404": 21211,
        "0429": 21611,
        "0999": 29999,
        "0400": 21617,
        "0401": 20003,
        "0402": 21610,
        "0430": 20429,
    }

    def is_signed(self, method, path, headers, body):
        expected = "Basic " + base64.b64encode(f"{self.id}:{self.secret}".encode()).decode()
        return headers.get("authorization") == expected and path.startswith(f"/2010-04-01/Accounts/{self.id}")

    def read(self, path, headers, body):
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
        return path, [fields["To"]] if "To" in fields else [], fields

    def unsigned(self):
        return 401, {"code": 20003, "message": "Authenticate", "status": 401}

    def probe(self):
        return 200, {"sid": self.id, "status": "active"}

    def answer(self, numbers, fields):
        code = self.codes.get(ending(numbers[0]))
        if code is not None:
            status = 429 if code == 20429 else 400
            return status, {"code": code, "message": f"The 'To' number {numbers[0]}: no", "status": status}, []
        from twilio.request_validator import RequestValidator

        sid = f"SM{next(self.counter):032x}"
        callbacks = []
        for status in ("sent", "delivered"):
            form = {"MessageSid": sid, "SmsSid": sid, "MessageStatus": status, "To": numbers[0], "AccountSid": self.id}
            if "StatusCallback" in fields:
                signature = RequestValidator(self.secret).compute_signature(fields["StatusCallback"], form)
                callbacks.append({"body": urlencode(form), "headers": {"x-twilio-signature": signature}})
        return 201, {"sid": sid, "status": "queued", "error_code": None, "error_message": None}, callbacks


CLOUDS = {"aliyun": AliyunCloud, "tencent": TencentCloud, "huawei": HuaweiCloud, "twilio": TwilioCloud}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def serve(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        cloud = self.server.cloud
        action, numbers, fields = cloud.read(self.path, headers, body)
        signed = cloud.is_signed(self.command, self.path, headers, body)
        whole = {ending(number) for number in numbers} & set(WHOLE)
        callbacks = []
        if not signed:
            status, answer = cloud.unsigned()
        elif not numbers:
            status, answer = cloud.probe()
        elif whole & {"0408", "0440", "0500", "0503"}:
            status, answer = {"0500": (500, None), "0503": (503, None)}.get(min(whole), (200, None))
        else:
            status, answer, callbacks = cloud.answer(numbers, fields)
        told = {"action": action, "signed": signed, "numbers": numbers, "fields": fields, "callbacks": callbacks}
        tell(told | {"path": self.path})
        if "0408" in whole:
            threading.Event().wait()
        document = b"not a document" if answer is None else json.dumps(answer, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json;charset=utf-8")
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
    options.add_argument("cloud", choices=CLOUDS)
    options.add_argument("--id", required=True)
    options.add_argument("--secret", required=True)
    options.add_argument("--port", type=int, default=0)
    options = options.parse_args()
    for module in ("alibabacloud_openapi_util", "tencentcloud", "huaweicloudsdkcore", "twilio"):
        check(module)
    server = Server(("127.0.0.1", options.port), Handler)
    server.cloud = CLOUDS[options.cloud](options.id, options.secret)
    tell({"listening": server.server_address[1]})
    server.serve_forever()


if __name__ == "__main__":
    main()
