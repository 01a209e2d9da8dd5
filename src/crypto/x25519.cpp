#include "crypto/x25519.hpp"

#include <sodium.h>

namespace folkmoot::crypto {

X25519Key x25519_public(const X25519Secret& secret) {
    X25519Key key;
    crypto_scalarmult_base(key.bytes.data(), secret.view().data());
    return key;
}

bool x25519(const X25519Secret& secret, const X25519Key& theirs, X25519Secret& out) {
    // The return value says no for the known points of small order; the second look does not rely on that
    // list.
    const bool refused =
        crypto_scalarmult(out.writable().data(), secret.view().data(), theirs.bytes.data()) != 0;
    if (refused || sodium_is_zero(out.view().data(), out.view().size()) == 1) {
        out.clear();
        return false;
    }
    return true;
}

}  // namespace folkmoot::crypto
