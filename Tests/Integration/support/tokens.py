"""Tokens as the deployments' identity services make them."""

import time

import jwt

SECRET = "integration-secret-of-at-least-32-bytes"
ADMIN_SECRET = "integration-admin-secret"  # of the live view


def token(user, secret=SECRET, seconds=3600, algorithm="HS256", headers=None, drop=(), **claims):
    """A token of `user` that is good for `seconds`; `claims` add or replace, `drop` takes away."""
    body = {"sub": user, "exp": int(time.time()) + seconds, **claims}
    for name in drop:
        del body[name]
    return jwt.encode(body, secret, algorithm, headers=headers)


def bearer(user, **options):
    """The header that carries such a token."""
    return {"Authorization": f"Bearer {token(user, **options)}"}
