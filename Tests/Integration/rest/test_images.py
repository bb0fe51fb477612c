"""Images: their upload, their delivery to members, their removal."""

import contextlib
import json
import resource
import time
import uuid

import pytest
from support.deadline import wait_until
from support.images import (
    IMAGE_BYTES_MAX, KINDS, PNG, UPLOAD_PATH, fetch, file_part, form, remove, try_upload, upload,
)  # fmt: skip
from support.rawsocket import RawSocket
from support.tokens import token


def send_form(shop, body, kind, user=None):
    return shop.server.request(
        "POST", UPLOAD_PATH, user or shop.member, data=body, headers={"Content-Type": kind}, params={"shop_id": shop.id}
    )


def delete(shop, message, user=None):
    path = f"/api/v1/shops/messages/{message['id']}"
    assert shop.server.request("DELETE", path, user or message["user_id"]).status_code == 200


def files(shop):
    folder = shop.server.images
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def code(answer):
    return answer.status_code, answer.json()["code"]


# Upload


@pytest.mark.parametrize("content,extension,kind", KINDS, ids=range(len(KINDS)))
def test_an_image_comes_back_with_the_type_of_its_bytes(shop, content, extension, kind):
    content += bytes(range(256)) * 20 + b"\r\n--boundary\r\n"
    image = upload(shop, content, name="evil.html", kind="text/html")
    uuid.UUID(image["message_id"])
    assert image == {
        "message_id": image["message_id"], "shop_id": shop.id, "file_extension": extension,
        "image_url": f"/api/v1/shops/{shop.id}/messages/image/{image['message_id']}.{extension}",
    }  # fmt: skip
    answer = fetch(shop, image)
    assert answer.status_code == 200 and answer.content == content
    assert answer.headers["Content-Type"] == kind
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "private" in answer.headers["Cache-Control"]
    assert shop.list() == [], "an upload posts no message"


def test_the_shop_may_be_in_the_form(shop):
    image = upload(shop, in_form=True)
    assert image["shop_id"] == shop.id and fetch(shop, image).content == PNG


@pytest.mark.parametrize(
    "content",
    [b"<html>", b"%PDF-1.7 " * 4, b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"RIFF\0\0\0\0WAVEfmt ", b"GIF88a" * 9,
     b"\x89PNG\n\x1a\n" * 9, b"\xff\xd8", b" " + PNG, b"BM" + bytes(40), b"\0\0\0\x20ftypavif" + bytes(20)],
    ids=range(10),
)  # fmt: skip
def test_a_file_that_is_no_image_by_its_bytes_is_415_whatever_type_it_claims(shop, content):
    assert code(try_upload(shop, content)) == (415, "unknown_image_type")


def test_five_megabytes_are_accepted_and_a_byte_more_is_not(shop):
    content = PNG + bytes(IMAGE_BYTES_MAX - len(PNG))
    image = upload(shop, content)
    assert fetch(shop, image).content == content
    assert code(try_upload(shop, content + b"x")) == (413, "image_too_large")


def head(shop, length=None, user=None, kind="multipart/form-data; boundary=boundary", more=""):
    bearer = f"Authorization: Bearer {token(user or shop.member)}\r\n" if user != "" else ""
    size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    return (
        f"POST {UPLOAD_PATH}?shop_id={shop.id} HTTP/1.1\r\nHost: x\r\n{bearer}{size}\r\n"
        f"Content-Type: {kind}\r\n{more}\r\n"
    ).encode()


def test_a_body_with_a_length_that_is_too_large_is_413_before_it_was_sent(shop):
    with RawSocket(shop.server) as raw:
        raw.send(head(shop, 6_000_000))
        assert raw.response()[0] == 413
        assert raw.is_at_end(sends_more=False)


def test_no_100_continue_comes_before_a_413(shop):
    with RawSocket(shop.server) as raw:
        raw.send(head(shop, 6_000_000, more="Expect: 100-continue\r\n"))
        assert raw.response()[0] == 413


def test_a_chunked_image_that_grows_too_large_is_413_while_it_comes(shop):
    with RawSocket(shop.server) as raw:
        raw.send(head(shop))
        start = form(file_part(PNG))[0].split(b"\r\n--boundary--")[0]
        raw.send(b"%x\r\n" % len(start) + start + b"\r\n")
        for _ in range(82):
            raw.send(b"10000\r\n" + bytes(65536) + b"\r\n")
        status, _, body = raw.response()
        assert (status, json.loads(body)["code"]) == (413, "image_too_large")
        assert raw.is_at_end(sends_more=False)


