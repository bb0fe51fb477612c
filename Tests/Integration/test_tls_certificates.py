"""Which certificate a client gets by its SNI, and which files the server refuses at its start."""

import datetime
import shutil

import pytest
from support.certificates import DAY, TLS, Authority, key_pem, spoil_certificate, spoil_key
from support.handshakes import served
from support.rawsocket import RawSocket
from support.server import Server


# SNI


@pytest.fixture(scope="module")
def pairs(tmp_path_factory, authority):
    """A folder of pairs, and each with its name."""
    folder = tmp_path_factory.mktemp("pairs")
    names = {
        "b-shop": ("shop.example", "www.shop.example"), "c-wild": ("*.wild.example",), "d-rsa": ("rsa.example",),
        "a-first": ("first.example",),
    }  # fmt: skip
    made = {}
    for name, dns_names in names.items():
        key = "rsa" if name == "d-rsa" else "ec"
        made[name] = authority.issue(*dns_names, key=key, write=False).write_pair(folder, name)
    (folder / "README.txt").write_text("Other files are no certificates.\n")
    return folder, made


@pytest.fixture(scope="module")
def named(tmp_path_factory, authority, pairs):
    """Two servers with the pairs: one with a certificate beside them, one without."""
    folder, made = pairs
    servers = []
    for certificate in (authority.issue("default.example"), None):
        tls = TLS(authority, certificate, directory=folder)
        servers.append(Server(tmp_path_factory.mktemp("named"), tls=tls).start())
        made = {**made, "default": certificate or made["default"]}
    yield servers, made
    for server in servers:
        server.end()
        print(server.log_tail())


