#include "vm/data/string.h"

#include "vm/data/list.h"

#include <bit>
#include <cstdlib>

namespace gen {

namespace {

constexpr uint32_t kIndexStep = 64;
constexpr uint32_t kIndexFrom = 256;  // code points: shorter strings are walked

uint64_t load(const char* p) {
    uint64_t w;
    std::memcpy(&w, p, 8);
    return w;
}

bool is_start(char c) { return (uint8_t(c) & 0xc0) != 0x80; }

bool has_surrogates(std::string_view s) {
    const char *p = s.data(), *end = p + s.size();
    while ((p = static_cast<const char*>(std::memchr(p, 0xed, size_t(end - p))))) {
        if (uint8_t(p[1]) >= 0xa0) return true;  // well-formed: there is a next byte
        p += 3;
    }
    return false;
}

size_t str_bytes(size_t size, size_t slots) {
    return ((sizeof(Str) + size + 8) & ~size_t{7}) + slots * sizeof(Value);
}

const char* skip(const char* p, uint32_t characters) {
    for (; characters; characters--) {
        p++;
        while (!is_start(*p)) p++;  // the NUL at the end is a start
    }
    return p;
}

// A part of a string of which the number of characters is known.
Str* make_part(Heap& heap, const Str* of, size_t from, size_t to, uint32_t length) {
    Str* s = make_str_uninitialized(heap, to - from);
    if (!s) return nullptr;
    copy_text(s->own, {of->data() + from, to - from});
    s->length = length;
    if (length == s->size)
        s->aux = Str::kAscii;
    else if (of->state & Str::kHasSurrogates && has_surrogates(s->view()))
        s->state = Str::kHasSurrogates;
    return s;
}

// Offsets of every 64th character; null when there is no memory: then strings are walked.
Blob* index_of(Heap& heap, Str* s) {
    if (s->index) return s->index;
    uint32_t n = s->length / kIndexStep + 1;
    Blob* blob = make_blob(heap, n * sizeof(uint32_t));
    if (!blob) return nullptr;
    auto* offsets = reinterpret_cast<uint32_t*>(blob->data);
    const char* p = s->data();
    for (uint32_t i = 0; i < n; i++) {
        offsets[i] = uint32_t(p - s->data());
        if (i + 1 < n) p = skip(p, kIndexStep);
    }
    s->index = blob;
    heap.write(s);
    return blob;
}

}  // namespace

// ---- UTF-8

char32_t decode_utf8_before(const char*& p) {
    do p--;
    while (!is_start(*p));
    const char* q = p;
    return decode_utf8(q);
}

size_t encode_utf8(char32_t c, char* out) {
    if (c < 0x80) {
        out[0] = char(c);
        return 1;
    }
    if (c < 0x800) {
        out[0] = char(0xc0 | c >> 6);
        out[1] = char(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = char(0xe0 | c >> 12);
        out[1] = char(0x80 | (c >> 6 & 0x3f));
        out[2] = char(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = char(0xf0 | c >> 18);
    out[1] = char(0x80 | (c >> 12 & 0x3f));
    out[2] = char(0x80 | (c >> 6 & 0x3f));
    out[3] = char(0x80 | (c & 0x3f));
    return 4;
}

size_t valid_utf8(std::string_view text, bool surrogates_allowed) {
    size_t i = 0, n = text.size();
    auto at = [&](size_t k) { return uint8_t(text[k]); };
    while (i < n) {
        if (n - i >= 8 && !(load(text.data() + i) & 0x8080808080808080u)) {
            i += 8;
            continue;
        }
        uint8_t c = at(i);
        if (c < 0x80) {
            i++;
            continue;
        }
        size_t size = c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
        if (size == 0 || n - i < size) return i;
        for (size_t k = 1; k < size; k++)
            if (is_start(char(at(i + k)))) return i;
        uint8_t second = at(i + 1);
        if ((c == 0xe0 && second < 0xa0) || (c == 0xf0 && second < 0x90) || (c == 0xf4 && second > 0x8f) ||
            (c == 0xed && second > 0x9f && !surrogates_allowed))
            return i;
        i += size;
    }
    return n;
}

size_t count_code_points(std::string_view text) {
    size_t n = 0;
    for (char c : text) n += is_start(c);
    return n;
}

bool is_ascii(std::string_view text) {
    const char *p = text.data(), *end = p + text.size();
    uint64_t bits = 0;
    for (; end - p >= 8; p += 8) {
        bits |= load(p);
        if (bits & 0x8080808080808080u) return false;
    }
    if (p < end && text.size() >= 8)
        bits |= load(end - 8);
    else
        for (; p < end; p++) bits |= uint8_t(*p);
    return !(bits & 0x8080808080808080u);
}

// ---- making

Str* make_str_uninitialized(Heap& heap, size_t bytes, uint32_t shape, size_t slots) {
    if (bytes > kMaxStr) return nullptr;
    Str* s = heap.make<Str>(Kind::Str, shape, str_bytes(bytes, slots));
    if (!s) return nullptr;
    s->hash = 0;
    s->size = s->length = uint32_t(bytes);
    s->index = nullptr;
    s->own[bytes] = 0;
    Value* slot = str_slots(s);
    for (size_t i = 0; i < slots; i++) slot[i] = Value::unbound();
    return s;
}

// As is_ascii: the word in which the text ends is the cell's as a whole.
static bool has_ascii_text(const Str* s) {
    if constexpr (std::endian::native != std::endian::little) return is_ascii(s->view());
    const char *p = s->own, *end = p + s->size;
    for (; end - p >= 8; p += 8)
        if (load(p) & 0x8080808080808080u) return false;
    return p == end || !(load(p) << (64 - 8 * (end - p)) & 0x8080808080808080u);
}

void finish_str(Str* s) {
    s->state = 0;
    if (has_ascii_text(s)) {
        s->aux = Str::kAscii;
        s->length = s->size;
        return;
    }
    s->aux = 0;
    s->length = uint32_t(count_code_points(s->view()));
    if (has_surrogates(s->view())) s->state = Str::kHasSurrogates;
}

Str* make_str(Heap& heap, std::string_view text) {
    Str* s = make_str_uninitialized(heap, text.size());
    if (!s) return nullptr;
    copy_text(s->own, text);
    finish_str(s);
    return s;
}

Str* make_ascii_str(Heap& heap, std::string_view text) {
    Str* s = make_str_uninitialized(heap, text.size());
    if (!s) return nullptr;
    copy_text(s->own, text);
    s->aux = Str::kAscii;
    return s;
}

Str* copy_str(Heap& heap, const Str* from, uint32_t shape, size_t slots) {
    Str* s = make_str_uninitialized(heap, from->size, shape, slots);
    if (!s) return nullptr;
    std::memcpy(s->own, from->data(), from->size);
    s->hash = from->hash;
    s->length = from->length;
    s->aux = from->aux & Str::kAscii;
    s->state = from->state & Str::kHasSurrogates;
    return s;
}

Str* make_char(Heap& heap, char32_t c) {
    Str* s = make_str_uninitialized(heap, utf8_size(c));
    if (!s) return nullptr;
    encode_utf8(c, s->own);
    finish_str(s);
    return s;
}

// ---- characters

uint32_t byte_offset(Heap& heap, Str* s, uint32_t index) {
    if (s->ascii()) return index;
    if (index == s->length) return s->size;
    const char* p = s->data();
    if (s->length >= kIndexFrom && index >= kIndexStep)
        if (Blob* blob = index_of(heap, s)) {
            p += reinterpret_cast<uint32_t*>(blob->data)[index / kIndexStep];
            index %= kIndexStep;
        }
    return uint32_t(skip(p, index) - s->data());
}

char32_t char_at(Heap& heap, Str* s, uint32_t index) {
    const char* p = s->data() + byte_offset(heap, s, index);
    return decode_utf8(p);
}

uint32_t index_of_offset(Heap& heap, Str* s, uint32_t byte) {
    if (s->ascii()) return byte;
    size_t from = 0;
    uint32_t index = 0;
    if (s->length >= kIndexFrom && byte >= kIndexStep)
        if (Blob* blob = index_of(heap, s)) {
            auto* offsets = reinterpret_cast<uint32_t*>(blob->data);
            uint32_t low = 0, high = s->length / kIndexStep;  // the last one at or before byte
            while (low < high) {
                uint32_t middle = (low + high + 1) / 2;
                if (offsets[middle] <= byte)
                    low = middle;
                else
                    high = middle - 1;
            }
            from = offsets[low];
            index = low * kIndexStep;
        }
    return index + uint32_t(count_code_points(s->view().substr(from, byte - from)));
}

// ---- operations

Str* substr(Heap& heap, Str* s, uint32_t from, uint32_t to) {
    if (from == 0 && to == s->length && s->shape == kShapeStr) return s;
    return make_part(heap, s, byte_offset(heap, s, from), byte_offset(heap, s, to), to - from);
}

Str* slice_str(Heap& heap, Str* s, int64_t start, int64_t step, uint32_t count) {
    if (step == 1 || count == 0)
        return substr(heap, s, count ? uint32_t(start) : 0, count ? uint32_t(start) + count : 0);
    if (s->ascii()) {
        Str* r = make_str_uninitialized(heap, count);
        if (!r) return nullptr;
        for (uint32_t i = 0; i < count; i++) r->own[i] = s->data()[start + i * step];
        r->aux = Str::kAscii;
        return r;
    }
    StringBuilder out(heap);
    const char* p = s->data() + byte_offset(heap, s, uint32_t(start));
    for (uint32_t i = 0; i < count && !out.failed(); i++) {
        const char* q = p;
        out.append_char(decode_utf8(q));
        if (i + 1 == count) break;
        if (step > int64_t(kIndexStep) || step < -int64_t(kIndexStep)) {
            p = s->data() + byte_offset(heap, s, uint32_t(start + int64_t(i + 1) * step));
        } else if (step > 0) {
            p = skip(p, uint32_t(step));
        } else {
            for (int64_t k = step; k; k++) decode_utf8_before(p);
        }
    }
    return out.finish();
}

namespace {

// A text that grows by appending, time and again, stands in a buffer with room behind it, which all its stages share: each is a
// prefix of the next. Only the longest is appended to in place, so that what the others show never changes.
constexpr size_t kSharedFrom = 512;  // bytes
constexpr unsigned kMostAppends = 8;
static_assert(Str::kAppends * kMostAppends <= UINT8_MAX);

unsigned appends_of(const Str* s) { return s->aux / Str::kAppends; }

// Where `more` bytes can follow the text of s: its own buffer, or a new one that begins with the text. Null: no memory.
Blob* buffer_for(Heap& heap, const Str* s, size_t more) {
    const size_t size = s->size + more;
    if (s->aux & Str::kShared) {
        Blob* blob = s->shared();
        if (TextBuffer::of(blob)->used == s->size && sizeof(TextBuffer) + size < blob->size) return blob;
    }
    const size_t bytes = sizeof(TextBuffer) + size + size / 2 + 1;
    Blob* blob = heap.make<Blob>(Kind::Blob, 0, sizeof(Blob) + bytes);
    if (!blob) return nullptr;
    blob->size = bytes;
    std::memcpy(TextBuffer::of(blob)->text, s->data(), s->size);
    return blob;
}

Str* make_shared(Heap& heap, const Str* a, const Str* b) {
    const size_t size = size_t(a->size) + b->size;
    if (size > kMaxStr) return nullptr;
    Blob* blob = buffer_for(heap, a, b->size);
    if (!blob) return nullptr;
    Str* s = make_str_uninitialized(heap, sizeof blob);
    TextBuffer* buffer = TextBuffer::of(blob);
    copy_text(buffer->text + a->size, b->view());
    buffer->text[size] = 0;
    buffer->used = size;
    std::memcpy(s->own, &blob, sizeof blob);
    s->size = uint32_t(size);
    s->aux = Str::kShared;
    return s;
}

}  // namespace

Str* concat(Heap& heap, Str* a, Str* b) {
    if (b->size == 0 && a->shape == kShapeStr) return a;
    if (a->size == 0 && b->shape == kShapeStr) return b;
    Str* s;
    if (a->aux & Str::kShared || appends_of(a) == kMostAppends) {
        s = make_shared(heap, a, b);
        if (!s) return nullptr;
    } else {
        s = make_str_uninitialized(heap, size_t(a->size) + b->size);
        if (!s) return nullptr;
        copy_text(s->own, a->view());
        copy_text(s->own + a->size, b->view());
        s->aux = a->size < kSharedFrom ? 0 : uint8_t((appends_of(a) + 1) * Str::kAppends);
    }
    s->length = a->length + b->length;
    s->aux |= a->aux & b->aux & Str::kAscii;
    s->state = (a->state | b->state) & Str::kHasSurrogates;
    return s;
}

Str* repeat(Heap& heap, Str* s, int64_t times) {
    if (times == 1 && s->shape == kShapeStr) return s;
    if (times < 0) times = 0;
    size_t size;
    if (__builtin_mul_overflow(size_t(s->size), size_t(times), &size)) return nullptr;
    Str* r = make_str_uninitialized(heap, size);
    if (!r) return nullptr;
    if (s->size == 1) {
        std::memset(r->own, s->data()[0], size);
    } else if (size) {
        std::memcpy(r->own, s->data(), s->size);
        for (size_t done = s->size; done < size;) {
            size_t n = done < size - done ? done : size - done;
            std::memcpy(r->own + done, r->own, n);
            done += n;
        }
    }
    r->length = size ? uint32_t(s->length * uint64_t(times)) : 0;
    r->aux = size ? s->aux & Str::kAscii : Str::kAscii;
    r->state = size ? s->state & Str::kHasSurrogates : 0;
    return r;
}

namespace {

// Where `part` begins in `text`, at each of which `found` is called until it answers false; by Knuth, Morris
// and Pratt, forwards or backwards, for the texts on which the simple search would be quadratic.
size_t search_linear(std::string_view text, std::string_view part, bool backwards) {
    size_t n = text.size(), m = part.size();
    auto* border = static_cast<uint32_t*>(std::malloc(m * sizeof(uint32_t)));
    if (!border) return backwards ? text.rfind(part) : text.find(part);
    auto t = [&](size_t i) { return backwards ? text[n - 1 - i] : text[i]; };
    auto p = [&](size_t i) { return backwards ? part[m - 1 - i] : part[i]; };
    border[0] = 0;
    for (size_t i = 1, k = 0; i < m; i++) {
        while (k && p(i) != p(k)) k = border[k - 1];
        if (p(i) == p(k)) k++;
        border[i] = uint32_t(k);
    }
    size_t result = std::string_view::npos;
    for (size_t i = 0, k = 0; i < n; i++) {
        while (k && t(i) != p(k)) k = border[k - 1];
        if (t(i) == p(k)) k++;
        if (k == m) {
            result = backwards ? n - 1 - i : i + 1 - m;
            break;
        }
    }
    std::free(border);
    return result;
}

}  // namespace

size_t find_bytes(std::string_view text, std::string_view part, size_t from) {
    constexpr size_t kNone = std::string_view::npos;
    if (from > text.size() || part.size() > text.size() - from) return kNone;
    if (part.empty()) return from;
    const char *p = text.data() + from, *last = text.data() + text.size() - part.size();
    size_t wasted = 0;
    while (p <= last && (p = static_cast<const char*>(std::memchr(p, part[0], size_t(last - p) + 1)))) {
        size_t same = 1;
        while (same < part.size() && p[same] == part[same]) same++;
        if (same == part.size()) return size_t(p - text.data());
        p++;
        wasted += same;
        if (wasted > 64 + 4 * size_t(p - text.data() - from)) {
            size_t at = size_t(p - text.data());
            size_t r = search_linear(text.substr(at), part, false);
            return r == kNone ? kNone : at + r;
        }
    }
    return kNone;
}

size_t rfind_bytes(std::string_view text, std::string_view part) {
    if (part.size() > text.size()) return std::string_view::npos;
    if (part.empty()) return text.size();
    size_t wasted = 0, steps = 0;
    for (size_t at = text.size() - part.size();; at--, steps++) {
        size_t same = 0;
        while (same < part.size() && text[at + part.size() - 1 - same] == part[part.size() - 1 - same])
            same++;
        if (same == part.size()) return at;
        if (at == 0) return std::string_view::npos;
        wasted += same;
        if (wasted > 64 + 4 * steps) return search_linear(text.substr(0, at - 1 + part.size()), part, true);
    }
}

size_t count_bytes(std::string_view text, std::string_view part) {
    size_t n = 0;
    for (size_t at = 0; (at = find_bytes(text, part, at)) != std::string_view::npos; at += part.size()) n++;
    return n;
}

int64_t find(Heap& heap, Str* text, Str* part, uint32_t from, uint32_t to) {
    if (from > to) return -1;
    uint32_t a = byte_offset(heap, text, from), b = byte_offset(heap, text, to);
    size_t r = find_bytes(text->view().substr(0, b), part->view(), a);
    return r == std::string_view::npos ? -1 : int64_t(index_of_offset(heap, text, uint32_t(r)));
}

int64_t rfind(Heap& heap, Str* text, Str* part, uint32_t from, uint32_t to) {
    if (from > to) return -1;
    uint32_t a = byte_offset(heap, text, from), b = byte_offset(heap, text, to);
    size_t r = rfind_bytes(text->view().substr(a, b - a), part->view());
    return r == std::string_view::npos ? -1 : int64_t(index_of_offset(heap, text, a + uint32_t(r)));
}

int64_t count(Heap& heap, Str* text, Str* part, uint32_t from, uint32_t to) {
    if (from > to) return 0;
    if (part->size == 0) return int64_t(to - from) + 1;
    uint32_t a = byte_offset(heap, text, from), b = byte_offset(heap, text, to);
    return int64_t(count_bytes(text->view().substr(a, b - a), part->view()));
}

// ---- interning

StringTable::~StringTable() { std::free(cells_); }

bool StringTable::start(Heap& heap) {
    empty_ = intern(heap, std::string_view{});
    if (!empty_) return false;
    for (unsigned c = 0; c < 256; c++) {
        char text[4];
        characters_[c] = intern(heap, std::string_view{text, encode_utf8(c, text)});
        if (!characters_[c]) return false;
    }
    return true;
}

bool StringTable::grow(Heap& heap) {
    size_t capacity = 4096;  // the runtime has two thousand names of its own
    while (capacity < count_ * 4) capacity *= 2;
    auto** cells = static_cast<Str**>(std::calloc(capacity, sizeof(Str*)));
    if (!cells) return false;
    heap.note_external(ptrdiff_t(capacity - capacity_) * ptrdiff_t(sizeof(Str*)));
    for (size_t i = 0; i < capacity_; i++) {
        Str* s = cells_[i];
        if (!s || s == gone()) continue;
        size_t at = s->hash & (capacity - 1);
        while (cells[at]) at = (at + 1) & (capacity - 1);
        cells[at] = s;
    }
    std::free(cells_);
    cells_ = cells;
    capacity_ = capacity;
    taken_ = count_;
    return true;
}

// The cell of the text, or the one to put it into; null when a table is needed first.
Str** StringTable::lookup(std::string_view text, uint64_t hash) {
    if (taken_ * 4 >= capacity_ * 3) return nullptr;
    Str** free = nullptr;
    for (size_t at = hash & (capacity_ - 1);; at = (at + 1) & (capacity_ - 1)) {
        Str*& cell = cells_[at];
        if (!cell) return free ? free : &cell;
        if (cell == gone()) {
            if (!free) free = &cell;
        } else if (cell->hash == hash && cell->view() == text) {
            return &cell;
        }
    }
}

namespace {
uint64_t hash_text(const HashKey& key, std::string_view text) {
    uint64_t h = siphash13(key, text.data(), text.size());
    return h == 0 || h == ~uint64_t{0} ? 0x9e3779b97f4a7c15u : h;  // 0 means unknown, -1 is no hash in Python
}
}  // namespace

uint64_t hash_str_slow(const HashKey& key, Str* s) { return s->hash = hash_text(key, s->view()); }

Str* StringTable::intern(Heap& heap, std::string_view text) {
    uint64_t hash = hash_text(key_, text);
    Str** cell = lookup(text, hash);
    if (!cell) {
        if (!grow(heap)) return nullptr;
        cell = lookup(text, hash);
    }
    if (*cell && *cell != gone()) return *cell;
    Str* s = make_str(heap, text);
    if (!s) return nullptr;
    s->hash = hash;
    return add(cell, s);
}

Str* StringTable::intern(Heap& heap, Str* s) {
    if (s->flags & kInterned) return s;
    if (s->shape != kShapeStr || s->aux & Str::kShared) return intern(heap, s->view());
    uint64_t hash = hash_str(key_, s);
    Str** cell = lookup(s->view(), hash);
    if (!cell) {
        if (!grow(heap)) return nullptr;
        cell = lookup(s->view(), hash);
    }
    return *cell && *cell != gone() ? *cell : add(cell, s);
}

Str* StringTable::add(Str** cell, Str* s) {
    if (!*cell) taken_++;
    count_++;
    s->flags |= kInterned;
    young_.push_back(s);
    return *cell = s;
}

void StringTable::mark(Marker& marker) const {
    marker.mark(empty_);
    for (Str* s : characters_) marker.mark(s);
}

// ---- building

StringBuilder::~StringBuilder() {
    if (data_ == small_) return;
    heap_.note_external(-ptrdiff_t(capacity_));
    std::free(data_);
}

char* StringBuilder::grow(size_t bytes) {
    if (failed_) return nullptr;
    size_t capacity = capacity_ + capacity_ / 2;
    if (bytes > kMaxStr - size_)
        capacity = 0;
    else if (capacity < size_ + bytes)
        capacity = size_ + bytes;
    bool heap_allows = capacity && heap_.reserve(capacity);
    auto* data = static_cast<char*>(!heap_allows      ? nullptr
                                    : data_ == small_ ? std::malloc(capacity)
                                                      : std::realloc(data_, capacity));
    if (!data) {
        failed_ = true;
        return nullptr;
    }
    if (data_ == small_) std::memcpy(data, small_, size_);
    heap_.note_external(ptrdiff_t(capacity) - ptrdiff_t(data_ == small_ ? 0 : capacity_));
    data_ = data;
    capacity_ = capacity;
    return data_ + size_;
}

void StringBuilder::fill(size_t times, char32_t c) {
    char text[4];
    size_t size = encode_utf8(c, text);
    char* p = times > kMaxStr / size ? grow(kMaxStr + 1) : room(times * size);
    if (!p) return;
    if (size == 1)
        std::memset(p, text[0], times);
    else
        for (size_t i = 0; i < times; i++) std::memcpy(p + i * size, text, size);
    commit(times * size);
}

Str* StringBuilder::finish() {
    Str* s = failed_ ? nullptr : make_str(heap_, view());
    size_ = 0;
    return s;
}

}  // namespace gen
