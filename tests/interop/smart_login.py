"""What a person does at the sandbox's OAuth 2 pages, done by a script: log in, choose a patient, consent.

Shared by the scripts beside it; uses the standard library alone.
"""

import html
import http.cookiejar
import re
import urllib.error
import urllib.parse
import urllib.request


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments):
        return None


class Browser:
    """Keeps cookies and follows no redirect by itself."""

    def __init__(self):
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(_NoRedirect, cookies)

    def open(self, url, fields=None):
        """The status, the headers and the text of an answer."""
        data = None if fields is None else urllib.parse.urlencode(fields).encode()
        try:
            with self._opener.open(url, data, timeout=30) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode()


def hidden_fields(page):
    """The hidden fields of a form."""
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', page)
    return {html.unescape(name): html.unescape(value) for name, value in found}


def approve(authorize_url, patient, username="daniel-adams", password="demo-password"):
    """Walks from the authorization address to the callback, and returns the callback's address without opening it."""
    browser = Browser()
    status, headers, _ = browser.open(authorize_url)
    if status != 302 or "/login?" not in headers["Location"]:
        raise SystemExit(f"expected the way to the login, got {status} {headers.get('Location')}")
    login = headers["Location"]
    _, _, page = browser.open(login)
    fields = hidden_fields(page) | {"username": username, "password": password}
    status, headers, _ = browser.open(urllib.parse.urljoin(login, "/login"), fields)
    if status != 302:
        raise SystemExit(f"the login failed with {status}")
    asked = urllib.parse.urljoin(login, headers["Location"])
    _, _, page = browser.open(asked)
    if "data-patient-id" in page:
        _, _, page = browser.open(f"{asked}&patient_id={urllib.parse.quote(patient)}")
    fields = hidden_fields(page)
    expires = re.search(r'name="expires"[^>]*value="([^"]*)"', page) or re.search(r'value="([^"]*)"[^>]*name="expires"', page)
    if not expires:
        raise SystemExit("there is no consent form")
    fields["expires"] = expires.group(1)
    status, headers, _ = browser.open(urllib.parse.urljoin(login, "/oauth/authorize"), fields)
    if status != 302:
        raise SystemExit(f"the consent failed with {status}")
    return headers["Location"]
