// URL-safe base64 without padding (RFC 4648 section 5), for what people copy.
#pragma once

#include <string>
#include <string_view>

#include "folkmoot/bytes.hpp"

namespace folkmoot::encoding {

[[nodiscard]] std::string base64url(ByteView data);
/// Nothing if another character or a second spelling of the same bytes occurs.
[[nodiscard]] std::optional<Bytes> from_base64url(std::string_view text);

}  // namespace folkmoot::encoding