def test_a_file_that_is_no_image_is_415_before_all_of_it_was_sent(shop):
    with RawSocket(shop.server) as raw:
        raw.send(head(shop, 5_000_000) + form(file_part(b"no image, but 5 MB are said to follow"))[0][:150])
        assert raw.response()[0] == 415
        assert raw.is_at_end(sends_more=False)


@pytest.mark.parametrize("bearer,status", [("", 401), ("Authorization: Bearer nonsense\r\n", 401)])
def test_without_a_good_token_no_body_is_read(shop, bearer, status):
    with RawSocket(shop.server) as raw:
        raw.send(head(shop, 5_000_000, user="", more=bearer + "Expect: 100-continue\r\n"))
        assert raw.response()[0] == status
        assert raw.is_at_end(sends_more=False)


def test_an_upload_in_pieces_of_a_byte_is_read(shop):
    body, kind = form(file_part(PNG))
    with RawSocket(shop.server) as raw:
        raw.send(head(shop, len(body), kind=kind))
        for index in range(len(body)):
            raw.send(body[index : index + 1])
        status, _, answer = raw.response()
    assert status == 200, answer
    assert fetch(shop, json.loads(answer)["data"]).content == PNG


def test_an_upload_that_breaks_off_leaves_nothing(shop):
    before = files(shop)
    body, kind = form(file_part(PNG + bytes(100_000)))
    for _ in range(20):  # more than may be in flight: each releases its slot
        with RawSocket(shop.server) as raw:
            raw.send(head(shop, len(body), kind=kind) + body[:50_000])
    wait_until(lambda: try_upload(shop).status_code == 200, 10, "uploads are taken again")
    assert len(files(shop)) == len(before) + 1


FORM, FORM_KIND = form(file_part(PNG + bytes(1000)))


@contextlib.contextmanager
def uploads_under_way(uploaders):
    """An upload for each (shop, user), all begun; those that are admitted have received 100. Returns the
    connections with the answers to their heads."""
    with contextlib.ExitStack() as stack:
        begun = []
        for shop, user in uploaders:
            raw = stack.enter_context(RawSocket(shop.server))
            raw.send(head(shop, len(FORM), user=user, kind=FORM_KIND, more="Expect: 100-continue\r\n"))
            begun.append(raw)
        yield [(raw, raw.response(has_body=False)) for raw in begun]


def go_on(uploads):
    """Sends the bodies of the admitted uploads; all must succeed."""
    taken = [raw for raw, answer in uploads if answer[0] == 100]
    for raw in taken:
        raw.send(FORM)
    assert [raw.response()[0] for raw in taken] == [200] * len(taken)
    return len(taken)


def test_sixteen_uploads_that_trickle_delay_no_other_client(common_server):
    shops = [next(common_server.fresh_shops) for _ in range(4)]
    body, kind = form(file_part(PNG + bytes(200_000)))
    with contextlib.ExitStack() as stack:
        for shop in shops:
            for user in (shop.admin, shop.member) * 2:
                raw = stack.enter_context(RawSocket(shop.server))
                raw.send(head(shop, len(body), user=user, kind=kind) + body[:70_000])
        other = next(common_server.fresh_shops)
        began = time.monotonic()
        for _ in range(6):  # on either reactor
            assert fetch(other, upload(other, PNG + bytes(1_000_000))).status_code == 200
        assert time.monotonic() - began < 8, "before the first of the others has stalled"


def test_a_user_has_two_uploads_at_a_time_over_all_reactors(shop):
    with uploads_under_way([(shop, shop.member)] * 12) as uploads:
        refused = [headers for _, (status, headers, _) in uploads if status == 429]
        assert len(refused) == 10 and all(int(headers["retry-after"]) >= 1 for headers in refused)
        assert upload(shop, user=shop.admin)
        assert go_on(uploads) == 2
    wait_until(lambda: try_upload(shop).status_code == 200, 10, "the slots are free again")


