// Strings: generalised UTF-8 (lone surrogates allowed and flagged), immutable. A NUL follows the text, but of one that shares its
// buffer with longer ones (see concat()), where it comes later: as a C string data() is good for messages only.
//
// Indices and lengths are in code points unless a name says bytes. In an ASCII string both are the same;
// elsewhere the offset of every 64th character is kept in an index, made when first needed.
//
// Functions that make a Str answer null when the heap's limit (or kMaxStr) does not allow it; the caller
// raises MemoryError. Results of whole-string operations may be the argument itself when that is an exact
// str.
#pragma once
#include "vm/data/hash.h"
#include "vm/data/heap.h"

#include <string>
#include <vector>

namespace gen {

constexpr size_t kMaxStr = 0xfffffff0;  // bytes

inline bool is_str(Value v) { return v.is_object() && v.as_object()->kind == Kind::Str; }  // or a subclass
inline bool is_exact_str(Value v) { return v.is_object() && v.as_object()->shape == kShapeStr; }

// ---- UTF-8, generalised. Texts inside a Str are always well-formed.
// Decodes one code point of well-formed text and moves p past it.
inline char32_t decode_utf8(const char*& p) {
    auto c = uint8_t(*p++);
    if (c < 0x80) return c;
    auto next = [&p] { return char32_t(uint8_t(*p++) & 0x3f); };
    if (c < 0xe0) {
        char32_t r = char32_t(c & 0x1f) << 6;
        return r | next();
    }
    if (c < 0xf0) {
        char32_t r = char32_t(c & 0x0f) << 12;
        r |= next() << 6;
        return r | next();
    }
    char32_t r = char32_t(c & 0x07) << 18;
    r |= next() << 12;
    r |= next() << 6;
    return r | next();
}
// Moves p back by one code point and answers it.
char32_t decode_utf8_before(const char*& p);
// Writes up to 4 bytes, answers how many.
size_t encode_utf8(char32_t c, char* out);
constexpr size_t utf8_size(char32_t c) { return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4; }
// The number of bytes at the start that are well-formed (strict: surrogates are errors too).
size_t valid_utf8(std::string_view text, bool surrogates_allowed = false);
size_t count_code_points(std::string_view text);
bool is_ascii(std::string_view text);

// Most texts are short: for these without a call.
inline void copy_text(char* to, std::string_view text) {
    const char* from = text.data();
    const size_t n = text.size();
    auto both_ends = [&](auto part) {
        decltype(part) first, last;
        std::memcpy(&first, from, sizeof part);
        std::memcpy(&last, from + n - sizeof part, sizeof part);
        std::memcpy(to, &first, sizeof part);
        std::memcpy(to + n - sizeof part, &last, sizeof part);
    };
    if (n > 16)
        std::memcpy(to, from, n);
    else if (n >= 8)
        both_ends(uint64_t{});
    else if (n >= 4)
        both_ends(uint32_t{});
    else if (n >= 2)
        both_ends(uint16_t{});
    else if (n)
        *to = *from;
}

inline void mark_text(Marker& m, const Str* s) {  // what a Str refers to, slots of subclasses aside
    m.mark(s->index);
    if (s->aux & Str::kShared) m.mark(s->shared());
}

// ---- making
// `text` must be well-formed generalised UTF-8.
Str* make_str(Heap&, std::string_view text);
Str* make_ascii_str(Heap&, std::string_view text);
// A Str of `bytes` bytes, whose data the caller fills before calling finish_str, which sets length and flags.
// `slots` Values follow for a subclass, and are cleared.
Str* make_str_uninitialized(Heap&, size_t bytes, uint32_t shape = kShapeStr, size_t slots = 0);
void finish_str(Str*);
// The same text as an instance of another class (shape) with its slots.
Str* copy_str(Heap&, const Str*, uint32_t shape, size_t slots);
inline Value* str_slots(Str* s) {
    return reinterpret_cast<Value*>(s->own + ((size_t(s->size) + 1 + 7) & ~size_t{7}));
}
Str* make_char(Heap&, char32_t c);

// ---- characters
uint32_t byte_offset(Heap&, Str*, uint32_t index);  // index <= length; makes the index when worth it
char32_t char_at(Heap&, Str*, uint32_t index);      // index < length
uint32_t index_of_offset(Heap&, Str*,
                         uint32_t byte);  // the inverse of byte_offset, for a character's first byte

// ---- operations; from <= to <= length
Str* substr(Heap&, Str*, uint32_t from, uint32_t to);
Str* slice_str(Heap&, Str*, int64_t start, int64_t step,
               uint32_t count);           // the characters start, start + step, ...
Str* concat(Heap&, Str*, Str*);           // to a text that grows by it, time and again, in linear time
Str* repeat(Heap&, Str*, int64_t times);  // times <= 0: empty
int64_t find(Heap&, Str* text, Str* part, uint32_t from, uint32_t to);  // -1: not there
int64_t rfind(Heap&, Str* text, Str* part, uint32_t from, uint32_t to);
int64_t count(Heap&, Str* text, Str* part, uint32_t from, uint32_t to);  // not overlapping
// Byte offsets; linear time in the worst case too. npos: not there.
size_t find_bytes(std::string_view text, std::string_view part, size_t from = 0);
size_t rfind_bytes(std::string_view text, std::string_view part);  // the last one in all of text
size_t count_bytes(std::string_view text, std::string_view part);  // part not empty

inline bool equal(const Str* a, const Str* b) {
    return a == b || (a->size == b->size && std::memcmp(a->data(), b->data(), a->size) == 0);
}
inline int compare(const Str* a, const Str* b) {  // by code points, which is by bytes
    int c = std::memcmp(a->data(), b->data(), a->size < b->size ? a->size : b->size);
    return c ? c : a->size < b->size ? -1 : a->size > b->size;
}

// ---- hashing and interning
uint64_t hash_str_slow(const HashKey&, Str*);
inline uint64_t hash_str(const HashKey& key, Str* s) { return s->hash ? s->hash : hash_str_slow(key, s); }

// The interned strings of a VM: equal text, same object. Weak: the table does not keep them alive; the empty
// string and the characters of Latin-1 are kept.
class StringTable {
  public:
    explicit StringTable(const HashKey& key) : key_(key) {}
    ~StringTable();
    StringTable(const StringTable&) = delete;
    StringTable& operator=(const StringTable&) = delete;

