#include "vm/code/encoding.h"
#include "vm/code/image.h"
#include "vm/data/float.h"
#include "vm/data/int.h"

#include <algorithm>
#include <cstring>
#include <map>

namespace gen {

uint32_t image_version() {
    constexpr uint32_t kLayout = 1;
    static constexpr uint32_t version = [] {
        uint32_t h = 2166136261u ^ kLayout;
        auto add = [&h](const char* text, unsigned number) {
            for (; *text; text++) h = (h ^ uint8_t(*text)) * 16777619u;
            h = (h ^ number) * 16777619u;
        };
#define OP(name, format, words, flags, meaning) \
    add(#name, words);                          \
    add(format, 0);
#include "vm/code/opcodes.def"
#undef OP
#define INTRINSIC_OP(name, arguments, meaning) add(#name, arguments);
#include "vm/code/intrinsics.def"
#undef INTRINSIC_OP
        return h;
    }();
    return version;
}

namespace {

void put_varint(std::string& out, uint64_t n) {
    for (; n >= 0x80; n >>= 7) out += char(n | 0x80);
    out += char(n);
}
void put_signed(std::string& out, int64_t n) { put_varint(out, uint64_t(n) << 1 ^ uint64_t(n >> 63)); }
void put_bytes(std::string& out, const void* data, size_t size) {
    out.append(static_cast<const char*>(data), size);
}
void put_u32(std::string& out, uint32_t n) { put_bytes(out, &n, 4); }

class Writer {
  public:
    bool run(const Code& root, std::string& image) {
        codes_.push_back(&root);
        std::vector<ImageCode> table;
        for (size_t i = 0; i < codes_.size(); i++) {
            if (!add(*codes_[i])) return false;
            table.push_back(places_);
        }
        const size_t head = sizeof(ImageHeader) + 4 * strings_.size() + sizeof(ImageCode) * table.size();
        const size_t records = head + texts_.size();
        if (records + records_.size() >= UINT32_MAX / 2) {
            error = "the code is too large";
            return false;
        }
        ImageHeader header{{'G', 'E', 'N', 'C'},
                           image_version(),
                           0,
                           uint32_t(records + records_.size()),
                           uint32_t(strings_.size()),
                           uint32_t(table.size()),
                           uint32_t(head)};
        image.clear();
        put_bytes(image, &header, sizeof header);
        for (uint32_t end : ends_) put_u32(image, end);
        for (ImageCode c : table)
            for (uint32_t place : {c.head, c.body, c.positions, c.end})
                put_u32(image, uint32_t(records + place));
        image += texts_;
        image += records_;
        constexpr size_t kFrom = offsetof(ImageHeader, size);
        header.checksum = siphash13({}, image.data() + kFrom, image.size() - kFrom);
        std::memcpy(image.data() + offsetof(ImageHeader, checksum), &header.checksum, 8);
        return true;
    }
    std::string error;

  private:
    uint32_t string(std::string_view text, bool interned) {
        auto [at, is_new] = strings_.try_emplace({std::string(text), interned}, uint32_t(strings_.size()));
        if (is_new) {
            texts_ += text;
            ends_.push_back(uint32_t(texts_.size() << 1 | interned));
        }
        return at->second;
    }
    void put_string(Value v) {
        auto* s = v.as<Str>();
        put_varint(records_, string(s->view(), s->flags & kInterned));
    }
    void put_strings(const Tuple* t) {
        put_varint(records_, t->size);
        for (uint64_t i = 0; i < t->size; i++) put_string(t->items[i]);
    }

    bool add(const Code& code) {
        if (!code.is_read()) {
            error = "a code is not read";
            return false;
        }
        places_.head = uint32_t(records_.size());
        for (Value v : {code.name, code.qualname, code.filename}) put_string(v);
        if (code.doc.is_unbound() || code.doc.is_none())
            put_varint(records_, code.doc.is_none());
        else if (is_exact_str(code.doc))
            put_varint(records_, 2 + string(code.doc.as<Str>()->view(), false));
        else
            return fail(code.doc);
        for (uint32_t n : {code.code_flags, code.registers, uint32_t(code.positional_only),
                           uint32_t(code.positional), uint32_t(code.keyword_only),
                           code.locals_register == kNoRegister ? 0 : code.locals_register + 1u,
                           code.first_line, code.self_attributes})
            put_varint(records_, n);

        places_.body = uint32_t(records_.size());
        for (const Tuple* t : {code.locals, code.cell_names, code.free_names}) put_strings(t);
        auto registers = items_of<uint16_t>(code.cell_parameters);
        put_varint(records_, registers.size());
        for (uint16_t r : registers) put_varint(records_, r);
        auto exceptions = items_of<ExceptionEntry>(code.exceptions);
        put_varint(records_, exceptions.size());
        uint32_t before = 0;
        for (ExceptionEntry e : exceptions) {
            for (uint32_t n : {e.start - before, e.end - e.start, e.target, e.reg}) put_varint(records_, n);
            before = e.end;
        }
        if (!constants(code)) return false;
        instructions(code);

        places_.positions = uint32_t(records_.size());
        positions(code);
        places_.end = uint32_t(records_.size());
        return true;
    }

    // Items in the order in which a stack wants them.
    bool constants(const Code& code) {
        std::vector<Value> order,
            waiting(code.constants->items, code.constants->items + code.constants->size);
        while (!waiting.empty()) {
            Value v = waiting.back();
            waiting.pop_back();
            order.push_back(v);
            if (!v.is_object()) continue;
            Object* o = v.as_object();
            if (o->kind == Kind::Tuple) {
                auto* t = v.as<Tuple>();
                waiting.insert(waiting.end(), t->items, t->items + t->size);
            } else if (o->kind == Kind::Set) {
                const DictTable* t = v.as<Set>()->table;
                for (uint32_t i = 0; i < t->used; i++)
                    if (!t->entries[i].key.is_unbound()) waiting.push_back(t->entries[i].key);
            }
        }
        put_varint(records_, code.constants->size);
        put_varint(records_, order.size());
        for (size_t i = order.size(); i-- > 0;)
            if (!item(order[i])) return false;
        return true;
    }

    void tag(ImageItem t) { records_ += char(t); }
    bool item(Value v) {
        if (v.is_constant()) {
            tag(ImageItem::Special);
            records_ += char(v.bits());
        } else if (v.is_int()) {
            tag(ImageItem::Int);
            put_signed(records_, v.as_int());
        } else if (v.is_inline_float()) {
            real(v.as_inline_float());
        } else {
            return v.is_object() ? object(v) : fail(v);
        }
        return true;
    }
    void real(double d) {
        tag(ImageItem::Float);
        put_bytes(records_, &d, 8);
    }
    bool object(Value v) {
        switch (v.as_object()->shape) {
            case kShapeInt: {
                IntView i(v);
                tag(ImageItem::BigInt);
                put_varint(records_, uint64_t(i.size) << 1 | i.negative);
                put_bytes(records_, i.limbs, 8 * i.size);
                return true;
            }
            case kShapeFloat:
                real(v.as<Float>()->value);
                return true;
            case kShapeComplex:
                tag(ImageItem::Complex);
                put_bytes(records_, &v.as<Complex>()->real, 8);
                put_bytes(records_, &v.as<Complex>()->imag, 8);
                return true;
            case kShapeStr:
                tag(ImageItem::Str);
                put_string(v);
                return true;
            case kShapeBytes:
                tag(ImageItem::Bytes);
                put_varint(records_, v.as<Bytes>()->size);
                put_bytes(records_, v.as<Bytes>()->data, v.as<Bytes>()->size);
                return true;
            case kShapeTuple:
                tag(ImageItem::Tuple);
                put_varint(records_, v.as<Tuple>()->size);
                return true;
            case kShapeFrozenSet:
                tag(ImageItem::FrozenSet);
                put_varint(records_, v.as<Set>()->table->live);
                return true;
            case kShapeCode:
                tag(ImageItem::Code);
                put_varint(records_, codes_.size());
                codes_.push_back(v.as<Code>());
                return true;
            default:
                return fail(v);
        }
    }
    bool fail(Value v) {
        error = "a constant of kind " + std::to_string(v.is_object() ? int(v.as_object()->kind) : -1) +
                " has no form as bytes";
        return false;
    }

    void instructions(const Code& code) {
        put_varint(records_, code.length());
        Instruction words[kMaxWords];
        for (uint32_t pc = 0; pc < code.length();) {
            original_words(code.entry(), pc, words);
            const unsigned count = op_words(words[0].op());
            put_bytes(records_, words, count * sizeof(Instruction));
            pc += count;
        }
    }

    void positions(const Code& code) {
        const std::vector<PositionEntry> entries = positions_of(code);
        put_varint(records_, entries.size());
        uint32_t pc = 0, line = 0;
        for (const PositionEntry& e : entries) {
            put_varint(records_, e.pc - pc);
            put_signed(records_, int64_t(e.line) - line);
            put_signed(records_, int64_t(e.end_line) - e.line);
            for (uint16_t column : {e.column, e.end_column})
                put_varint(records_, column == PositionEntry::kNoColumn ? 0 : column + 1u);
            pc = e.pc;
            line = e.line;
        }
    }

    std::map<std::pair<std::string, bool>, uint32_t> strings_;
    std::vector<uint32_t> ends_;
    std::string texts_, records_;
    std::vector<const Code*> codes_;
    ImageCode places_{};  // of the code at hand, from the start of the records
};

}  // namespace

bool write_image(const Code& code, std::string& image, std::string& error) {
    Writer writer;
    if (writer.run(code, image)) return true;
    error = writer.error;
    return false;
}

}  // namespace gen