def test_a_user_stores_so_many_bytes_in_an_hour(serve):
    server = serve(env={"SHOPSTREAM_UPLOAD_BYTES_PER_HOUR": "1000000"})
    shop = server.shops[0]
    assert code(try_upload(shop, PNG + b"x", user=shop.outsider)) == (403, "not_a_member")
    assert code(try_upload(shop, b"no image at all" * 1_000)) == (415, "unknown_image_type")
    for _ in range(3):
        upload(shop, PNG + bytes(300_000))
    # This one is too large by its length, the next one by its bytes. One that fits is still accepted.
    for size in (400_000, 110_000):
        answer = try_upload(shop, PNG + bytes(size))
        assert code(answer) == (429, "upload_quota_exceeded") and 0 < int(answer.headers["Retry-After"]) <= 3_900
    upload(shop, PNG + bytes(90_000))
    upload(shop, PNG + bytes(300_000), user=shop.admin)
    assert len(files(shop)) == 5


def test_a_slow_upload_is_accepted_and_delays_no_other_client(shop):
    content = PNG + bytes(500_000)
    body, kind = form(file_part(content))
    began = time.monotonic()
    with RawSocket(shop.server) as raw:
        raw.send(head(shop, len(body), kind=kind))
        for start in range(0, len(body), 10_000):
            raw.send(body[start : start + 10_000])
            time.sleep(0.05)
            if start % 100_000 == 0:
                asked = time.monotonic()
                shop.post("meanwhile")
                assert time.monotonic() - asked < 2
        status, _, answer = raw.response()
    assert status == 200 and time.monotonic() - began > 2
    assert fetch(shop, json.loads(answer)["data"]).content == content


def test_a_full_disk_is_reported_and_keeps_no_part_of_an_image(serve):
    server = serve()
    shop = server.shops[0]
    _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (1_000_000, hard))
    large = PNG + bytes(2_000_000)
    answer = try_upload(shop, large)
    assert code(answer) == (503, "storage_full") and int(answer.headers["Retry-After"]) >= 1
    wait_until(lambda: files(shop) == set(), 10, "what was stored of it is removed")
    upload(shop)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
    assert fetch(shop, upload(shop, large)).content == large
    assert len(files(shop)) == 2


def test_the_connection_of_an_upload_goes_on_with_the_limits_of_other_requests(shop):
    body, kind = form(file_part(PNG))
    message = json.dumps({"shop_id": shop.id, "message": "behind the image"}).encode()
    post = (
        f"POST /api/v1/shops/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token(shop.member)}\r\n"
        "Content-Length: %d\r\n\r\n"
    )
    with RawSocket(shop.server) as raw:
        raw.send(head(shop, len(body), kind=kind) + body + (post % len(message)).encode() + message)
        assert raw.response()[0] == 200
        assert raw.response()[0] == 201
        raw.send((post % 131_073).encode())
        assert raw.response()[0] == 413


NAMES = [
    b"../../../etc/passwd", b"/etc/passwd", b"a\\\"b.png", b"..", b"", b"x" * 3000, "日本.png".encode(),
    b"a.png; name=other", b"con.png%00.html", b"a\\\\",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_the_name_of_the_file_is_the_servers_own(shop, name):
    body, kind = form(file_part(PNG, name=name, kind=b"text/html; charset=x"))
    image = send_form(shop, body, kind).json()["data"]
    assert image["image_url"].rpartition("/")[2] == f"{image['message_id']}.png"
    assert fetch(shop, image).headers["Content-Type"] == "image/png"
    assert f"{image['message_id']}.png" in files(shop)


@pytest.mark.parametrize(
    "kind,status",
    [("application/json", 415), ("multipart/form-data", 415), ("multipart/form-data; boundary=", 415),
     ("multipart/mixed; boundary=boundary", 415), ("multipart/form-data; boundary=" + "x" * 71, 415),
     ("multipart/form-data; boundary=another", 400), ("multipart/form-data; boundary=a; boundary=b", 415), ("", 415)],
)  # fmt: skip
def test_a_body_that_is_not_a_multipart_form_is_refused(shop, kind, status):
    answer = send_form(shop, form(file_part(PNG))[0], kind)
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"message", "code"}


NAME = b'Content-Disposition: form-data; name="%s"'
FORMS = {
    "no part": (form()[0], 400),
    "no file": (form((NAME % b"other", PNG))[0], 400),
    "an empty file": (form(file_part(b""))[0], 400),
    "two files": (form(file_part(PNG), file_part(PNG))[0], 400),
    "two shops": (form((NAME % b"shop_id", b"a"), (NAME % b"shop_id", b"a"), file_part(PNG))[0], 400),
    "a shop that is too long": (form((NAME % b"shop_id", b"a" * 129), file_part(PNG))[0], 400),
    "a shop that is no text": (form((NAME % b"shop_id", b"\xff"), file_part(PNG))[0], 400),
    "no disposition": (form((b"X: y", PNG))[0], 400),
    "a part without a name": (form((b"Content-Disposition: form-data", PNG))[0], 400),
    "a head without end": (b"--boundary\r\n" + b"X: " + b"y" * 10_000, 400),
    "many parts": (form(*[(NAME % b"x%d" % number, b"") for number in range(40)], file_part(PNG))[0], 400),
    "no end": (form(file_part(PNG))[0][:-4], 400),
    "garbage": (bytes(5000), 400),
    "nothing": (b"", 400),
}  # fmt: skip


