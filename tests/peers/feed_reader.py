#!/usr/bin/env python3
"""Reads a feed the way readers of others do: link, title and time of each entry as a JSON array.

    python3 feed_reader.py < feed.xml

Fails when the reader finds the feed ill-formed. Needs feedparser: pip install feedparser==6.0.14
"""

import json
import sys

import feedparser

feed = feedparser.parse(sys.stdin.buffer.read())
if feed.bozo:
    sys.exit(f"ill-formed: {feed.bozo_exception}")
print(json.dumps([{name: entry.get(name) for name in ("link", "title", "published", "id")} for entry in feed.entries]))
