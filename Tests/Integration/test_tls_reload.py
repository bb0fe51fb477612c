"""Certificates whose files change: read again by a signal or without one. Bad files change nothing."""

import signal
import time

import pytest
from support.certificates import DAY, TLS, spoil_certificate, spoil_key
from support.deadline import wait_until
from support.handshakes import served
from support.rawsocket import RawSocket

READ_AGAIN = "certificates read again"
OLD_STAY = "the old certificates stay in use"
# The server looks at the files every 5 s; a busy machine takes longer.
SECONDS = 30


def wait_for_certificate(server, certificate, name=None):
    wait_until(lambda: served(server, name) == certificate.der, SECONDS, "the certificate is served")


def count_of(server, text):
    return server.log().count(text)


@pytest.fixture
def reloading(serve, tmp_path, authority):
    """A server whose one certificate a test replaces."""
    tls = TLS(authority, authority.issue(write=False).write(tmp_path / "server.crt", tmp_path / "server.key"))
    server = serve(tls=tls, plain_listener=True)
    assert served(server) == tls.certificate.der
    return server


def replace(server, **options):
    old = server.tls.certificate
    new = server.tls.authority.issue(write=False, **options)
    server.tls.certificate = new.write(old.certificate_path, old.key_path)
    return new


def reloads(server, result):
    return server.metric("shopstream_tls_certificate_reloads_total", result=result)


def test_a_signal_reads_the_certificate_again_and_open_connections_go_on(reloading):
    server = reloading
    shop = server.shops[0]
    with RawSocket(server) as stream, RawSocket(server) as idle:
        stream.opened(shop.id, shop.member)
        idle.begin_after_answer(b"")
        new = replace(server, key="rsa", valid_until=20 * DAY)
        server.signal(signal.SIGHUP)
        wait_for_certificate(server, new)
        message = shop.post("after the reload")
        assert message["id"].encode() in stream.frame()[1]
        idle.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.response()[0] == 200
    wait_until(lambda: READ_AGAIN in server.log(), what="the reload is logged")
    wait_until(lambda: reloads(server, "changed") >= 1, what="the reload is counted")
    metric = server.metric("shopstream_tls_certificate_expiry_timestamp_seconds", name="localhost")
    assert metric == new.expiry_timestamp_seconds


def test_a_signal_without_a_change_changes_nothing(reloading):
    server = reloading
    shop = server.shops[0]
    old = served(server)
    with RawSocket(server) as stream:
        stream.opened(shop.id, shop.member)
        for count in range(1, 4):
            server.signal(signal.SIGHUP)
            wait_until(lambda: count_of(server, READ_AGAIN) == count, what="the signal is handled")
            message = shop.post("undisturbed")
            assert message["id"].encode() in stream.frame()[1]
        assert served(server) == old
    assert OLD_STAY not in server.log() and reloads(server, "failed") == 0


@pytest.mark.timeout(150)
def test_files_that_are_renamed_over_the_old_ones_are_read_without_a_signal(reloading):
    for key in ("ec", "rsa", "ec"):
        wait_for_certificate(reloading, replace(reloading, key=key))
    assert READ_AGAIN in reloading.log()
    reloading.must_serve()


@pytest.mark.timeout(120)
def test_a_link_that_points_elsewhere_is_followed_without_a_signal(serve, tmp_path, authority):
    """As Kubernetes updates a mounted secret: the files are links through `..data`, which changes at once."""
    versions = []
    for number in range(2):
        folder = tmp_path / f"..{number}"
        folder.mkdir()
        versions.append(authority.issue(write=False).write(folder / "tls.crt", folder / "tls.key"))
    (tmp_path / "..data").symlink_to("..0")
    for name in ("tls.crt", "tls.key"):
        (tmp_path / name).symlink_to(f"..data/{name}")
    tls = TLS(authority, versions[0])
    versions[0].certificate_path, versions[0].key_path = tmp_path / "tls.crt", tmp_path / "tls.key"
    server = serve(tls=tls)
    assert served(server) == versions[0].der
    (tmp_path / "..new").symlink_to("..1")
    (tmp_path / "..new").rename(tmp_path / "..data")
    wait_for_certificate(server, versions[1])
    assert OLD_STAY not in server.log(), "both files changed at once"


