"""Images and the forms that carry them."""

IMAGE_BYTES_MAX = 5 * 1024 * 1024

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01"
GIF = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00"
WEBP = b"RIFF\x1a\x00\x00\x00WEBPVP8L"

# The first bytes of a file, its extension, and the type that it is served with.
KINDS = [
    (JPEG, "jpg", "image/jpeg"),
    (PNG, "png", "image/png"),
    (GIF, "gif", "image/gif"),
    (b"GIF87a" + GIF[6:], "gif", "image/gif"),
    (WEBP, "webp", "image/webp"),
]

UPLOAD_PATH = "/api/v1/shops/messages/image/upload"


def form(*parts, boundary="boundary"):
    """The body and the type of a form: each part is (head, content), unchanged."""
    body = b"".join(b"--%s\r\n%s\r\n\r\n%s\r\n" % (boundary.encode(), head, content) for head, content in parts)
    return body + b"--%s--\r\n" % boundary.encode(), f"multipart/form-data; boundary={boundary}"


def file_part(content, name=b"a.png", kind=b"image/png"):
    return b'Content-Disposition: form-data; name="file"; filename="%s"\r\nContent-Type: %s' % (name, kind), content


def try_upload(shop, content=PNG, user=None, name="a.png", kind="image/png", in_form=False):
    """Uploads by the client library; the shop is in the query, or in the form."""
    where = {"data": {"shop_id": shop.id}} if in_form else {"params": {"shop_id": shop.id}}
    return shop.server.request("POST", UPLOAD_PATH, user or shop.member, files={"file": (name, content, kind)}, **where)


def upload(shop, content=PNG, user=None, **options):
    """The same, and it must be accepted: the data of the answer."""
    answer = try_upload(shop, content, user, **options)
    assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
    return answer.json()["data"]


def fetch(shop, image, user=None):
    return shop.server.request("GET", image["image_url"], user or shop.member)


def remove(shop, image, user=None, **query):
    path = f"/api/v1/shops/messages/image/{image['message_id']}"
    return shop.server.request("DELETE", path, user or shop.member, params={"shop_id": shop.id, **query})
