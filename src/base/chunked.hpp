// An append-only array in chunks: no element moves, growth copies nothing, and at most one chunk is
// allocated ahead, where a doubling vector holds up to twice what it needs.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace folkmoot {

template <class T, std::size_t ChunkBits = 13>
class Chunked {
   public:
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] T& operator[](std::size_t i) { return chunks_[i >> ChunkBits][i & mask]; }
    [[nodiscard]] const T& operator[](std::size_t i) const { return chunks_[i >> ChunkBits][i & mask]; }
    [[nodiscard]] const T& back() const { return (*this)[size_ - 1]; }

    void push_back(const T& value) {
        if (size_ >> ChunkBits == chunks_.size()) chunks_.push_back(std::make_unique<T[]>(mask + 1));
        (*this)[size_++] = value;
    }

    /// Bytes held, spare room included.
    [[nodiscard]] std::size_t memory() const {
        return chunks_.size() * (mask + 1) * sizeof(T) + chunks_.capacity() * sizeof(chunks_[0]);
    }

   private:
    static constexpr std::size_t mask = (std::size_t{1} << ChunkBits) - 1;
    std::vector<std::unique_ptr<T[]>> chunks_;
    std::size_t size_ = 0;
};

}  // namespace folkmoot
