"""Validates requests to messages:send, one JSON document a line on standard input, against Google's own description of FCM
v1, which PyPI google-api-python-client carries. With --count-invalid, what is wrong is counted instead of told.
"""

import json
import re
import sys
from pathlib import Path

import googleapiclient

documents = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
discovery = json.loads((documents / "fcm.v1.json").read_text())
send = discovery["resources"]["projects"]["resources"]["messages"]["methods"]["send"]
TYPES = {"string": str, "boolean": bool, "integer": int, "number": (int, float), "object": dict, "array": list}


def check(value, schema, path):
    """Every way in which a value breaks its schema."""
    if "$ref" in schema:
        schema = discovery["schemas"][schema["$ref"]]
    kind = schema.get("type", "any")
    if kind == "any":
        return
    if not isinstance(value, TYPES[kind]):
        yield f"{path}: {value!r} is no {kind}"
    elif kind == "array":
        for number, item in enumerate(value):
            yield from check(item, schema["items"], f"{path}[{number}]")
    elif kind == "object":
        known, others = schema.get("properties", {}), schema.get("additionalProperties")
        for name, item in value.items():
            if name in known or others:
                yield from check(item, known.get(name, others), f"{path}.{name}")
            else:
                yield f"{path}.{name}: unknown"
    elif "enum" in schema and value not in schema["enum"]:
        yield f"{path}: {value!r} is not one of {schema['enum']}"
    elif schema.get("format") == "google-duration" and not re.fullmatch(r"\d+(\.\d{1,9})?s", value):
        yield f"{path}: {value!r} is no duration"


def problems(line):
    document = json.loads(line)
    yield from check(document, send["request"], "request")
    targets = [kind for kind in ("token", "fid", "topic", "condition") if kind in document.get("message", {})]
    if len(targets) != 1:
        yield f"request.message: {targets} are its targets, one is wanted"


found = [list(problems(line)) for line in sys.stdin.read().splitlines()]
invalid = [one for one in found if one]
if "--count-invalid" in sys.argv:
    print(f"{len(invalid)} invalid")
elif invalid:
    sys.exit("\n".join(text for one in invalid for text in one))
else:
    print(f"{len(found)} valid")
