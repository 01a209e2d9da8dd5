"""Checks the worked handshake of protocol-spec/channel.md without the library: hashing from Python, the primitives
from OpenSSL through Python's "cryptography" (42 or newer). Prints nothing but "ok".

    python3 tests/vectors/noise/check_example.py
"""
import hashlib
import hmac
import pathlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

LABEL = 28


def read_example():
    page = pathlib.Path(__file__).resolve().parents[3] / "protocol-spec" / "channel.md"
    block = page.read_text().split("```example\n")[1].split("```")[0]
    values, name = {}, None
    for line in filter(str.strip, block.split("\n")):
        name = line[:LABEL].strip() or name
        values[name] = values.get(name, "") + line[LABEL:].strip()
    return {name: bytes.fromhex(value) for name, value in values.items()}


def hkdf(salt, data):
    key = hmac.digest(salt, data, "sha256")
    first = hmac.digest(key, b"\1", "sha256")
    return first, hmac.digest(key, first + b"\2", "sha256")


def seal(key, nonce, ad, plain):
    return ChaCha20Poly1305(key).encrypt(bytes(4) + nonce.to_bytes(8, "little"), plain, ad)


def public(secret):
    return secret.public_key().public_bytes_raw()


def framed(message):
    return len(message).to_bytes(2, "big") + message


class Symmetric:
    def __init__(self):
        self.hash = self.chaining_key = b"Noise_XX_25519_ChaChaPoly_SHA256"

    def mix_hash(self, data):
        self.hash = hashlib.sha256(self.hash + data).digest()

    def mix_key(self, mine, theirs):
        self.chaining_key, self.key = hkdf(self.chaining_key, mine.exchange(theirs.public_key()))
        self.nonce = 0

    def seal_and_hash(self, plain):
        sealed = seal(self.key, self.nonce, self.hash, plain)
        self.nonce += 1
        self.mix_hash(sealed)
        return sealed

    def identity(self, device, role, static):
        signed = b"folkmoot/1/channel-identity\n" + role + self.hash + public(static)
        return self.seal_and_hash(public(device) + device.sign(signed))


def main():
    example = read_example()
    secret = {name: value for name, value in example.items() if "secret" in name or "seed" in name}
    dialer, listener = (Ed25519PrivateKey.from_private_bytes(secret[end + " identity seed"]) for end in ("dialer", "listener"))
    dialer_e, dialer_s, listener_e, listener_s = (
        X25519PrivateKey.from_private_bytes(secret[f"{end} {kind} secret"])
        for end in ("dialer", "listener") for kind in ("ephemeral", "static"))

    noise = Symmetric()
    noise.mix_hash(example["prologue"])
    message_1 = public(dialer_e)
    noise.mix_hash(message_1)
    noise.mix_hash(b"")
    assert framed(message_1) == example["message 1"]

    message_2 = public(listener_e)
    noise.mix_hash(message_2)
    noise.mix_key(listener_e, dialer_e)
    message_2 += noise.seal_and_hash(public(listener_s))
    noise.mix_key(listener_s, dialer_e)
    message_2 += noise.identity(listener, b"\2", listener_s)
    assert framed(message_2) == example["message 2"]

    message_3 = noise.seal_and_hash(public(dialer_s))
    noise.mix_key(dialer_s, listener_e)
    message_3 += noise.identity(dialer, b"\1", dialer_s)
    assert framed(message_3) == example["message 3"]
    assert noise.hash == example["binding"]

    from_dialer, from_listener = hkdf(noise.chaining_key, b"")
    assert framed(seal(from_dialer, 0, b"", b"hello\0")) == example['dialer says "hello"']
    assert framed(seal(from_listener, 0, b"", b"\0")) == example['listener says ""']
    assert framed(seal(from_dialer, 1, b"", b"\2")) == example["dialer closes"]
    print("ok")


main()
