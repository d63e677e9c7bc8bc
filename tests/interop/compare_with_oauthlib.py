#!/usr/bin/env python3
"""Signs random requests with `smart sign --batch` and with oauthlib, and compares the signatures.

    pip install oauthlib
    cargo build --release
    python3 tests/interop/compare_with_oauthlib.py target/release/smart [COUNT [SEED]]

The dialect is that of RFC 5849. Prints how many were compared and how many either side refused, with its reason. Ends with
exit code 1 at the first signatures that differ. No part of CI: it needs Python and oauthlib.
"""

import collections
import json
import random
import subprocess
import sys
import urllib.parse

from oauthlib import oauth1

FORM = "application/x-www-form-urlencoded"
HOSTS = ["localhost:7000", "example.org", "EXAMPLE.org:80", "example.org:443", "a.b.example:8080", "[2001:DB8::1]", "[::1]:7000",
         "127.0.0.1:80"]
PATHS = ["", "/", "/records/1288992/lab_results/", "/a%20b/caf%C3%A9", "/my-app@apps.example.org", "//a/../b/", "/a;b=c,d", "/~x/(y)*!'",
         "/%7Eescaped/%2F"]
ALPHABET = "aAbZ09-._~ +&=%?/:;@,!*'()[]{}|\"<>\\^`#$éß漢😀"


def text(dice, longest, shortest=0):
    return "".join(dice.choice(ALPHABET) for _ in range(dice.randint(shortest, longest)))


def encoded(dice, value):
    """One of the ways in which clients write a form."""
    style = dice.randrange(3)
    if style == 0:
        return urllib.parse.quote(value, safe="-._~")
    if style == 1:
        return urllib.parse.quote_plus(value)
    return urllib.parse.quote(value, safe="-._~/:@!*'()").replace("%2B", "%2b")


def pairs(dice):
    names = [text(dice, 6) for _ in range(dice.randint(0, 7))]
    if names and dice.random() < 0.3:
        names.append(names[0])
    values = (dice.choice(["", text(dice, 12), text(dice, 3)]) for _ in names)
    return "&".join(encoded(dice, n) + ("=" if n or dice.random() < 0.9 else "") + ("" if dice.random() < 0.1 else encoded(dice, v))
                    for n, v in zip(names, values))


def job(dice):
    signature_method = dice.choice(["HMAC-SHA1", "HMAC-SHA1", "HMAC-SHA256", "PLAINTEXT"])
    # PLAINTEXT is refused off TLS
    scheme = "https" if signature_method == "PLAINTEXT" else dice.choice(["http", "https", "HTTP"])
    method = dice.choice(["GET", "GET", "GET", "POST", "POST", "PUT", "DELETE", "HEAD", "PATCH"])
    query = pairs(dice)
    one = {
        "method": method,
        "url": f"{scheme}://{dice.choice(HOSTS)}{dice.choice(PATHS)}" + (f"?{query}" if query else dice.choice(["", "", "?"])),
        "consumer_key": text(dice, 20, 1),
        "consumer_secret": text(dice, 20),
        "nonce": "".join(dice.choice("abcdefXYZ0123456789-._~") for _ in range(dice.randint(8, 40))),
        "timestamp": dice.randrange(1, 2**32),
        "signature_method": signature_method,
        "dialect": "rfc",
    }
    if dice.random() < 0.7:
        one["token"], one["token_secret"] = text(dice, 20, 1), text(dice, 20)
    if dice.random() < 0.2:
        one["verifier"] = text(dice, 12, 1)
    if dice.random() < 0.2:
        one["callback"] = dice.choice(["oob", "http://localhost:8000/cb?a=b c", "smart-app:///x"])
    if method not in ("GET", "HEAD", "DELETE") and dice.random() < 0.8:
        kind = dice.choice([FORM, FORM, FORM, f"{FORM}; charset=utf-8", "text/plain", "application/rdf+xml"])
        one["content_type"], one["body"] = kind, pairs(dice)
    elif dice.random() < 0.03:
        one["content_type"], one["body"] = FORM, pairs(dice)
    return one


def by_oauthlib(one):
    client = oauth1.Client(
        one["consumer_key"], client_secret=one["consumer_secret"], resource_owner_key=one.get("token"),
        resource_owner_secret=one.get("token_secret"), callback_uri=one.get("callback"), verifier=one.get("verifier"),
        signature_method=one["signature_method"], nonce=one["nonce"], timestamp=str(one["timestamp"]))
    # oauthlib adds a body hash to bodies that are no forms; that is an extension, which the strict dialect leaves out
    is_form = one.get("content_type", "").startswith(FORM)
    headers = {"Content-Type": one["content_type"]} if is_form else {}
    _, headers, _ = client.sign(one["url"], http_method=one["method"], body=one["body"] if is_form else None, headers=headers)
    for piece in headers["Authorization"].removeprefix("OAuth ").split(", "):
        name, _, value = piece.partition("=")
        if name == "oauth_signature":
            return urllib.parse.unquote(value.strip('"'))
    raise AssertionError("no signature")


def main():
    smart, count, seed = (sys.argv[1:] + ["10000", "1"][len(sys.argv) - 2:])[:3]
    dice = random.Random(int(seed))
    jobs = [job(dice) for _ in range(int(count))]
    lines = "".join(json.dumps(one) + "\n" for one in jobs)
    run = subprocess.run([smart, "sign", "--batch"], input=lines.encode(), stdout=subprocess.PIPE, check=True)
    ours = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(ours) == len(jobs), (len(ours), len(jobs))

    tally, refusals = collections.Counter(), collections.Counter()
    for one, our in zip(jobs, ours):
        try:
            theirs = by_oauthlib(one)
        except ValueError as error:
            theirs = None
            refusals["oauthlib: " + str(error).split(":")[0].split("(")[0][:70]] += 1
        if "error" in our:
            refusals["smart: " + our["error"]] += 1
        if theirs is None or "error" in our:
            tally["refused by " + ("both" if theirs is None and "error" in our else "oauthlib" if theirs is None else "smart")] += 1
        elif theirs == our["signature"]:
            tally["agree"] += 1
            tally["agree, " + one["signature_method"]] += 1
        else:
            tally["differ"] += 1
            if tally["differ"] < 4:
                print("differ:", json.dumps(one), our["base_string"], our["signature"], theirs, file=sys.stderr)
    for name, number in sorted(tally.items()):
        print(f"{number:6} {name}")
    for reason, number in refusals.most_common():
        print(f"{number:6} {reason}")
    sys.exit(1 if tally["differ"] else 0)


if __name__ == "__main__":
    main()
