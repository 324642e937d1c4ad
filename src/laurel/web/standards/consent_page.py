"""How the pages of /oauth/authorize look: plain forms without scripts, everything foreign escaped."""

from collections.abc import Sequence
from html import escape
from urllib.parse import urlsplit

from litestar import Response

_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem;color:#1b1b1f;"
    "background:#fff}h1{font-size:1.4rem}label{display:block;margin-top:1rem;font-weight:600}"
    "input{font:inherit;width:100%;box-sizing:border-box;padding:.5rem;border:1px solid #6b6b76;border-radius:.3rem}"
    "button{font:inherit;margin:1rem .5rem 0 0;padding:.5rem 1.2rem;border:1px solid #1b4d8f;border-radius:.3rem;"
    "background:#1b4d8f;color:#fff}button.no{background:#fff;color:#1b4d8f}.app{color:#4a4a55}"
    "@media (prefers-color-scheme:dark){body{background:#16161a;color:#ececf1}.app{color:#b9b9c4}"
    "input{background:#222228;color:inherit}button.no{background:#16161a;color:#9fc3f5}}"
)


def _page(title: str, body: str, *, status: int = 200, leads_to: str = "") -> Response[bytes]:
    policy = f"default-src 'none'; style-src 'unsafe-inline'; form-action 'self'{leads_to}; frame-ancestors 'none'"
    html = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">'
        f"<style>{_STYLE}</style></head><body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
    headers = {
        "Content-Security-Policy": f"{policy}; base-uri 'none'",
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(html.encode(), status_code=status, media_type="text/html; charset=utf-8", headers=headers)


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{name}" value="{escape(value)}">'


def sign_in(client_name: str, client_uri: str, request: str) -> Response[bytes]:
    """Who is it? By a link sent to a mailbox, or by an API key that acts for a person."""
    asking = _hidden("request", request)
    return _page(
        f"{client_name} asks for access",
        f'<p class="app">{escape(client_uri)}</p><p>Say who you are to see what it asks for.</p>'
        f'<form method="post" action="/oauth/sign-in">{asking}<label for="email">E-mail address</label>'
        '<input id="email" name="email" type="email" autocomplete="email" required maxlength="254">'
        "<button>Send me a link</button></form>"
        f'<form method="post" action="/oauth/key">{asking}<label for="key">or an API key that acts for you</label>'
        '<input id="key" name="key" type="password" autocomplete="off" required maxlength="512">'
        "<button>Go on</button></form>",
    )


def link_sent() -> Response[bytes]:
    """The same whether anybody has that address or not."""
    return _page(
        "Look into your mailbox",
        "<p>If somebody here has this address, a link is on its way. It works once, within an hour.</p>",
    )


def consent(
    client_name: str, client_uri: str, redirect_uri: str, wishes: Sequence[str], who: str, where: str, link: str
) -> Response[bytes]:
    """What the application asks for, and the choice."""
    listed = "".join(f"<li>{escape(wish)}</li>" for wish in wishes)
    parts = urlsplit(redirect_uri)
    return _page(
        f"{client_name} asks for access",
        f'<p class="app">{escape(client_uri)}</p><p>You are <strong>{escape(who)}</strong> at {escape(where)}. '
        f"{escape(client_name)} wants to:</p><ul>{listed}</ul>"
        f'<form method="post" action="/oauth/decide">{_hidden("link", link)}'
        '<button name="decision" value="allow">Allow</button>'
        '<button class="no" name="decision" value="deny">Do not allow</button></form>',
        leads_to=f" {parts.scheme}://{parts.netloc}",
    )


def refused(message: str, status: int) -> Response[bytes]:
    """Why it does not go on; for everything that must not be sent to the application."""
    return _page("This does not work", f"<p>{escape(message)}.</p>", status=status)
