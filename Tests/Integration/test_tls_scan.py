"""A scan by sslyze, which has a TLS library of its own, with what newer ones leave out."""

import pytest
from support.certificates import TLS
from support.server import Server

sslyze = pytest.importorskip("sslyze", reason="sslyze needs Python 3.10")
# About the lists of authorities that it brings along.
pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")

SUITES_1_2 = {
    "ec": {
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    },
    "rsa": {
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    },
}  # fmt: skip
SUITES_1_3 = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}


@pytest.fixture(scope="module", params=["ec", "rsa"])
def scan(request, tmp_path_factory, authority):
    """The kind of the key, and the results by the names of the scans."""
    tls = TLS(authority, authority.issue(key=request.param))
    server = Server(tmp_path_factory.mktemp("scanned"), tls=tls).start()
    try:
        scanner = sslyze.Scanner()
        location = sslyze.ServerNetworkLocation(hostname="localhost", ip_address="127.0.0.1", port=server.port)
        scanner.queue_scans([sslyze.ServerScanRequest(location)])
        (found,) = scanner.get_results()
        assert found.scan_result, found.connectivity_error_trace
        server.must_serve()
        yield request.param, found.scan_result
    finally:
        server.end()
        print(server.log_tail())


def result(scan, name):
    attempt = getattr(scan[1], name)
    assert attempt.status is sslyze.ScanCommandAttemptStatusEnum.COMPLETED, f"{name}: {attempt.error_trace}"
    return attempt.result


def accepted(scan, name):
    return {suite.cipher_suite.name for suite in result(scan, name).accepted_cipher_suites}


@pytest.mark.timeout(300)
def test_only_tls_1_2_and_1_3_are_accepted_with_forward_secrecy_and_authenticated_encryption(scan):
    for version in ("ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1"):
        assert accepted(scan, f"{version}_cipher_suites") == set(), version
    assert accepted(scan, "tls_1_2_cipher_suites") == SUITES_1_2[scan[0]]
    assert accepted(scan, "tls_1_3_cipher_suites") == SUITES_1_3


def test_the_groups_are_strong(scan):
    found = {curve.name for curve in result(scan, "elliptic_curves").supported_curves}
    assert {"X25519", "secp256r1"} <= found <= {"X25519", "X448", "secp256r1", "secp384r1", "secp521r1"}, found


def test_none_of_the_known_attacks_works(scan):
    assert not result(scan, "heartbleed").is_vulnerable_to_heartbleed
    assert not result(scan, "openssl_ccs_injection").is_vulnerable_to_ccs_injection
    assert not result(scan, "tls_compression").supports_compression, "CRIME"
    robot = result(scan, "robot").robot_result.name
    assert robot.startswith("NOT_VULNERABLE"), robot
    renegotiation = result(scan, "session_renegotiation")
    assert renegotiation.supports_secure_renegotiation
    assert not renegotiation.is_vulnerable_to_client_renegotiation_dos
    assert not result(scan, "tls_1_3_early_data").supports_early_data
    assert result(scan, "tls_extended_master_secret").supports_ems_extension


def test_sessions_are_resumed_by_tickets_alone(scan):
    resumption = result(scan, "session_resumption")
    assert resumption.tls_ticket_resumption_result.name == "FULLY_SUPPORTED"
    assert resumption.session_id_resumption_result.name == "NOT_SUPPORTED", "no cache of sessions in memory"


def test_the_certificate_is_for_the_name_and_no_header_asks_for_https_forever(scan):
    for deployment in result(scan, "certificate_info").certificate_deployments:
        assert deployment.received_chain_has_valid_order and not deployment.verified_chain_has_sha1_signature
    assert result(scan, "http_headers").strict_transport_security_header is None
