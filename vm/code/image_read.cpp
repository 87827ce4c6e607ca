#include "vm/code/builder.h"
#include "vm/code/encoding.h"
#include "vm/code/image.h"
#include "vm/code/verify.h"
#include "vm/data/dict.h"
#include "vm/data/float.h"
#include "vm/data/int.h"
#include "vm/data/list.h"

#include <bit>
#include <cstring>
#include <utility>

namespace gen {

static_assert(std::endian::native == std::endian::little, "images hold little-endian words");

namespace {

// Reads a record. Beyond its end, or where a number is malformed, everything is 0 and `good` is false from then on.
class Cursor {
  public:
    Cursor(const uint8_t* at, const uint8_t* end) : at_(at), end_(end) {}
    uint64_t varint() {
        if (at_ < end_ && *at_ < 0x80) [[likely]]
            return *at_++;
        return long_varint();
    }
    int64_t zigzag() {
        uint64_t n = varint();
        return int64_t(n >> 1 ^ (0 - (n & 1)));
    }
    uint64_t varint(uint64_t most) {
        uint64_t n = varint();
        return n <= most ? n : fail();
    }
    // How many things follow that take a byte each at least.
    size_t number() { return size_t(varint(uint64_t(end_ - at_))); }
    const uint8_t* bytes(size_t n) {
        if (n > size_t(end_ - at_)) {
            fail();
            return nullptr;
        }
        at_ += n;
        return at_ - n;
    }
    template <class T>
    T plain() {
        T v{};
        if (const uint8_t* p = bytes(sizeof(T))) std::memcpy(&v, p, sizeof(T));
        return v;
    }
    bool done() const { return good && at_ == end_; }
    uint64_t fail() {
        good = false;
        at_ = end_;
        return 0;
    }
    bool good = true;

  private:
    uint64_t long_varint() {
        uint64_t n = 0;
        for (unsigned shift = 0; at_ < end_ && shift < 64; shift += 7) {
            const uint8_t byte = *at_++;
            n |= uint64_t(byte & 0x7f) << shift;
            if (byte < 0x80) return n;
        }
        return fail();
    }
    const uint8_t *at_, *end_;
};

struct Image {
    explicit Image(const uint8_t* bytes) : start(bytes) { std::memcpy(&header, bytes, sizeof header); }
    uint32_t string_end(uint32_t number) const {
        uint32_t end;
        std::memcpy(&end, start + sizeof header + 4 * size_t(number), 4);
        return end;
    }
    std::string_view text(uint32_t number) const {
        const uint32_t from = number ? string_end(number - 1) >> 1 : 0;
        return {reinterpret_cast<const char*>(start) + header.data + from, (string_end(number) >> 1) - from};
    }
    ImageCode code(uint32_t number) const {
        ImageCode c;
        std::memcpy(&c, start + sizeof header + 4 * size_t(header.strings) + sizeof c * number, sizeof c);
        return c;
    }
    Cursor cursor(uint32_t from, uint32_t to) const { return {start + from, start + to}; }

    const uint8_t* start;
    ImageHeader header;
};

// Calls f(PositionEntry) for each, until it answers false.
template <class F>
bool each_position(Cursor c, F f) {
    const size_t n = c.number();
    uint64_t pc = 0, line = 0;
    for (size_t i = 0; i < n && c.good; i++) {
        PositionEntry e;
        e.pc = uint32_t(pc += c.varint(UINT32_MAX));
        e.line = uint32_t(line += uint64_t(c.zigzag()));
        e.end_line = uint32_t(line + uint64_t(c.zigzag()));
        auto column = [&] {
            uint64_t n = c.varint(PositionEntry::kNoColumn);
            return uint16_t(n ? n - 1 : PositionEntry::kNoColumn);
        };
        e.column = column();
        e.end_column = column();
        if (c.good && !f(e)) return true;
    }
    return c.good;
}

class Reader {
  public:
    // `codes`: those that have been read already, all behind the one at hand; null: only heads are read of what a code holds.
    Reader(Heap& heap, StringTable& strings, const Image& image, Array* cache, std::vector<Code*>* codes)
        : heap_(heap), strings_(strings), image_(image), cache_(cache), codes_(codes) {}

