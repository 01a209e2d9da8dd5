// What code that was compiled without MemorySanitizer gives back to code that was compiled with it: the
// sanitizer did not see it written and would call it uninitialised. Linked with --wrap, for the preset msan
// alone; the library under test is as it always is.
#include <cbor.h>
#include <sanitizer/msan_interface.h>
#include <sodium.h>

extern "C" {

// The input itself comes from the fuzzer.
int __real_LLVMFuzzerTestOneInput(const unsigned char* data, size_t size);
int __wrap_LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
    __msan_unpoison(data, size);
    return __real_LLVMFuzzerTestOneInput(data, size);
}

cbor_decoder_result __real_cbor_stream_decode(cbor_data data, size_t size, const cbor_callbacks* callbacks,
                                              void* context);
// The arguments of the callbacks are told from what this function was called with, which is initialised.
cbor_decoder_result __wrap_cbor_stream_decode(cbor_data data, size_t size, const cbor_callbacks* callbacks,
                                              void* context) {
    __msan_check_mem_is_initialized(data, size);
    cbor_decoder_result out = __real_cbor_stream_decode(data, size, callbacks, context);
    __msan_unpoison(&out, sizeof out);
    return out;
}

int __real_crypto_generichash_final(crypto_generichash_state* state, unsigned char* out, size_t size);
int __wrap_crypto_generichash_final(crypto_generichash_state* state, unsigned char* out, size_t size) {
    const int done = __real_crypto_generichash_final(state, out, size);
    __msan_unpoison(out, size);
    return done;
}

int __real_crypto_generichash_update(crypto_generichash_state* state, const unsigned char* data,
                                     unsigned long long size);
int __wrap_crypto_generichash_update(crypto_generichash_state* state, const unsigned char* data,
                                     unsigned long long size) {
    __msan_check_mem_is_initialized(data, size);
    return __real_crypto_generichash_update(state, data, size);
}

}  // extern "C"
