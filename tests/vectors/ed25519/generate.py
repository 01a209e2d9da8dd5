"""Writes made.txt: Ed25519 signatures at the edges of the format, with the verdict of rule O6.

    python3 tests/vectors/ed25519/generate.py > tests/vectors/ed25519/made.txt

The curve arithmetic is plain big-integer Python written from RFC 8032 and shares nothing with libsodium. Its
output does not change from run to run. Shape of the cases: after "C2SP CCTV ed25519vectors" (every pair of an
edge A and an edge R, with and without a small-order rest), which it does not copy.
"""
import hashlib

p = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
d = -121665 * pow(121666, -1, p) % p
root = pow(2, (p - 1) // 4, p)
neutral = (0, 1, 1, 0)


def x_of(y, sign):
    u, v = (y * y - 1) % p, (d * y * y + 1) % p
    x = pow(u * pow(v, -1, p), (p + 3) // 8, p)
    if (v * x * x - u) % p:
        x = x * root % p
    if (v * x * x - u) % p:
        return None
    return (-x) % p if x % 2 != sign else x


def point(x, y):
    return (x, y, 1, x * y % p)


def add(P, Q):
    a, b = (P[1] - P[0]) * (Q[1] - Q[0]) % p, (P[1] + P[0]) * (Q[1] + Q[0]) % p
    c, e = 2 * P[3] * Q[3] * d % p, 2 * P[2] * Q[2] % p
    E, F, G, H = b - a, e - c, e + c, b + a
    return (E * F % p, G * H % p, F * G % p, E * H % p)


def mul(n, P):
    Q = neutral
    while n:
        if n & 1:
            Q = add(Q, P)
        P, n = add(P, P), n >> 1
    return Q


def same(P, Q):
    return (P[0] * Q[2] - Q[0] * P[2]) % p == 0 and (P[1] * Q[2] - Q[1] * P[2]) % p == 0


def encode(P):
    z = pow(P[2], -1, p)
    return (P[1] * z % p | (P[0] * z % p & 1) << 255).to_bytes(32, "little")


def decode(raw):
    """The point that a lenient decoder reads: y is reduced, and x = -0 is 0."""
    n = int.from_bytes(raw, "little")
    y = (n & 2**255 - 1) % p
    x = x_of(y, n >> 255)
    return None if x is None else point(x, y)


B = point(x_of(4 * pow(5, -1, p) % p, 0), 4 * pow(5, -1, p) % p)
T = decode(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"))
torsion = [mul(i, T) for i in range(8)]


def hash_int(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


def good_point(raw):
    """Canonical, in the prime-order subgroup, not the neutral element."""
    P = decode(raw)
    return P is not None and encode(P) == raw and same(mul(L, P), neutral) and not same(P, neutral)


def holds(A, R, S, k):
    """The equation without the cofactor."""
    PA, PR = decode(A), decode(R)
    return PA is not None and PR is not None and same(mul(S, B), add(PR, mul(k, PA)))


def low_order_encodings():
    found = []
    for P in torsion:
        n = int.from_bytes(encode(P), "little")
        y, sign = n & 2**255 - 1, n >> 255
        for s in {sign} if P[0] % p else {0, 1}:
            for extra in (0, p):
                if y + extra < 2**255:
                    found.append((y + extra | s << 255).to_bytes(32, "little"))
    return sorted(found)


def index_of(raw):
    return next(i for i in range(8) if same(torsion[i], decode(raw)))


def secret(seed):
    a = int.from_bytes(hashlib.sha512(seed).digest()[:32], "little")
    return a & 2**254 - 8 | 2**254


def emit(what, A, message, signature):
    R, S = signature[:32], int.from_bytes(signature[32:], "little")
    k = hash_int(R, A, message) % L
    key_good = good_point(A)
    valid = key_good and good_point(R) and S < L and holds(A, R, S, k)
    print(int(key_good), int(valid), A.hex(), message.hex() or "-", signature.hex(), what)


def pairs():
    """Every edge A with every edge R; the small-order parts cancel in one message and not in the other."""
    a = secret(b"folkmoot edge key")
    r = hash_int(b"folkmoot edge nonce") % L
    low = low_order_encodings()
    keys = [("A=aB+%dT" % i, a, i, encode(add(mul(a, B), torsion[i]))) for i in range(8)]
    keys += [("A=low%d" % i, 0, index_of(raw), raw) for i, raw in enumerate(low)]
    nonces = [("R=rB+%dT" % i, r, i, encode(add(mul(r, B), torsion[i]))) for i in range(8)]
    nonces += [("R=low%d" % i, 0, index_of(raw), raw) for i, raw in enumerate(low)]
    for key_name, a_i, t_a, A in keys:
        for nonce_name, r_i, t_r, R in nonces:
            wanted = {True, False}
            for n in range(64):
                message = b"m%d" % n
                k = hash_int(R, A, message) % L
                rest = (t_r + k * t_a) % 8 == 0
                if rest in wanted:
                    wanted.discard(rest)
                    S = (r_i + k * a_i) % L
                    name = "%s %s %s" % (key_name, nonce_name, "exact" if rest else "rest")
                    emit(name.replace(" ", ","), A, message, R + S.to_bytes(32, "little"))


def sign(seed, message):
    a, prefix = secret(seed), hashlib.sha512(seed).digest()[32:]
    A = encode(mul(a, B))
    r = hash_int(prefix, message) % L
    R = encode(mul(r, B))
    return A, R, (r + hash_int(R, A, message) * a) % L


def scalars():
    A, R, S = sign(b"\1" * 32, b"scalar")
    for i in range(16):
        if S + i * L < 2**256:
            emit("S+%dL" % i, A, b"scalar", R + (S + i * L).to_bytes(32, "little"))
    for special in (0, 1, L - 1, L, L + 1, p, 2**252, 2**253, 2**255 - 1, 2**256 - 1):
        emit("S=%d" % special, A, b"scalar", R + special.to_bytes(32, "little"))
    emit("S=-S", A, b"scalar", R + (L - S).to_bytes(32, "little"))
    emit("R=-R", A, b"scalar", R[:31] + bytes([R[31] ^ 128]) + S.to_bytes(32, "little"))


def keys_above_p():
    for y in range(p, 2**255):
        for s in (0, 1):
            A = (y | s << 255).to_bytes(32, "little")
            emit("A=p+%d" % (y - p), A, b"key", bytes([0x58]) + bytes(63))
    A, R, S = sign(b"\1" * 32, b"point")
    for y in range(p, 2**255):
        emit("R=p+%d" % (y - p), A, b"point", y.to_bytes(32, "little") + S.to_bytes(32, "little"))


def ordinary():
    for n in range(40):
        seed = hashlib.sha256(b"ordinary%d" % n).digest()
        message = hashlib.sha512(seed).digest()[: n if n < 33 else n - 32]
        A, R, S = sign(seed, message)
        signature = R + S.to_bytes(32, "little")
        emit("ordinary", A, message, signature)
        bit = hash_int(seed) % 512
        bad = bytearray(signature)
        bad[bit // 8] ^= 1 << bit % 8
        emit("bit%d" % bit, A, message, bytes(bad))


print("# Made by generate.py. Columns: key acceptable, signature valid (both under rule O6), key, message, signature")
print("# (hexadecimal; - is the empty message), what it is. Released with the project.")
ordinary()
scalars()
keys_above_p()
pairs()