def empty_both(certificate, authority):
    certificate.key_path.write_text("")
    certificate.certificate_path.write_text("")


def cut_off(certificate, authority):
    text = certificate.certificate_path.read_bytes()
    certificate.certificate_path.write_bytes(text[: len(text) // 2])


def remove(certificate, authority):
    certificate.certificate_path.unlink()


BAD_FILES = [spoil_certificate, spoil_key, empty_both, cut_off, remove]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("spoil,signals", [
    *((spoil, True) for spoil in BAD_FILES), (spoil_certificate, False), (remove, False),
])  # fmt: skip
def test_bad_files_leave_the_old_certificate_in_use_until_good_ones_come(reloading, spoil, signals):
    server = reloading
    old = served(server)
    shop = server.shops[0]
    with RawSocket(server) as stream:
        stream.opened(shop.id, shop.member)
        spoil(server.tls.certificate, server.tls.authority)
        if signals:
            server.signal(signal.SIGHUP)
        wait_until(lambda: OLD_STAY in server.log(), SECONDS, "the bad files are logged")
        wait_until(lambda: reloads(server, "failed") >= 1, what="they are counted")
        assert served(server) == old
        server.must_serve()
        message = shop.post("the stream goes on")
        assert message["id"].encode() in stream.frame()[1]
    good = replace(server)
    if signals:
        server.signal(signal.SIGHUP)
    wait_for_certificate(server, good)
    wait_until(lambda: READ_AGAIN in server.log(), what="the reload is logged")


@pytest.mark.timeout(120)
def test_bad_files_are_logged_once(reloading):
    server = reloading
    spoil_certificate(server.tls.certificate, server.tls.authority)
    wait_until(lambda: OLD_STAY in server.log(), SECONDS, "the bad file is logged")
    # That no line comes shows in no event: two of the server's looks at the files are waited for.
    ends = time.monotonic() + 11
    while time.monotonic() < ends:
        assert count_of(server, OLD_STAY) == 1
        time.sleep(0.5)
    server.tls.certificate.certificate_path.write_text("other nonsense\n")
    wait_until(lambda: count_of(server, OLD_STAY) == 2, SECONDS, "another bad file is logged again")


@pytest.mark.timeout(180)
def test_pairs_are_added_replaced_and_removed(serve, tmp_path, authority):
    default = authority.issue("default.example")
    one = authority.issue("one.example", write=False).write_pair(tmp_path, "one")
    server = serve(tls=TLS(authority, default, directory=tmp_path), plain_listener=True)
    assert served(server, "one.example") == one.der and served(server, "two.example") == default.der
    two = authority.issue("two.example", write=False).write_pair(tmp_path, "two")
    wait_for_certificate(server, two, "two.example")
    again = authority.issue("two.example", write=False).write_pair(tmp_path, "two")
    wait_for_certificate(server, again, "two.example")
    # A certificate without its key: the old set stays, without what else changed.
    three = authority.issue("three.example", write=False).write_pair(tmp_path, "three")
    three.key_path.unlink()
    before = reloads(server, "failed")
    server.signal(signal.SIGHUP)
    wait_until(lambda: reloads(server, "failed") > before, SECONDS, "the pair without a key is refused")
    assert OLD_STAY in server.log()
    assert served(server, "three.example") == default.der and served(server, "two.example") == again.der
    three.write_pair(tmp_path, "three")
    wait_for_certificate(server, three, "three.example")
    two.certificate_path.unlink()
    two.key_path.unlink()
    wait_for_certificate(server, default, "two.example")
    assert served(server, "one.example") == one.der
    assert server.metric("shopstream_tls_certificate_expiry_timestamp_seconds", name="two.example") == 0, "it is gone"
