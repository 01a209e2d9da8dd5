// An append-only array in chunks: no element moves, growth copies nothing, and at most one chunk is
// allocated ahead, where a doubling vector holds up to twice what it needs. What is allocated ahead is not
// touched, so a small array takes small memory: the system gives a page when it is first written.
#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>
#include <vector>

namespace folkmoot {

template <class T, std::size_t ChunkBits = 13>
class Chunked {
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

   public:
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] T& operator[](std::size_t i) { return chunks_[i >> ChunkBits].get()[i & mask]; }
    [[nodiscard]] const T& operator[](std::size_t i) const { return chunks_[i >> ChunkBits].get()[i & mask]; }
    [[nodiscard]] const T& back() const { return (*this)[size_ - 1]; }

    void push_back(const T& value) {
        if (size_ >> ChunkBits == chunks_.size()) {
            chunks_.push_back(std::unique_ptr<T, Release>(std::allocator<T>().allocate(mask + 1)));
        }
        std::construct_at(&(*this)[size_], value);
        ++size_;
    }

    /// Bytes allocated, spare room included.
    [[nodiscard]] std::size_t memory() const {
        return chunks_.size() * (mask + 1) * sizeof(T) + chunks_.capacity() * sizeof(chunks_[0]);
    }

   private:
    static constexpr std::size_t mask = (std::size_t{1} << ChunkBits) - 1;
    struct Release {
        void operator()(T* chunk) const { std::allocator<T>().deallocate(chunk, mask + 1); }
    };
    std::vector<std::unique_ptr<T, Release>> chunks_;
    std::size_t size_ = 0;
};

}  // namespace folkmoot
