// A trace from any text: refused with bad_trace, or every line means what it says, and the same trace written
// plainly reads the same.
#include <sstream>

#include "base/assert.hpp"
#include "moot/lab_history.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace folkmoot;
    std::istringstream in(std::string(reinterpret_cast<const char*>(data), size));
    const auto trace = lab::read_trace(in);
    if (!trace) {
        FOLKMOOT_ASSERT(trace.error().code == ErrorCode::bad_trace);
        return 0;
    }
    std::ostringstream plain;
    for (std::size_t i = 0; i < trace->size(); ++i) {
        const auto& op = (*trace)[i];
        FOLKMOOT_ASSERT(op.side == 'A' || op.side == 'B' || op.side == 'C');
        FOLKMOOT_ASSERT(op.payload_bytes <= limits::payload_bytes);
        plain << op.author << ' ' << op.payload_bytes << ' ' << op.side;
        for (const auto parent : op.parents) {
            FOLKMOOT_ASSERT(parent < i);
            plain << ' ' << parent;
        }
        plain << '\n';
    }
    std::istringstream once_more(plain.str());
    const auto again = lab::read_trace(once_more);
    FOLKMOOT_ASSERT(again && again->size() == trace->size());
    for (std::size_t i = 0; i < trace->size(); ++i) {
        const auto& a = (*trace)[i];
        const auto& b = (*again)[i];
        FOLKMOOT_ASSERT(a.author == b.author && a.payload_bytes == b.payload_bytes && a.side == b.side &&
                        a.parents == b.parents);
    }
    return 0;
}
