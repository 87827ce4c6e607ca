#include "parser/arena.h"

#include <cstdlib>

namespace gen {

namespace {

constexpr size_t kMaxChunk = size_t{1} << 20;

uint32_t hash_text(std::string_view text) {
    uint32_t hash = 2166136261u;
    for (unsigned char c : text) hash = (hash ^ c) * 16777619u;
    return hash ^ (hash >> 15);
}

}  // namespace

Arena::~Arena() {
    while (chunks_) {
        Chunk* next = chunks_->next;
        std::free(chunks_);
        chunks_ = next;
    }
}

void* Arena::allocate_slow(size_t bytes, size_t align) {
    size_t overhead = sizeof(Chunk) + align;
    if (bytes > SIZE_MAX - overhead) throw ArenaExhausted{};
    size_t size = bytes + overhead;
    bool shared = size <= next_chunk_;
    if (shared) size = next_chunk_;
    if (size > limit_ - used_) {
        size = bytes + overhead;  // the last bytes below the limit
        if (size > limit_ - used_) throw ArenaExhausted{};
    }
    auto* chunk = static_cast<Chunk*>(std::malloc(size));
    if (!chunk) throw ArenaExhausted{};
    chunk->next = chunks_;
    chunks_ = chunk;
    used_ += size;
    uintptr_t start = reinterpret_cast<uintptr_t>(chunk + 1);
    uintptr_t at = (start + (align - 1)) & ~(uintptr_t{align} - 1);
    if (shared) {  // an oversized block gets a chunk of its own, and the current one stays in use
        cursor_ = at + bytes;
        end_ = reinterpret_cast<uintptr_t>(chunk) + size;
        if (next_chunk_ < kMaxChunk) next_chunk_ *= 2;
    }
    return reinterpret_cast<void*>(at);
}

std::string_view Arena::copy_text(std::string_view text) {
    if (text.empty()) return {};
    char* copy = static_cast<char*>(allocate(text.size(), 1));
    std::memcpy(copy, text.data(), text.size());
    return {copy, text.size()};
}

std::string_view Arena::concat(std::initializer_list<std::string_view> parts) {
    size_t size = 0;
    for (std::string_view part : parts) size += part.size();
    if (size == 0) return {};
    char* text = static_cast<char*>(allocate(size, 1));
    char* out = text;
    for (std::string_view part : parts) {
        if (!part.empty()) std::memcpy(out, part.data(), part.size());
        out += part.size();
    }
    return {text, size};
}

const Identifier* Arena::intern(std::string_view text) {
    if ((identifier_count_ + 1) * 4 > identifier_capacity_ * 3) grow_identifiers();
    uint32_t hash = hash_text(text);
    uint32_t mask = identifier_capacity_ - 1;
    uint32_t i = hash & mask;
    for (; identifiers_[i]; i = (i + 1) & mask) {
        if (identifiers_[i]->hash == hash && identifiers_[i]->text == text) return identifiers_[i];
    }
    identifiers_[i] = make<Identifier>(copy_text(text), hash, identifier_count_);
    identifier_count_++;
    return identifiers_[i];
}

void Arena::grow_identifiers() {
    uint32_t capacity = identifier_capacity_ ? identifier_capacity_ * 2 : 256;
    auto** table = make_array<const Identifier*>(capacity);
    for (uint32_t i = 0; i < identifier_capacity_; i++) {
        if (!identifiers_[i]) continue;
        uint32_t at = identifiers_[i]->hash & (capacity - 1);
        while (table[at]) at = (at + 1) & (capacity - 1);
        table[at] = identifiers_[i];
    }
    identifiers_ = table;
    identifier_capacity_ = capacity;
}

}  // namespace gen