    Code* head(uint32_t number) {
        const ImageCode place = image_.code(number);
        Cursor c = image_.cursor(place.head, place.body);
        Code* code = heap_.make<Code>(Kind::Code, kShapeCode);
        code->instructions = code->exceptions = code->positions = code->caches = code->cell_parameters =
            nullptr;
        code->constants = code->locals = code->cell_names = code->free_names = nullptr;
        code->name = string(c);
        code->qualname = string(c);
        code->filename = string(c);
        const uint64_t doc = c.varint(uint64_t(image_.header.strings) + 1);
        code->doc = doc == 0   ? Value::unbound()
                    : doc == 1 ? Value::none()
                               : made(make_str(heap_, image_.text(uint32_t(doc - 2))));
        code->code_flags = uint32_t(c.varint(UINT32_MAX));
        code->registers = uint32_t(c.varint(kNoRegister));
        code->positional_only = uint16_t(c.varint(UINT16_MAX));
        code->positional = uint16_t(c.varint(UINT16_MAX));
        code->keyword_only = uint16_t(c.varint(UINT16_MAX));
        code->locals_register = uint16_t(c.varint(UINT16_MAX) - 1);
        code->first_line = uint32_t(c.varint(UINT32_MAX));
        code->self_attributes = uint32_t(c.varint(UINT32_MAX));
        code->image = image_.start;
        code->image_index = number;
        code->image_strings = cache_;
        set_frame_size(code);
        good &= c.done() && code->registers;
        return code;
    }

    // Fills what head() has left out, `instructions` when all else is there.
    bool body(Code* code) {
        const ImageCode place = image_.code(code->image_index);
        Cursor c = image_.cursor(place.body, place.positions);
        heap_.write(code);
        code->locals = strings(c);
        code->cell_names = strings(c);
        code->free_names = strings(c);
        if (size_t n = c.number()) {
            auto* registers = table<uint16_t>(code->cell_parameters, n);
            for (size_t i = 0; registers && i < n; i++) registers[i] = uint16_t(c.varint(UINT16_MAX));
        }
        if (size_t n = c.number()) {
            auto* entries = table<ExceptionEntry>(code->exceptions, n);
            uint64_t before = 0;
            for (size_t i = 0; entries && i < n; i++) {
                ExceptionEntry& e = entries[i];
                e.start = uint32_t(before += c.varint(UINT32_MAX));
                e.end = uint32_t(before += c.varint(UINT32_MAX));
                e.target = uint32_t(c.varint(UINT32_MAX));
                e.reg = uint32_t(c.varint(UINT32_MAX));
            }
        }
        code->constants = constants(c);
        const size_t words = c.number();
        const uint8_t* from =
            words <= SIZE_MAX / sizeof(Instruction) ? c.bytes(words * sizeof(Instruction)) : nullptr;
        Blob* instructions = nullptr;
        if (from && !(instructions = make_blob(heap_, words * sizeof(Instruction)))) memory = true;
        good &= c.done();
        if (!good || memory) return false;
        std::memcpy(instructions->data, from, words * sizeof(Instruction));
        code->instructions = instructions;
        if (!note_caches(heap_, code)) {
            memory = true;
            code->instructions = nullptr;
            return false;
        }
        return true;
    }

    bool good = true, memory = false;

  private:
    Value made(Object* o) {
        memory |= !o;
        return o ? Value::object(o) : Value::none();
    }
    template <class T>
    T* table(Blob*& blob, size_t n) {
        blob = make_blob(heap_, n * sizeof(T));
        memory |= !blob;
        return blob ? reinterpret_cast<T*>(blob->data) : nullptr;
    }
    Value string(Cursor& c) {
        const uint64_t number = c.varint();
        if (number >= image_.header.strings) {
            c.fail();
            return Value::none();
        }
        Value& known = cache_->items[number];
        if (known.is_unbound()) {
            const std::string_view text = image_.text(uint32_t(number));
            Value v = made(image_.string_end(uint32_t(number)) & 1 ? strings_.intern(heap_, text)
                                                                   : make_str(heap_, text));
            if (memory) return v;
            known = v;
            heap_.write(cache_);
        }
        return known;
    }
    Tuple* strings(Cursor& c) {
        const size_t n = c.number();
        Tuple* t = make_tuple(heap_, n);
        memory |= !t;
        for (size_t i = 0; t && i < n; i++) t->items[i] = string(c);
        return t;
    }

