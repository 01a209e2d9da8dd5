// A Diffie-Hellman function that costs nothing and hides nothing, linked with --wrap in place of
// libsodium's: the targets that cut streams would spend nine tenths of their time in scalar multiplications.
// What uses it is as it always is; fuzz_noise runs the real one.
//
// A public key is its secret, and what two share is their exclusive or: the same from either side.
#include <cstddef>

extern "C" {

int __wrap_crypto_scalarmult_base(unsigned char* key, const unsigned char* secret) {
    for (std::size_t i = 0; i < 32; ++i) key[i] = secret[i];
    return 0;
}

int __wrap_crypto_scalarmult(unsigned char* shared, const unsigned char* secret, const unsigned char* key) {
    unsigned any = 0;
    for (std::size_t i = 0; i < 32; ++i) any |= shared[i] = static_cast<unsigned char>(secret[i] ^ key[i]);
    return any == 0 ? -1 : 0;
}

}  // extern "C"
