#include "vm/code/builder.h"

#include "vm/code/encoding.h"
#include "vm/data/dict.h"
#include "vm/data/float.h"
#include "vm/data/int.h"
#include "vm/data/list.h"

#include <algorithm>
#include <cstring>

namespace gen {

Value CodeBuilder::checked(void* object) {
    if (!object) {
        failed_ = true;
        return Value::unbound();
    }
    return Value::object(object);
}

Value CodeBuilder::str(std::string_view text, bool interned) {
    return checked(interned ? strings_.intern(heap_, text) : make_str(heap_, text));
}

Value CodeBuilder::bytes(std::string_view content) {
    auto* b = heap_.make<Bytes>(Kind::Bytes, kShapeBytes, sizeof(Bytes) + content.size() + 1);
    if (!b) return checked(nullptr);
    b->hash = 0;
    b->size = content.size();
    if (!content.empty()) std::memcpy(b->data, content.data(), content.size());
    b->data[content.size()] = 0;
    return Value::object(b);
}

Value CodeBuilder::integer(int64_t i) { return make_int(heap_, i); }

Value CodeBuilder::integer(__int128 i) {
    bool negative = i < 0;
    auto magnitude = negative ? -static_cast<unsigned __int128>(i) : static_cast<unsigned __int128>(i);
    uint64_t limbs[2] = {uint64_t(magnitude), uint64_t(magnitude >> 64)};
    Value v = make_int_from_limbs(heap_, limbs, 2, negative);
    failed_ |= v.is_unbound();
    return v;
}

Value CodeBuilder::integer(std::string_view digits, int base, bool negative) {
    Value v = int_from_digits(heap_, digits, base, negative);
    failed_ |= v.is_unbound();
    return v;
}

Value CodeBuilder::real(double d) { return make_float(heap_, d); }

Value CodeBuilder::complex(double real, double imag) {
    auto* c = heap_.make<Complex>(Kind::Complex, kShapeComplex);
    c->real = real;
    c->imag = imag;
    return Value::object(c);
}

Value CodeBuilder::tuple(std::span<const Value> items) {
    return checked(make_tuple(heap_, items.data(), items.size()));
}

Value CodeBuilder::frozenset(std::span<const Value> items) {
    Set* set = make_set(heap_, items.size(), kShapeFrozenSet);
    if (!set) return checked(nullptr);
    for (Value item : items) {
        uint64_t hash;
        Probe probe;
        if (!fast_hash(strings_.key(), item, hash)) return checked(nullptr);
        if (set_add(heap_, set, item, hash, probe) != Store::Done) return checked(nullptr);
    }
    return Value::object(set);
}

Blob* CodeBuilder::blob(const void* data, size_t bytes) {
    if (!bytes) return nullptr;
    Blob* b = make_blob(heap_, bytes);
    if (!b) {
        failed_ = true;
        return nullptr;
    }
    std::memcpy(b->data, data, bytes);
    return b;
}

Code* CodeBuilder::code(const CodeParts& p) {
    Code* code = heap_.make<Code>(Kind::Code, kShapeCode);
    code->instructions = make_blob(heap_, p.instructions.size_bytes());
    if (!code->instructions) {
        failed_ = true;
        return nullptr;
    }
    std::memcpy(code->instructions->data, p.instructions.data(), p.instructions.size_bytes());
    code->exceptions = blob(p.exceptions.data(), p.exceptions.size_bytes());
    code->positions = blob(p.positions.data(), p.positions.size_bytes());
    code->cell_parameters = blob(p.cell_parameters.data(), p.cell_parameters.size_bytes());
    code->constants = tuple(p.constants).as<Tuple>();
    code->locals = tuple(p.locals).as<Tuple>();
    code->cell_names = tuple(p.cell_names).as<Tuple>();
    code->free_names = tuple(p.free_names).as<Tuple>();
    code->name = p.name;
    code->qualname = p.qualname;
    code->filename = p.filename;
    code->doc = p.doc;
    code->code_flags = p.code_flags;
    code->registers = p.registers ? p.registers : 1;
    code->positional_only = p.positional_only;
    code->positional = p.positional;
    code->keyword_only = p.keyword_only;
    code->locals_register = p.locals_register;
    code->first_line = p.first_line;
    code->image = nullptr;
    code->image_strings = nullptr;
    code->image_index = 0;
    set_frame_size(code);
    auto* words = reinterpret_cast<Instruction*>(code->instructions->data);
    for (uint32_t pc = 0; pc < code->length(); pc += op_words(words[pc].op())) mark_landing(words + pc);
    code->self_attributes = count_self_attributes(*code);
    failed_ |= !note_caches(heap_, code);
    return failed_ ? nullptr : code;
}

void set_frame_size(Code* code) {
    const size_t bytes = (kFrameHeaderBytes + code->registers * sizeof(Value) + 15) & ~size_t{15};
    const size_t size_class = bytes <= Heap::kSmallLimit ? Heap::size_class(bytes) : 0;
    code->frame_bytes = uint32_t(size_class ? Heap::class_bytes(size_class) : bytes);
    code->frame_class = uint32_t(size_class);
}

bool note_caches(Heap& heap, Code* code) {
    const Instruction* words = code->entry();
    const uint32_t length = code->length();
    code->caches = nullptr;
    size_t count = 0;
    for (uint32_t pc = 0; pc < length; pc += op_words(words[pc].op()))
        count += has_attribute_cache(words[pc].op());
    if (!count) return true;
    Blob* caches = make_blob(heap, 4 * count);
    if (!caches) return false;
    auto* out = reinterpret_cast<uint32_t*>(caches->data);
    for (uint32_t pc = 0; pc < length; pc += op_words(words[pc].op()))
        if (has_attribute_cache(words[pc].op())) *out++ = pc;
    code->caches = caches;
    return true;
}

uint32_t count_self_attributes(const Code& code) {
    std::vector<unsigned> names;
    for (uint32_t pc = 0; code.positional && pc < code.length(); pc += op_words(code.entry()[pc].op())) {
        const Instruction i = code.entry()[pc];
        if (i.op() == Op::SET_ATTR && i.a() == 0 &&
            std::find(names.begin(), names.end(), i.c()) == names.end())
            names.push_back(i.c());
    }
    return uint32_t(names.size());
}

}  // namespace gen
