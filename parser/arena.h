// The memory of one compilation: a bump arena with a limit, the sequences that live in it, and interned
// identifiers.
//
// Ownership: everything made here lives until the Arena dies; nothing is freed singly, no destructor runs.
// Errors: when the limit is passed, or the host is out of memory, ArenaExhausted is thrown. It is the only
// exception of the lexer/parser/compiler half; parse(), analyse_scopes() and compile() catch it and report a
// MemoryError.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

namespace gen {

struct ArenaExhausted {};

// An identifier after NFKC normalisation, interned per arena: two equal names are the same pointer.
// Private names (`__x` in a class body) are stored as written; see mangle() in scope.h.
struct Identifier {
    std::string_view text;
    uint32_t hash;
    uint32_t serial;  // 0, 1, 2 … in order of interning: a dense key for side tables
};

// A sequence in the arena: a pointer and a count, copied by value. Elements are never moved once it is made.
template <class T>
struct Seq {
    T* data = nullptr;
    uint32_t count = 0;

    uint32_t size() const { return count; }
    bool empty() const { return count == 0; }
    T* begin() const { return data; }
    T* end() const { return data + count; }
    T& operator[](size_t i) const { return data[i]; }
    T& front() const { return data[0]; }
    T& back() const { return data[count - 1]; }
    Seq slice(uint32_t from, uint32_t to) const { return {data + from, to - from}; }
};

class Arena {
  public:
    static constexpr size_t kDefaultLimit = size_t{1} << 30;

    explicit Arena(size_t limit = kDefaultLimit) : limit_(limit) {}
    ~Arena();
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;

    void* allocate(size_t bytes, size_t align = alignof(std::max_align_t)) {
        uintptr_t at = (cursor_ + (align - 1)) & ~(uintptr_t{align} - 1);
        if (at + bytes <= end_ && at + bytes >= at) {
            cursor_ = at + bytes;
            return reinterpret_cast<void*>(at);
        }
        return allocate_slow(bytes, align);
    }

    template <class T, class... Args>
    T* make(Args&&... args) {
        static_assert(std::is_trivially_destructible_v<T>, "the arena runs no destructors");
        return new (allocate(sizeof(T), alignof(T))) T{std::forward<Args>(args)...};
    }

    template <class T>
    T* make_array(size_t count) {  // value-initialised
        static_assert(std::is_trivially_destructible_v<T>, "the arena runs no destructors");
        if (count > SIZE_MAX / sizeof(T)) throw ArenaExhausted{};
        T* items = static_cast<T*>(allocate(count * sizeof(T), alignof(T)));
        for (size_t i = 0; i < count; i++) new (items + i) T{};
        return items;
    }

    template <class T>
    Seq<T> copy_seq(const T* items, size_t count) {
        static_assert(std::is_trivially_copyable_v<T>);
        if (count == 0) return {};
        T* copy = static_cast<T*>(allocate(count * sizeof(T), alignof(T)));
        std::memcpy(static_cast<void*>(copy), items, count * sizeof(T));
        return {copy, static_cast<uint32_t>(count)};
    }

    template <class T>
    Seq<T> seq_of(std::initializer_list<T> items) {
        return copy_seq(items.begin(), items.size());
    }

    std::string_view copy_text(std::string_view text);
    std::string_view concat(std::initializer_list<std::string_view> parts);
    const Identifier* intern(std::string_view text);

    size_t used() const { return used_; }  // bytes taken from the host so far
    uint32_t identifier_count() const { return identifier_count_; }

  private:
    struct Chunk {
        Chunk* next;
    };

    void* allocate_slow(size_t bytes, size_t align);
    void grow_identifiers();

    uintptr_t cursor_ = 0;
    uintptr_t end_ = 0;
    Chunk* chunks_ = nullptr;
    size_t used_ = 0;
    size_t limit_;
    size_t next_chunk_ = 16 * 1024;
    const Identifier** identifiers_ = nullptr;  // open addressing, capacity a power of two
    uint32_t identifier_capacity_ = 0;
    uint32_t identifier_count_ = 0;
};

// A growing array in the arena, for sequences whose length is not known yet. Growth leaves the old block
// behind (at most as much again in all), so it is meant for lists that are built once.
template <class T>
class ArenaVector {
    static_assert(std::is_trivially_copyable_v<T>);

  public:
    explicit ArenaVector(Arena& arena) : arena_(&arena) {}

    void push_back(const T& item) {
        if (count_ == capacity_) grow();
        data_[count_++] = item;
    }
    void pop_back() { count_--; }
    void clear() { count_ = 0; }
    void truncate(uint32_t count) { count_ = count; }
    T& operator[](size_t i) { return data_[i]; }
    const T& operator[](size_t i) const { return data_[i]; }
    T& back() { return data_[count_ - 1]; }
    T* begin() { return data_; }
    T* end() { return data_ + count_; }
    const T* begin() const { return data_; }
    const T* end() const { return data_ + count_; }
    uint32_t size() const { return count_; }
    bool empty() const { return count_ == 0; }
    Seq<T> seq() const { return {data_, count_}; }  // shares the memory: stop pushing once taken

  private:
    void grow() {
        if (capacity_ > UINT32_MAX / 2) throw ArenaExhausted{};
        uint32_t capacity = capacity_ ? capacity_ * 2 : 4;
        T* data = static_cast<T*>(arena_->allocate(size_t{capacity} * sizeof(T), alignof(T)));
        if (count_) std::memcpy(static_cast<void*>(data), data_, count_ * sizeof(T));
        data_ = data;
        capacity_ = capacity;
    }

    Arena* arena_;
    T* data_ = nullptr;
    uint32_t count_ = 0;
    uint32_t capacity_ = 0;
};

}  // namespace gen