NAMES = {
    "shop.example": "b-shop", "www.shop.example": "b-shop", "SHOP.Example": "b-shop", "a.wild.example": "c-wild",
    "x-1.wild.example": "c-wild", "A.WILD.EXAMPLE": "c-wild", "rsa.example": "d-rsa", "first.example": "a-first",
}  # fmt: skip
UNKNOWN_NAMES = [
    None, "unknown.example", "wild.example", "a.b.wild.example", "sub.shop.example", "example", "xshop.example",
    "shop.example.evil", "localhost", "a" * 63 + "." + "b" * 63 + ".example",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_the_name_that_the_client_asks_for_selects_the_pair(named, name):
    servers, made = named
    for server in servers:
        assert served(server, name) == made[NAMES[name]].der


@pytest.mark.parametrize("name", UNKNOWN_NAMES)
def test_an_unknown_or_missing_name_gets_the_certificate_of_the_setting_or_the_first_pair(named, name):
    (with_setting, without), made = named
    assert served(with_setting, name) == made["default"].der
    assert served(without, name) == made["a-first"].der


def test_the_certificate_of_the_setting_is_selected_by_its_name_too(named):
    (with_setting, _), made = named
    assert served(with_setting, "default.example") == made["default"].der


def test_the_whole_chain_is_sent(serve, tmp_path, authority):
    intermediate = Authority(tmp_path, "intermediate", issuer=authority)
    tls = TLS(authority, intermediate.issue())
    server = serve(tls=tls)
    server.must_serve()  # verified by the root alone
    with RawSocket(server) as raw:
        assert raw.socket.client.tls.getpeercert(binary_form=True) == tls.certificate.der


def test_the_expiry_of_each_certificate_is_a_metric(serve, tmp_path, authority):
    soon = authority.issue("soon.example", valid_until=datetime.timedelta(hours=3))
    later = authority.issue("later.example", valid_until=20 * DAY, write=False).write_pair(tmp_path, "later")
    server = serve(tls=TLS(authority, soon, directory=tmp_path))
    for name, certificate in (("soon.example", soon), ("later.example", later)):
        metric = server.metric("shopstream_tls_certificate_expiry_timestamp_seconds", name=name)
        assert metric == certificate.expiry_timestamp_seconds, name


# Refusals at the start


def pair_env(certificate, key):
    return {"SHOPSTREAM_TLS_CERTIFICATE": str(certificate), "SHOPSTREAM_TLS_KEY": str(key)}


def without_key(good, folder, authority):
    return {"SHOPSTREAM_TLS_CERTIFICATE": str(good.certificate_path)}, "SHOPSTREAM_TLS_KEY"


def without_certificate(good, folder, authority):
    return {"SHOPSTREAM_TLS_KEY": str(good.key_path)}, "SHOPSTREAM_TLS_CERTIFICATE"


def missing_certificate(good, folder, authority):
    return pair_env(folder / "missing.crt", good.key_path), "SHOPSTREAM_TLS_CERTIFICATE"


def missing_key(good, folder, authority):
    return pair_env(good.certificate_path, folder / "missing.key"), "SHOPSTREAM_TLS_KEY"


def folder_as_certificate(good, folder, authority):
    return pair_env(folder, good.key_path), "SHOPSTREAM_TLS_CERTIFICATE"


def nonsense_certificate(good, folder, authority):
    spoil_certificate(good, authority)
    return pair_env(good.certificate_path, good.key_path), "SHOPSTREAM_TLS_CERTIFICATE"


def nonsense_in_the_chain(good, folder, authority):
    with open(good.certificate_path, "a") as file:
        file.write("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
    return pair_env(good.certificate_path, good.key_path), "SHOPSTREAM_TLS_CERTIFICATE"


def empty_certificate(good, folder, authority):
    good.certificate_path.write_text("")
    return pair_env(good.certificate_path, good.key_path), "SHOPSTREAM_TLS_CERTIFICATE"


def nonsense_key(good, folder, authority):
    good.key_path.write_text("-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----\n")
    return pair_env(good.certificate_path, good.key_path), "SHOPSTREAM_TLS_KEY"


def exchanged_files(good, folder, authority):
    return pair_env(good.key_path, good.certificate_path), "SHOPSTREAM_TLS_CERTIFICATE"


def key_of_another(good, folder, authority):
    spoil_key(good, authority)
    return pair_env(good.certificate_path, good.key_path), "SHOPSTREAM_TLS_KEY"


def rsa_key_of_another(good, folder, authority):
    good.key_path.write_bytes(key_pem(authority.issue(key="rsa", write=False).key))
    return pair_env(good.certificate_path, good.key_path), "SHOPSTREAM_TLS_KEY"


def key_with_a_passphrase(good, folder, authority):
    good.key_path.write_bytes(key_pem(good.key, passphrase=b"hunter2"))
    return pair_env(good.certificate_path, good.key_path), "SHOPSTREAM_TLS_KEY"


def missing_directory(good, folder, authority):
    return {"SHOPSTREAM_TLS_DIRECTORY": str(folder / "missing")}, "SHOPSTREAM_TLS_DIRECTORY"


def file_as_directory(good, folder, authority):
    return {"SHOPSTREAM_TLS_DIRECTORY": str(good.key_path)}, "SHOPSTREAM_TLS_DIRECTORY"


def directory_without_pairs(good, folder, authority):
    (folder / "pairs").mkdir()
    return {"SHOPSTREAM_TLS_DIRECTORY": str(folder / "pairs")}, "SHOPSTREAM_TLS_DIRECTORY"


def directory_with_half_a_pair(good, folder, authority):
    (folder / "pairs").mkdir()
    shutil.copy(good.certificate_path, folder / "pairs" / "one.crt")
    shutil.copy(good.key_path, folder / "pairs" / "one.key")
    shutil.copy(good.certificate_path, folder / "pairs" / "two.crt")
    return {"SHOPSTREAM_TLS_DIRECTORY": str(folder / "pairs")}, "two"


def directory_with_a_bad_pair(good, folder, authority):
    (folder / "pairs").mkdir()
    shutil.copy(good.certificate_path, folder / "pairs" / "one.crt")
    (folder / "pairs" / "one.key").write_bytes(key_pem(authority.issue(write=False).key))
    return {"SHOPSTREAM_TLS_DIRECTORY": str(folder / "pairs")}, "SHOPSTREAM_TLS_DIRECTORY"


@pytest.mark.parametrize("make", [
    without_key, without_certificate, missing_certificate, missing_key, folder_as_certificate, nonsense_certificate,
    nonsense_in_the_chain, empty_certificate, nonsense_key, exchanged_files, key_of_another, rsa_key_of_another,
    key_with_a_passphrase, missing_directory, file_as_directory, directory_without_pairs, directory_with_half_a_pair,
    directory_with_a_bad_pair,
])  # fmt: skip
def test_files_that_cannot_be_used_are_refused_at_the_start_with_setting_and_reason(serve, tmp_path, authority, make):
    good = authority.issue(write=False).write(tmp_path / "good.crt", tmp_path / "good.key")
    env, named = make(good, tmp_path, authority)
    server = serve(ready=False, shops=1, tls=False, env=env).launch()
    assert server.wait(15) == 78
    log = server.log()
    assert named in log and "hunter2" not in log and "PRIVATE" not in log
    assert len(log.splitlines()) == 1, "one clear error"
    assert not (server.folder / "shopstream.sqlite").exists()
