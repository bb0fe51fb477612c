"""Versions, cipher suites, groups and signatures: which are accepted and which are refused."""

import ssl

import pytest
from support.certificates import TLS
from support.deadline import wait_until
from support.handshakes import handshakes
from support.openssl import Client, s_client
from support.rawsocket import RawSocket
from support.server import Server
from support.tlssocket import TLSClient

GET = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

# Of TLS 1.2, by the key of the certificate.
GOOD_SUITES = {
    "ec": [
        "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305",
    ],
    "rsa": [
        "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305",
    ],
}  # fmt: skip
BAD_SUITES = {
    "ec": [
        "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES128-CCM",
        "ECDHE-ECDSA-AES256-CCM8", "ECDHE-ECDSA-CAMELLIA128-SHA256", "ECDHE-ECDSA-ARIA128-GCM-SHA256",
        "ECDHE-ECDSA-NULL-SHA", "AECDH-AES128-SHA", "ADH-AES128-GCM-SHA256", "PSK-AES128-GCM-SHA256",
    ],
    "rsa": [
        "AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES128-SHA", "AES128-SHA256", "DHE-RSA-AES128-GCM-SHA256",
        "DHE-RSA-CHACHA20-POLY1305", "ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES256-SHA384", "NULL-SHA256", "AES128-CCM",
        "ECDHE-ARIA128-GCM-SHA256",
    ],
}  # fmt: skip
SUITES_1_3 = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"]
BAD_SUITES_1_3 = ["TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"]


@pytest.fixture(scope="module")
def servers(tmp_path_factory, authority):
    """A server for each kind of key."""
    made = {}
    for key in ("ec", "rsa"):
        tls = TLS(authority, authority.issue(key=key))
        made[key] = Server(tmp_path_factory.mktemp(key), tls=tls, plain_listener=True).start()
    yield made
    for server in made.values():
        server.end()
        print(server.log_tail())


@pytest.fixture(autouse=True)
def serves(servers):
    yield
    for server in servers.values():
        server.must_serve()


def refusal(server, *arguments):
    """The alert with which a handshake of `s_client` is refused; fails when it succeeds."""
    before = handshakes(server, "failed")
    is_open, text = s_client(server, *arguments)
    assert not is_open, text
    wait_until(lambda: handshakes(server, "failed") > before, what="the failure is counted")
    return text


# The client would offer nothing of the kind with its own defaults.
EVERYTHING = ["-cipher", "ALL:eNULL:@SECLEVEL=0"]


@pytest.mark.parametrize("key", ["ec", "rsa"])
@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_old_versions_are_refused(servers, key, version):
    assert "alert protocol version" in refusal(servers[key], version, *EVERYTHING)


@pytest.mark.parametrize("key", ["ec", "rsa"])
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_the_two_versions_are_accepted(servers, key, version):
    is_open, text = s_client(servers[key], version, text=GET)
    assert is_open and "Verify return code: 0" in text, text


def test_a_client_that_speaks_all_versions_gets_tls_1_3(servers):
    is_open, text = s_client(servers["ec"], *EVERYTHING)
    assert is_open and "TLSv1.3" in text, text


@pytest.mark.parametrize("key,suite", [(key, suite) for key, suites in GOOD_SUITES.items() for suite in suites])
def test_ecdhe_with_authenticated_encryption_is_accepted_in_tls_1_2(servers, key, suite):
    server = servers[key]
    context = server.tls.new_context(ssl.TLSVersion.TLSv1_2, ciphers=suite)
    with RawSocket(server, context=context) as raw:
        assert raw.socket.client.tls.cipher()[0] == suite
        assert raw.socket.client.tls.compression() is None
        raw.send(GET.encode())
        assert raw.response()[0] == 200


@pytest.mark.parametrize("key,suite", [(key, suite) for key, suites in BAD_SUITES.items() for suite in suites])
def test_all_other_suites_of_tls_1_2_are_refused(servers, key, suite):
    arguments = ["-psk", "1234"] if "PSK" in suite else []
    text = refusal(servers[key], "-tls1_2", "-cipher", f"{suite}:@SECLEVEL=0", *arguments)
    assert "alert handshake failure" in text, text


