// What the strict reader reads, other decoders read too: libcbor's tree and nlohmann's, which was written by
// others for another purpose. All that the profile allows is CBOR, with the same values (O1). And a refusal
// is always the same refusal, wherever the bytes are.
#include <cbor.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/assert.hpp"
#include "support/walk_cbor.hpp"

namespace {

using namespace folkmoot;

/// One item in the order of the bytes: a number, the length of an array, or bytes.
struct Token {
    char kind = 'u';
    std::uint64_t number = 0;
    Bytes bytes;
    friend bool operator==(const Token&, const Token&) = default;
};
using Tokens = std::vector<Token>;

// Depth is at most 4 in everything the reader accepted, so these may recurse.
void read_libcbor(cbor_item_t* item, Tokens& out) {
    if (cbor_isa_uint(item)) {
        out.push_back({'u', cbor_get_int(item), {}});
    } else if (cbor_isa_bytestring(item)) {
        const auto* start = cbor_bytestring_handle(item);
        out.push_back({'b', 0, Bytes(start, start + cbor_bytestring_length(item))});
    } else if (cbor_isa_string(item)) {
        const auto* start = cbor_string_handle(item);
        out.push_back({'t', 0, Bytes(start, start + cbor_string_length(item))});
    } else {
        FOLKMOOT_ASSERT(cbor_isa_array(item) && cbor_array_is_definite(item));
        out.push_back({'a', cbor_array_size(item), {}});
        for (std::size_t i = 0; i < cbor_array_size(item); ++i) read_libcbor(cbor_array_handle(item)[i], out);
    }
}

void read_nlohmann(const nlohmann::json& item, Tokens& out) {
    if (item.is_number_unsigned()) {
        out.push_back({'u', item.get<std::uint64_t>(), {}});
    } else if (item.is_binary()) {
        const auto& bytes = item.get_binary();
        out.push_back({'b', 0, Bytes(bytes.begin(), bytes.end())});
    } else if (item.is_string()) {
        const auto& text = item.get_ref<const std::string&>();
        out.push_back({'t', 0, Bytes(text.begin(), text.end())});
    } else {
        FOLKMOOT_ASSERT(item.is_array());
        out.push_back({'a', item.size(), {}});
        for (const auto& inner : item) read_nlohmann(inner, out);
    }
}

// The reader under test, item by item. Precondition: it accepts the input.
Tokens read_strictly(ByteView data) {
    encoding::Reader in(data, walk::max_items, walk::max_depth);
    Tokens out;
    std::vector<std::size_t> open{1};
    while (!open.empty()) {
        if (open.back() == 0) {
            open.pop_back();
            if (!open.empty()) in.end_array();
            continue;
        }
        --open.back();
        const unsigned major = data[in.position()] >> 5U;
        if (major == 4) {
            const auto count = in.begin_array(SIZE_MAX);
            FOLKMOOT_ASSERT(count);
            out.push_back({'a', *count, {}});
            open.push_back(*count);
        } else if (major == 2) {
            const auto bytes = in.read_bytes(SIZE_MAX);
            FOLKMOOT_ASSERT(bytes);
            out.push_back({'b', 0, Bytes(bytes->begin(), bytes->end())});
        } else if (major == 3) {
            const auto text = in.read_text(SIZE_MAX);
            FOLKMOOT_ASSERT(text);
            out.push_back({'t', 0, Bytes(text->begin(), text->end())});
        } else {
            const auto number = in.read_uint();
            FOLKMOOT_ASSERT(number);
            out.push_back({'u', *number, {}});
        }
    }
    FOLKMOOT_ASSERT(in.finish());
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView input(data, size);
    const auto copy = walk::rewrite(input);
    if (!copy) {
        const Bytes elsewhere(input.begin(), input.end());
        const auto again = walk::rewrite(elsewhere);
        FOLKMOOT_ASSERT(!again && again.error().code == copy.error().code);
        return 0;
    }
    const Tokens tokens = read_strictly(input);
    Tokens others;
    cbor_load_result result{};
    cbor_item_t* item = cbor_load(data, size, &result);
    FOLKMOOT_ASSERT(item != nullptr && result.error.code == CBOR_ERR_NONE && result.read == size);
    read_libcbor(item, others);
    cbor_decref(&item);
    FOLKMOOT_ASSERT(others == tokens);
    others.clear();
    const auto json = nlohmann::json::from_cbor(data, data + size, true, false);
    FOLKMOOT_ASSERT(!json.is_discarded());
    read_nlohmann(json, others);
    FOLKMOOT_ASSERT(others == tokens);
    return 0;
}
