"""Open web addresses: over https only, in the first place and after each redirection.

What comes over plain http can be read and changed by everyone on the way. It is accepted from this
computer alone, if it was asked for: tests and mirrors are such servers. Proxies of the environment
and of the system are used. Standard library only: this also runs inside Blender.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import ipaddress
import ssl
import urllib.parse
import urllib.request
from collections.abc import Mapping
from http.client import HTTPMessage, HTTPResponse
from typing import Any

from ..errors import EngineError

SECONDS = 30.0  # without a byte before a connection counts as broken


def get(address: str, headers: Mapping[str, str], secret: Mapping[str, str]) -> HTTPResponse:
    """The answer to a request, to be closed by the caller.

    The headers of `secret` are not sent to another address that the first one redirects to. Raises
    `EngineError` "insecure", and the errors of `urllib.request.urlopen`.
    """
    check(address)
    request = urllib.request.Request(address, headers=dict(headers))
    for name, value in secret.items():
        request.add_unredirected_header(name, value)
    handlers: list[urllib.request.BaseHandler] = [
        _Redirects(),
        urllib.request.HTTPSHandler(context=certificates()),
    ]
    if _is_plain(address):  # to this computer, and not by way of another one
        handlers.append(urllib.request.ProxyHandler({}))
    answer: HTTPResponse = urllib.request.build_opener(*handlers).open(request, timeout=SECONDS)
    return answer


def check(address: str, name: str = "") -> None:
    """Raise `EngineError` "insecure" unless the address is https, or http to this computer.

    `name` is the setting that the address comes from, if it is one.
    """
    parts = urllib.parse.urlsplit(address)
    if parts.scheme == "https" or (_is_plain(address) and _is_here(parts.hostname or "")):
        return
    # Only the host, because an address may hold a password.
    shown = f"{parts.scheme}://{parts.hostname}"
    where = f"{name} is {shown}" if name else f"The address is {shown}"
    raise EngineError(
        "insecure",
        f"{where}, but downloads go over https, so that nobody on the way can change them.",
        ["Use an https address, or a mirror on this computer (http://127.0.0.1)."],
    )


def _is_plain(address: str) -> bool:
    return urllib.parse.urlsplit(address).scheme == "http"


def _is_here(host: str) -> bool:
    """Whether a name or number of a host always means this computer."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirections, but from https to https only."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: Any,  # an HTTPResponse, which is not the IO that typeshed promises
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        try:
            check(newurl)
            safe = _is_plain(req.full_url) or not _is_plain(newurl)
        except EngineError:
            safe = False
        if not safe:
            fp.close()
            raise EngineError(
                "insecure",
                f"{req.host} redirects to {newurl.partition('?')[0]}, which is not https, so that "
                "somebody on the way could change the download. Nothing was taken from there.",
                ["Try another network: login pages of networks do that.", "Check the proxy."],
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@functools.cache
def certificates() -> ssl.SSLContext:
    """The system's certificates; if this Python finds none, those of certifi, as in Blender."""
    context = ssl.create_default_context()
    if not context.cert_store_stats()["x509_ca"] and not ssl.get_default_verify_paths().capath:
        # Without any, the connection ends with an error that says so.
        with contextlib.suppress(ImportError):
            context.load_verify_locations(importlib.import_module("certifi").where())
    return context