@pytest.mark.parametrize("kind", FORMS)
def test_a_form_that_lacks_something_is_refused_and_leaves_nothing(shop, kind):
    before = files(shop)
    body, status = FORMS[kind]
    answer = send_form(shop, body, "multipart/form-data; boundary=boundary")
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"message", "code"}
    assert files(shop) == before


def test_text_around_the_form_and_other_fields_are_passed_over(shop):
    body, kind = form((NAME % b"caption", b"x" * 1000), file_part(PNG), (NAME % b"file2", b"y"))
    answer = send_form(shop, b"a preamble\r\n" + body + b"an epilogue", kind)
    assert answer.status_code == 200, answer.text
    assert fetch(shop, answer.json()["data"]).content == PNG


def test_only_members_may_upload_and_a_shop_must_be_named(shop):
    before = files(shop)
    theirs = try_upload(shop, user=shop.outsider)
    missing = shop.server.request(
        "POST", UPLOAD_PATH, shop.member, files={"file": ("a.png", PNG)}, params={"shop_id": "no-such-shop"}
    )
    assert theirs.status_code == missing.status_code == 403 and theirs.json() == missing.json()
    nowhere = shop.server.request("POST", UPLOAD_PATH, shop.member, files={"file": ("a.png", PNG)})
    assert code(nowhere) == (400, "missing_field")
    assert files(shop) == before


# Serving


def test_an_image_is_for_the_members_of_its_shop(shop, common_server):
    image = upload(shop)
    other = next(common_server.fresh_shops)
    assert shop.server.request("GET", image["image_url"]).status_code == 401
    assert fetch(shop, image, shop.outsider).status_code == 403
    assert fetch(shop, image, other.member).status_code == 403
    elsewhere = image["image_url"].replace(f"/{shop.id}/", f"/{other.id}/")
    assert shop.server.request("GET", elsewhere, other.member).status_code == 404, "it is not that shop's"
    assert fetch(shop, image, shop.admin).status_code == 200


@pytest.mark.parametrize(
    "name",
    ["x.png", "ID", "ID.jpg", "ID.PNG", ".png", "..", "ID.png%00", "%2e%2e%2fserver.log", "..%2FID.png", "ID.png/"],
)  # fmt: skip
def test_a_name_of_no_image_is_404(shop, name):
    image = upload(shop)
    path = image["image_url"].rpartition("/")[0] + "/" + name.replace("ID", image["message_id"])
    with RawSocket(shop.server) as raw:
        raw.send(
            f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token(shop.member)}\r\n\r\n".encode()
        )
        assert raw.response()[0] in ((400, 404) if "%00" in name else (404,))


def test_an_image_whose_file_is_missing_is_404(shop):
    image = upload(shop)
    (shop.server.images / image["image_url"].rpartition("/")[2]).unlink()
    assert code(fetch(shop, image)) == (404, "image_not_found")
    assert remove(shop, image).status_code == 200, "its record can still be removed"


# The end


def test_the_deletion_of_a_message_removes_its_image(shop):
    image = upload(shop)
    message = shop.post(f"look: [IMAGE:{image['image_url']}]!", shop.member)
    assert fetch(shop, image).status_code == 200
    delete(shop, message)
    assert fetch(shop, image).status_code == 404
    assert image["message_id"] + ".png" not in files(shop)


def test_an_admins_deletion_removes_the_authors_image(shop):
    image = upload(shop)
    delete(shop, shop.post(f"[IMAGE:{image['image_url']}]", shop.member), shop.admin)
    assert fetch(shop, image).status_code == 404


def test_a_deletion_removes_every_image_of_the_message_by_absolute_urls_too(shop):
    images = [upload(shop) for _ in range(3)]
    text = " ".join(f"[IMAGE:https://chat.example{image['image_url']}?size=2#top]" for image in images)
    delete(shop, shop.post(text, shop.member))
    assert [fetch(shop, image).status_code for image in images] == [404] * 3


