#!/usr/bin/env python3
"""Lets Python's fhirclient discover the sandbox, log in by the code flow and read a patient.

    pip install 'fhirclient>=4.4'
    cargo run -- sandbox --port 0 --fhir-port 0      # prints the FHIR base
    python3 tests/interop/fhirclient_reads_a_patient.py FHIR_BASE

Registers a client of its own first. Ends with exit code 1 where a step goes wrong. No part of CI: it needs Python and fhirclient.
"""

import json
import sys
import urllib.parse
import urllib.request

import fhirclient
from fhirclient.client import FHIRClient
from fhirclient.models import condition, patient

from smart_login import approve

PATIENT = "smart-1288992"
REDIRECT = "http://localhost:9001/authorized"
SCOPE = "launch/patient patient/*.read offline_access"


def register(base):
    """A client id and a secret, by dynamic registration, which fhirclient itself does not do."""
    address = urllib.parse.urljoin(base, "/oauth/register")
    body = json.dumps({"client_name": "fhirclient", "redirect_uris": [REDIRECT], "scope": SCOPE}).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        client = json.load(answer)
    return client["client_id"], client["client_secret"]


def main():
    base = sys.argv[1]
    client_id, secret = register(base)
    smart = FHIRClient({
        "app_id": client_id,
        "app_secret": secret,
        "api_base": base,
        "redirect_uri": REDIRECT,
        # it puts launch/patient in front by itself
        "scope": SCOPE.removeprefix("launch/patient "),
    })
    smart.prepare()
    authorize_url = smart.authorize_url
    print("discovered", authorize_url.partition("?")[0])
    callback = approve(authorize_url, PATIENT)
    smart.handle_callback(callback)
    if not smart.ready or smart.patient_id != PATIENT:
        raise SystemExit(f"expected a token for {PATIENT}, got one for {smart.patient_id}")
    read = patient.Patient.read(PATIENT, smart.server)
    print("read", smart.human_name(read.name[0]), read.birthDate.isostring)
    found = list(condition.Condition.where({"patient": PATIENT}).perform_resources_iter(smart.server))
    print("found", len(found), "conditions")
    if not found:
        raise SystemExit("there are no conditions")
    print("refreshed", smart.reauthorize() is not False)
    patient.Patient.read(PATIENT, smart.server)
    print("fhirclient", fhirclient.client.__version__, "is content")


main()
