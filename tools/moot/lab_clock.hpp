// Time as the laboratory measures it.
#pragma once

namespace folkmoot::lab {

/// CPU time of this thread in milliseconds.
[[nodiscard]] double cpu_ms();
/// Elapsed time in milliseconds, from any point on.
[[nodiscard]] double wall_ms();

}  // namespace folkmoot::lab
