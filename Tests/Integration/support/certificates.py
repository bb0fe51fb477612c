"""Throwaway certificates: an authority, leaves below it, and the settings and contexts of a server that has one."""

import base64
import dataclasses
import datetime
import hashlib
import ipaddress
import pathlib
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)
LOOPBACK = ("127.0.0.1", "::1")


def new_key(kind):
    if kind == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key, passphrase=None):
    encryption = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


@dataclasses.dataclass
class Certificate:
    """A leaf with its key, and the two files that a server reads."""

    leaf: x509.Certificate
    key: object
    chain_pem: bytes  # the leaf first
    certificate_path: pathlib.Path = None
    key_path: pathlib.Path = None

    def write(self, certificate_path, key_path):
        """Writes the pair beside its final names and renames it over them, as deployments do."""
        for path, data in ((key_path, key_pem(self.key)), (certificate_path, self.chain_pem)):
            path = pathlib.Path(path)
            beside = path.with_name(path.name + ".new")
            beside.write_bytes(data)
            beside.rename(path)
        self.certificate_path, self.key_path = pathlib.Path(certificate_path), pathlib.Path(key_path)
        return self

    def write_pair(self, folder, name):
        """As NAME.crt and NAME.key, which is what `SHOPSTREAM_TLS_DIRECTORY` reads."""
        return self.write(pathlib.Path(folder) / f"{name}.crt", pathlib.Path(folder) / f"{name}.key")

    @property
    def der(self):
        return self.leaf.public_bytes(serialization.Encoding.DER)

    @property
    def public_key_hash(self):
        """SHA-256 of the subject's public key in base64, by which a browser is made to trust it."""
        key = self.key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return base64.b64encode(hashlib.sha256(key).digest()).decode()

    @property
    def expiry_timestamp_seconds(self):
        return self.leaf.not_valid_after_utc.timestamp()


class Authority:
    """A certificate authority, whose certificate is written to `path`; `issuer` makes it an intermediate one."""

    def __init__(self, folder, name="Shopstream tests", issuer=None):
        self.folder, self.issuer = pathlib.Path(folder), issuer
        self.key = new_key("ec")
        self.subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self._sign(
            self.subject, self.key, -DAY, 30 * DAY, [
                (x509.BasicConstraints(ca=True, path_length=None), True),
                (usage(key_cert_sign=True, crl_sign=True), True),
            ], issuer or self,
        )  # fmt: skip
        self.path = self.folder / f"{name.replace(' ', '-')}.pem"
        self.path.write_bytes(pem(self.certificate))
        self.count = 0

    @staticmethod
    def _sign(subject, key, valid_from, valid_until, extensions, issuer):
        now = datetime.datetime.now(datetime.timezone.utc)
        public = issuer.key.public_key()
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + valid_from)
            .not_valid_after(now + valid_until)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        )
        for extension, is_critical in extensions:
            builder = builder.add_extension(extension, critical=is_critical)
        return builder.sign(issuer.key, hashes.SHA256())

    def issue(self, *names, addresses=LOOPBACK, key="ec", valid_from=-DAY, valid_until=7 * DAY, write=True):
        """A leaf for these DNS names (`localhost` when there is none), written to files of its own if wanted."""
        names = names or ("localhost",)
        private = new_key(key)
        leaf = self._sign(
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])]), private, valid_from, valid_until, [
                (x509.BasicConstraints(ca=False, path_length=None), True),
                (usage(digital_signature=True), True),
                (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
                (x509.SubjectAlternativeName([
                    *(x509.DNSName(name) for name in names),
                    *(x509.IPAddress(ipaddress.ip_address(address)) for address in addresses),
                ]), False),
            ], self,
        )  # fmt: skip
        chain = pem(leaf) + (pem(self.certificate) if self.issuer else b"")
        made = Certificate(leaf, private, chain)
        self.count += 1
        if write:
            made.write(self.folder / f"leaf-{self.count}.crt", self.folder / f"leaf-{self.count}.key")
        return made


def usage(**granted):
    names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")  # fmt: skip
    return x509.KeyUsage(**{name: granted.get(name, False) for name in names})


class TLS:
    """What a server with TLS is started with, and what its clients verify it by.

    With `certificate` alone the server has one; `directory` is a folder of pairs, with or without `certificate`.
    """

    def __init__(self, authority, certificate=None, directory=None):
        self.authority, self.certificate, self.directory = authority, certificate, directory
        self.authority_path = authority.path
        self.context = self.new_context()

    @property
    def env(self):
        settings = {}
        if self.certificate:
            settings["SHOPSTREAM_TLS_CERTIFICATE"] = str(self.certificate.certificate_path)
            settings["SHOPSTREAM_TLS_KEY"] = str(self.certificate.key_path)
        if self.directory:
            settings["SHOPSTREAM_TLS_DIRECTORY"] = str(self.directory)
        return settings

    def new_context(self, version=None, ciphers=None, alpn=("http/1.1",), verifies=True):
        """A client's context that verifies by the authority; `version` is the only one that it speaks."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cafile=str(self.authority_path))
        if not verifies:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if version:
            context.minimum_version = context.maximum_version = version
        if ciphers:
            context.set_ciphers(ciphers)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context


def new_tls(folder, *names, **options):
    """An authority of its own in `folder`, and the settings of a server with one certificate of it."""
    authority = Authority(folder)
    return TLS(authority, authority.issue(*names, **options))


def spoil_certificate(certificate, authority):
    certificate.certificate_path.write_text("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")


def spoil_key(certificate, authority):
    certificate.key_path.write_bytes(key_pem(authority.issue(write=False).key))