def test_an_image_that_another_message_names_stays_until_that_is_deleted_too(shop):
    image = upload(shop)
    first, second = (shop.post(f"[IMAGE:{image['image_url']}] {number}", shop.member) for number in range(2))
    delete(shop, first)
    assert fetch(shop, image).status_code == 200
    delete(shop, second)
    assert fetch(shop, image).status_code == 404


def test_naming_another_users_image_does_not_remove_it(shop):
    image = upload(shop, user=shop.admin)
    delete(shop, shop.post(f"[IMAGE:{image['image_url']}]", shop.member))
    assert fetch(shop, image).status_code == 200


def test_naming_an_image_of_another_shop_does_not_remove_it(shop, common_server):
    other = next(common_server.fresh_shops)
    image = upload(other)
    delete(shop, shop.post(f"[IMAGE:{image['image_url']}]", shop.member))
    assert fetch(other, image).status_code == 200


def test_hostile_markers_do_no_harm(shop):
    for text in ("[IMAGE:" * 2340, "[IMAGE:a]" * 1800, "[IMAGE:../../x.png]", "[IMAGE:]", "[IMAGE:" + "/" * 9000 + "]"):
        delete(shop, shop.post(text, shop.member))


def test_an_orphan_is_removed_by_its_uploader_or_an_admin(shop):
    image = upload(shop)
    assert code(remove(shop, image, shop.outsider)) == (404, "image_not_found")
    assert code(remove(shop, image, shop_id="another")) == (404, "image_not_found")
    assert remove(shop, image).status_code == 200
    assert fetch(shop, image).status_code == 404
    assert remove(shop, image).status_code == 404
    image = upload(shop, user=shop.admin)
    assert code(remove(shop, image, shop.member)) == (403, "not_the_uploader")
    image = upload(shop)
    assert remove(shop, image, shop.admin).status_code == 200


def test_an_image_that_a_message_names_is_not_removed_by_itself(shop):
    image = upload(shop)
    message = shop.post(f"[IMAGE:{image['image_url']}]", shop.member)
    assert code(remove(shop, image)) == (409, "image_in_use")
    edit = {"message_id": message["id"], "message": "without it"}
    assert shop.server.request("PUT", "/api/v1/shops/messages", shop.member, json=edit).status_code == 200
    assert remove(shop, image).status_code == 200


# Settings


def test_images_that_no_message_names_are_searched_for_and_removed(serve):
    server = serve(env={"SHOPSTREAM_ORPHAN_IMAGE_SECONDS": "1"})
    shop = server.shops[0]
    image = upload(shop)
    shop.post(f"[IMAGE:{image['image_url']}]", shop.member)
    kept, orphan, edited_out = image, upload(shop), upload(shop)
    message = shop.post(f"[IMAGE:{edited_out['image_url']}]", shop.member)
    wait_until(lambda: fetch(shop, orphan).status_code == 404, 15, "the orphan is gone")
    assert fetch(shop, kept).status_code == 200
    edit = {"message_id": message["id"], "message": "no image"}
    assert server.request("PUT", "/api/v1/shops/messages", shop.member, json=edit).status_code == 200
    wait_until(lambda: fetch(shop, edited_out).status_code == 404, 15, "the image that an edit removed is gone")
    assert fetch(shop, kept).status_code == 200
    wait_until(lambda: server.metric("shopstream_orphaned_images_total") >= 2, 15, "they are counted")
    assert len(files(shop)) == 1


def test_an_image_outlives_kill_9(serve):
    server = serve()
    shop = server.shops[0]
    image = upload(shop)
    server.kill()
    server.start()
    assert fetch(shop, image).content == PNG


def test_urls_are_absolute_when_there_is_a_public_one(serve):
    server = serve(env={"SHOPSTREAM_PUBLIC_URL": "https://chat.example/base/"}, members=[("a shop/ü", "ada", "member")])
    image = upload(server.shops[0])
    assert image["image_url"].startswith("https://chat.example/base/api/v1/shops/shop-0/messages/image/")
    answer = server.request(
        "POST", UPLOAD_PATH, "ada", files={"file": ("a.png", PNG)}, params={"shop_id": "a shop/ü"}
    )
    url = answer.json()["data"]["image_url"]
    assert url.startswith("https://chat.example/base/api/v1/shops/a%20shop%2F%C3%BC/messages/image/")
    assert server.request("GET", url.removeprefix("https://chat.example/base"), "ada").content == PNG