    bool start(Heap&);                          // makes the empty string and the characters; once
    Str* intern(Heap&, std::string_view text);  // null: out of memory
    Str* intern(Heap&, Str*);                   // the canonical one; may be the argument (exact str only)
    Str* empty() const { return empty_; }
    Str* character(uint8_t latin1) const { return characters_[latin1]; }
    Str* character(Heap& heap, char32_t c) { return c < 256 ? characters_[c] : make_char(heap, c); }
    const HashKey& key() const { return key_; }
    size_t size() const { return count_; }

    void mark(Marker&) const;  // what is always kept
    // For a minor collection, which does not sweep the table: keeps what was interned since the last one.
    void mark_young(Marker& m) {
        for (Str* s : young_) m.mark(s);
        young_.clear();
    }
    // Drops the strings that died. Call it when marking is complete, before cells are reused.
    template <class IsMarked>
    void sweep(IsMarked is_marked) {
        young_.clear();
        for (size_t i = 0; i < capacity_; i++)
            if (cells_[i] && cells_[i] != gone() && !is_marked(cells_[i])) {
                cells_[i] = gone();
                count_--;
            }
    }

  private:
    static Str* gone() { return reinterpret_cast<Str*>(8); }
    Str** lookup(std::string_view text, uint64_t hash);
    bool grow(Heap&);
    Str* add(Str** cell, Str*);
    HashKey key_;
    Str** cells_ = nullptr;
    size_t capacity_ = 0, count_ = 0, taken_ = 0;  // taken: count and the gone
    std::vector<Str*> young_;
    Str* empty_ = nullptr;
    Str* characters_[256] = {};
};

// ---- building. The buffer is outside the heap but charged to it; failure is remembered until the end.
class StringBuilder {
  public:
    explicit StringBuilder(Heap& heap) : heap_(heap) {}
    ~StringBuilder();
    StringBuilder(const StringBuilder&) = delete;
    StringBuilder& operator=(const StringBuilder&) = delete;

    void append(std::string_view text) {
        if (text.empty()) return;
        if (char* p = room(text.size())) {
            std::memcpy(p, text.data(), text.size());
            size_ += text.size();
        }
    }
    void append(const Str* s) { append(s->view()); }
    void append(char c) {
        if (char* p = room(1)) {
            *p = c;
            size_++;
        }
    }
    void append_char(char32_t c) {
        if (char* p = room(4)) size_ += encode_utf8(c, p);
    }
    void fill(size_t times, char32_t c);
    // At least `bytes` writable bytes at the end, to be followed by commit; null when memory ends.
    char* room(size_t bytes) { return capacity_ - size_ >= bytes ? data_ + size_ : grow(bytes); }
    void commit(size_t bytes) { size_ += bytes; }
    void truncate(size_t bytes) { size_ = bytes; }
    std::string_view view() const { return {data_, size_}; }
    size_t size() const { return size_; }
    bool failed() const { return failed_; }
    Str* finish();  // null: out of memory. Empties the builder

  private:
    char* grow(size_t bytes);
    Heap& heap_;
    char* data_ = small_;
    size_t size_ = 0, capacity_ = sizeof small_;
    bool failed_ = false;
    char small_[256];
};

// ---- showing, as CPython does
Str* repr_str(Heap&, const Str*);
Str* ascii_repr(Heap&, const Str*);
void append_repr(StringBuilder&, std::string_view text, bool ascii = false);
void append_bytes_repr(StringBuilder&, std::string_view bytes);  // b'...'

}  // namespace gen