@pytest.mark.parametrize("suite", SUITES_1_3)
def test_the_suites_of_tls_1_3_are_accepted(servers, suite):
    is_open, text = s_client(servers["ec"], "-tls1_3", "-ciphersuites", suite, text=GET)
    assert is_open and suite in text, text


@pytest.mark.parametrize("suite", BAD_SUITES_1_3)
def test_other_suites_of_tls_1_3_are_refused(servers, suite):
    assert "alert handshake failure" in refusal(servers["ec"], "-tls1_3", "-ciphersuites", suite)


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize("group", ["X25519", "P-256", "P-384"])
def test_common_groups_are_accepted(servers, version, group):
    # A P-256 certificate needs that curve offered in TLS 1.2.
    is_open, text = s_client(servers["rsa"], version, "-groups", group)
    assert is_open, text


def test_signatures_by_sha_1_are_refused(servers):
    """In TLS 1.3 there are none."""
    text = refusal(servers["rsa"], "-tls1_2", "-sigalgs", "RSA+SHA1", "-cipher", "DEFAULT:@SECLEVEL=0")
    assert "alert" in text, text


@pytest.mark.parametrize("signature", ["rsa_pss_rsae_sha256", "rsa_pss_rsae_sha512"])
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_signatures_by_sha_2_are_accepted(servers, version, signature):
    is_open, text = s_client(servers["rsa"], version, "-sigalgs", signature)
    assert is_open, text


@pytest.mark.parametrize("offered", [["h2"], ["http/1.0"], ["h2", "http/0.9", "x"], ["HTTP/1.1"], ["http/1.1x"]])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_of_other_protocols_of_the_application_gets_an_alert(servers, version, offered):
    server = servers["ec"]
    before = handshakes(server, "failed")
    with pytest.raises(ssl.SSLError) as failure:
        RawSocket(server, context=server.tls.new_context(version, alpn=offered))
    assert "alert no application protocol" in str(failure.value)
    wait_until(lambda: handshakes(server, "failed") == before + 1, what="the failure is counted")


def test_a_client_that_does_not_accept_the_certificate_is_counted(servers):
    server = servers["ec"]
    before = handshakes(server, "failed")
    with pytest.raises(ssl.SSLCertVerificationError):
        RawSocket(server, name="another.example")
    wait_until(lambda: handshakes(server, "failed") == before + 1, what="the failure is counted")


# What is not offered


def test_no_early_data_is_taken(servers, tmp_path):
    session, early = tmp_path / "session", tmp_path / "early"
    early.write_text(GET)
    with Client(servers["ec"], "-tls1_3", "-sess_out", str(session)) as client:
        client.write(GET)
        assert "Max Early Data: 0" in client.wait_for_end()
    is_open, text = s_client(
        servers["ec"], "-tls1_3", "-sess_in", str(session), "-early_data", str(early), text=GET
    )
    assert is_open and "Early data was not sent" in text, text


def test_renegotiation_is_refused(servers):
    with Client(servers["ec"], "-tls1_2") as client:
        assert client.wait_for("Verify return code: 0"), client.output
        client.write("R\n")
        assert client.wait_for("RENEGOTIATING"), client.output
        client.write(GET)
        text = client.wait_for_end()
    assert "no renegotiation" in text and "HTTP/1.1 200" not in text, text


def test_a_hello_inside_a_connection_of_tls_1_2_does_no_harm(servers):
    """A client that ignores the refusal and begins again and again."""
    server = servers["ec"]
    context = server.tls.new_context(ssl.TLSVersion.TLSv1_2)
    hello = TLSClient(context).handshake()
    with RawSocket(server, context=context) as raw:
        raw.socket.tcp.sendall(hello * 50)
        raw.send_no_more()
        try:
            assert b"HTTP/1.1" not in raw.read_to_end()
        except ssl.SSLError:
            pass  # the alert


@pytest.mark.parametrize("asks", ["k", "K"])
def test_key_updates_of_a_client_are_followed(servers, asks):
    with Client(servers["ec"], "-tls1_3") as client:
        assert client.wait_for("Verify return code: 0"), client.output
        for _ in range(3):
            client.write(f"{asks}\n")
            assert client.wait_for("KEYUPDATE"), client.output
            client.write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.wait_for('"alive"'), client.output
        client.write(GET)
        assert client.wait_for('"alive"'), client.output