    Tuple* constants(Cursor& c) {
        const size_t count = c.number(), items = c.number();
        std::vector<Value> stack;
        stack.reserve(items);
        for (size_t i = 0; i < items && c.good && good && !memory; i++) {
            const auto tag = ImageItem(c.plain<uint8_t>());
            if (tag != ImageItem::Tuple && tag != ImageItem::FrozenSet) {
                stack.push_back(item(tag, c));
                continue;
            }
            const uint64_t size = c.varint(stack.size());
            std::span<const Value> held(stack.data() + stack.size() - size, size);
            Value v;
            if (tag == ImageItem::Tuple) {
                v = made(make_tuple(heap_, held.data(), size));
            } else {
                bool hashable;
                v = frozenset(held, hashable);
                if (!hashable) c.fail();
            }
            stack.resize(stack.size() - size);
            stack.push_back(v);
        }
        if (stack.size() != count) c.fail();
        if (!c.good || memory) return nullptr;
        Tuple* t = make_tuple(heap_, stack.data(), count);
        memory |= !t;
        return t;
    }
    Value frozenset(std::span<const Value> items, bool& hashable) {
        Set* set = make_set(heap_, items.size(), kShapeFrozenSet);
        hashable = true;
        for (size_t i = 0; set && i < items.size(); i++) {
            uint64_t hash;
            Probe probe;
            hashable = fast_hash(strings_.key(), items[i], hash);
            if (!hashable) return Value::none();
            memory |= set_add(heap_, set, items[i], hash, probe) != Store::Done;
        }
        return made(set);
    }
    Value item(ImageItem tag, Cursor& c) {
        switch (tag) {
            case ImageItem::Special: {
                Value v = Value::from_bits(c.plain<uint8_t>());
                if (!v.is_constant() || v.bits() > Value::ellipsis().bits()) c.fail();
                return v;
            }
            case ImageItem::Int: {
                const int64_t i = c.zigzag();
                if (!Value::fits(i)) c.fail();
                return Value::integer(i);
            }
            case ImageItem::BigInt: {
                const uint64_t size = c.varint();
                const uint8_t* from = size >> 1 <= kMaxIntLimbs ? c.bytes(8 * (size >> 1)) : nullptr;
                if (!from) {
                    c.fail();
                    return Value::none();
                }
                std::vector<uint64_t> limbs(size >> 1);
                if (!limbs.empty()) std::memcpy(limbs.data(), from, 8 * limbs.size());
                Value v = make_int_from_limbs(heap_, limbs.data(), limbs.size(), size & 1);
                memory |= v.is_unbound();
                return v;
            }
            case ImageItem::Float:
                return make_float(heap_, c.plain<double>());
            case ImageItem::Complex: {
                auto* z = heap_.make<Complex>(Kind::Complex, kShapeComplex);
                z->real = c.plain<double>();
                z->imag = c.plain<double>();
                return Value::object(z);
            }
            case ImageItem::Str:
                return string(c);
            case ImageItem::Bytes: {
                const size_t n = c.number();
                const uint8_t* from = c.bytes(n);
                return from ? made(make_bytes(heap_, from, n)) : Value::none();
            }
            case ImageItem::Code: {
                const uint64_t number = c.varint();
                if (!codes_) return Value::object(head(uint32_t(number)));
                // Each code belongs to one other, which stands before it.
                if (number >= codes_->size() || !(*codes_)[number]) {
                    c.fail();
                    return Value::none();
                }
                return Value::object(std::exchange((*codes_)[number], nullptr));
            }
            default:
                c.fail();
                return Value::none();
        }
    }

    Heap& heap_;
    StringTable& strings_;
    const Image& image_;
    Array* cache_;
    std::vector<Code*>* codes_;
};

// What is wrong with the header and the tables; empty: nothing.
std::string check_tables(std::span<const uint8_t> bytes) {
    if (bytes.size() < sizeof(ImageHeader) || std::memcmp(bytes.data(), "GENC", 4))
        return "this is no image of code";
    const Image image(bytes.data());
    const ImageHeader& h = image.header;
    if (h.version != image_version()) return "the image was made by another version";
    if (h.size != bytes.size()) return "the image is cut off";
    constexpr size_t kFrom = offsetof(ImageHeader, size);
    if (h.checksum != siphash13({}, bytes.data() + kFrom, bytes.size() - kFrom))
        return "the image is damaged";
    const uint64_t tables = sizeof h + 4 * uint64_t(h.strings) + sizeof(ImageCode) * uint64_t(h.codes);
    if (tables > h.size || h.data != tables || !h.codes) return "the tables of the image are wrong";
    const uint32_t room = h.size - h.data;
    uint32_t before = 0;
    for (uint32_t i = 0; i < h.strings; i++) {
        const uint32_t end = image.string_end(i) >> 1;
        if (end < before || end > room) return "the table of strings is wrong";
        before = end;
        if (valid_utf8(image.text(i), true) != image.text(i).size()) return "a string is not well-formed";
    }
    for (uint32_t i = 0; i < h.codes; i++) {
        const ImageCode c = image.code(i);
        if (c.head < h.data || c.body < c.head || c.positions < c.body || c.end < c.positions ||
            c.end > h.size)
            return "the table of codes is wrong";
    }
    return {};
}

// Nothing of what running leaves behind is among the instructions.
bool is_original(const Code& code) {
    Instruction words[kMaxWords];
    for (uint32_t pc = 0; pc < code.length();) {
        original_words(code.entry(), pc, words);
        const unsigned count = op_words(code.entry()[pc].op());
        if (std::memcmp(words, code.entry() + pc, count * sizeof(Instruction))) return false;
        pc += count;
    }
    return true;
}

}  // namespace

Code* read_image(Heap& heap, StringTable& strings, std::span<const uint8_t> bytes, std::string& error) {
    error = check_tables(bytes);
    if (!error.empty()) return nullptr;
    const Image image(bytes.data());
    Array* cache = make_array(heap, image.header.strings);
    if (!cache) return nullptr;
    std::vector<Code*> codes(image.header.codes);
    Reader reader(heap, strings, image, cache, &codes);
    for (uint32_t n = image.header.codes; n-- > 0;) {
        const std::string where = "code " + std::to_string(n);
        Code* code = reader.head(n);
        bool good = reader.body(code);
        std::vector<PositionEntry> positions;
        const ImageCode place = image.code(n);
        good = good && each_position(image.cursor(place.positions, place.end), [&](const PositionEntry& e) {
                   positions.push_back(e);
                   return true;
               });
        if (reader.memory) return nullptr;
        if (!good) {
            error = where + " is malformed";
            return nullptr;
        }
        if (!positions.empty()) {
            code->positions = make_blob(heap, positions.size() * sizeof(PositionEntry));
            if (!code->positions) return nullptr;
            std::memcpy(code->positions->data, positions.data(), code->positions->size);
        }
        code->image = nullptr;
        code->image_strings = nullptr;
        error = verify_one(*code);
        if (error.empty() && !is_original(*code)) error = where + " has been run";
        if (error.empty() && code->self_attributes != count_self_attributes(*code))
            error = where + " is malformed";
        if (!error.empty()) return nullptr;
        codes[n] = code;
    }
    for (uint32_t n = 1; n < image.header.codes; n++)
        if (codes[n]) {
            error = "code " + std::to_string(n) + " belongs to none";
            return nullptr;
        }
    return codes[0];
}

bool is_of_this_version(const uint8_t* bytes) {
    const Image image(bytes);
    return !std::memcmp(image.header.magic, "GENC", 4) && image.header.version == image_version();
}

Code* frozen_code(Heap& heap, StringTable& strings, const uint8_t* bytes) {
    const Image image(bytes);
    Array* cache = make_array(heap, image.header.strings);
    if (!cache) return nullptr;
    Reader reader(heap, strings, image, cache, nullptr);
    Code* code = reader.head(0);
    return reader.good && !reader.memory ? code : nullptr;
}

bool read_code(Heap& heap, StringTable& strings, Code* code) {
    if (code->is_read()) return true;
    const Image image(code->image);
    if (!Reader(heap, strings, image, code->image_strings, nullptr).body(code)) return false;
    code->image_strings = nullptr;
    return true;
}

PositionEntry frozen_position(const Code& code, uint32_t pc) {
    PositionEntry found{pc, 0, 0, PositionEntry::kNoColumn, PositionEntry::kNoColumn};
    const Image image(code.image);
    const ImageCode place = image.code(code.image_index);
    each_position(image.cursor(place.positions, place.end), [&](const PositionEntry& e) {
        if (e.pc > pc) return false;
        found = e;
        return true;
    });
    return found;
}

std::vector<PositionEntry> frozen_positions(const Code& code) {
    std::vector<PositionEntry> all;
    const Image image(code.image);
    const ImageCode place = image.code(code.image_index);
    each_position(image.cursor(place.positions, place.end), [&](const PositionEntry& e) {
        all.push_back(e);
        return true;
    });
    return all;
}

}  // namespace gen
