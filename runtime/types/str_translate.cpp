// join, translate, maketrans: what takes items from the script's objects.
#include "runtime/types/str_methods.h"

namespace gen {

// ---- join

static Outcome join(VM& vm, Str* separator, const Value* items, size_t n) {
    if (n == 0) return Value::object(vm.empty_string);
    for (size_t i = 0; i < n; i++)
        if (!is_str(items[i]))
            return vm.type_error("sequence item %zu: expected str instance, %s found", i,
                                 vm.type_name(items[i]));
    charge(vm, n / 4);
    if (n == 1 && is_exact_str(items[0])) return items[0];
    uint64_t bytes = uint64_t(separator->size) * (n - 1), length = uint64_t(separator->length) * (n - 1);
    unsigned ascii = n > 1 ? separator->aux : unsigned(Str::kAscii), state = n > 1 ? separator->state : 0u;
    for (size_t i = 0; i < n; i++) {
        const Str* item = text_of(items[i]);
        bytes += item->size;
        length += item->length;
        ascii &= item->aux;
        state |= item->state;
    }
    if (bytes > kMaxStr || !vm.heap.reserve(bytes)) return vm.out_of_memory();
    Str* s = make_str_uninitialized(vm.heap, bytes);
    if (!s) return vm.out_of_memory();
    char* p = s->own;
    for (size_t i = 0; i < n; i++) {
        if (i) {
            copy_text(p, separator->view());
            p += separator->size;
        }
        copy_text(p, text_of(items[i])->view());
        p += text_of(items[i])->size;
    }
    s->length = uint32_t(length);
    s->aux = ascii & Str::kAscii;
    s->state = state & Str::kHasSurrogates;
    return Value::object(s);
}

Outcome str_join(VM& vm, Value* args) {
    Value items = args[1];
    if (is_exact_list(items))
        return join(vm, text_of(args[0]), items.as<List>()->items->items, items.as<List>()->size);
    if (is_exact_tuple(items))
        return join(vm, text_of(args[0]), items.as<Tuple>()->items, items.as<Tuple>()->size);
    if (!is_iterable(vm, items)) return vm.type_error("can only join an iterable");
    return Outcome::unhandled();
}

Outcome str_join_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_list(vm, frame[1]))
            return join(vm, text_of(frame[0]), frame.result().as<List>()->items->items,
                        frame.result().as<List>()->size);
    }
    return Outcome::raised();
}

// ---- maketrans

static bool set_int_key(VM& vm, Dict* d, Value key, Value v) {
    Probe probe;
    uint64_t hash = hash_of_int(key);
    return dict_set(vm.heap, d, key, hash, v, probe) == Store::Done;
}

static Outcome maketrans_of_dict(VM& vm, Dict* from, Dict* out) {
    uint32_t position = 0;
    while (DictEntry* e = next_entry(from, position)) {
        Value key = e->key;
        if (is_str(key)) {
            if (text_of(key)->length != 1)
                return vm.raise(kShapeValueError, "string keys in translate table must be of length 1");
            key = Value::integer(char_at(vm.heap, text_of(key), 0));
        } else if (!is_int_like(key)) {
            return vm.type_error("keys in translate table must be strings or integers");
        } else {
            key = int_exact(vm.heap, key);
        }
        if (!set_int_key(vm, out, key, e->value)) return vm.out_of_memory();
    }
    return Value::object(out);
}

Outcome str_maketrans(VM& vm, Value* args) {
    Dict* out = vm.dict();
    if (args[1].is_unbound()) {
        if (!is_exact_dict(args[0]) && !is_dict(args[0]))
            return vm.type_error("if you give only one argument to maketrans it must be a dict");
        return maketrans_of_dict(vm, args[0].as<Dict>(), out);
    }
    if (!is_str(args[0]))
        return vm.type_error("first maketrans argument must be a string if there is a second argument");
    for (int i : {1, 2})
        if (!args[i].is_unbound() && !is_str(args[i]))
            return vm.type_error("maketrans() argument %d must be str, not %s", i + 1, vm.type_name(args[i]));
    Str *from = text_of(args[0]), *to = text_of(args[1]);
    if (from->length != to->length)
        return vm.raise(kShapeValueError, "the first two maketrans arguments must have equal length");
    const char *p = from->data(), *q = to->data();
    for (uint32_t i = 0; i < from->length; i++) {
        char32_t key = decode_utf8(p), value = decode_utf8(q);
        if (!set_int_key(vm, out, Value::integer(key), Value::integer(value))) return vm.out_of_memory();
    }
    if (!args[2].is_unbound()) {
        Str* gone = text_of(args[2]);
        for (const char *c = gone->data(), *end = c + gone->size; c < end;)
            if (!set_int_key(vm, out, Value::integer(decode_utf8(c)), Value::none()))
                return vm.out_of_memory();
    }
    return Value::object(out);
}

// ---- translate

// Appends what a character is mapped to. False: raised.
static bool append_mapping(VM& vm, StringBuilder& out, Value mapped) {
    if (mapped.is_none()) return true;
    if (is_str(mapped)) {
        out.append(text_of(mapped));
        return true;
    }
    int64_t c;
    if (!is_int_like(mapped)) {
        vm.type_error("character mapping must return integer, None or str");
        return false;
    }
    if (!int_to_int64(mapped, c) || c < 0 || c > 0x10ffff) {
        vm.raise(kShapeValueError, "character mapping must be in range(0x110000)");
        return false;
    }
    out.append_char(char32_t(c));
    return true;
}

Outcome str_translate(VM& vm, Value* args) {
    if (!is_exact_dict(args[1])) {
        if (vm.special(args[1], Special::Getitem).is_unbound())
            return vm.type_error("'%s' object is not subscriptable", vm.type_name(args[1]));
        return Outcome::unhandled();
    }
    auto* table = args[1].as<Dict>();
    Str* self = text_of(args[0]);
    charge(vm, self->length / 16);
    StringBuilder out(vm.heap);
    for (const char *p = self->data(), *end = p + self->size; p < end;) {
        char32_t c = decode_utf8(p);
        Probe probe;
        switch (dict_find(table, Value::integer(c), c, probe)) {
            case Find::Absent:
                out.append_char(c);
                break;
            case Find::Ask:
                return Outcome::unhandled();
            case Find::Found:
                if (!append_mapping(vm, out, probe_value(table, probe))) return Outcome::raised();
        }
    }
    return finish(vm, out);
}

// translate(self, table) with any table. Registers: byte offset, pieces so far.
Outcome str_translate_step(VM& vm, NativeFrame& frame) {
    enum : uint32_t { kMapped = 1, kPaused };
    Str* self = text_of(frame[0]);
    const char* p;
    char32_t c;
    switch (frame.step_state()) {
        case 0:
            frame[2] = Value::integer(0);
            frame[3] = vm.list();
            while (frame[2].as_int() < int64_t(self->size)) {
                PAUSE(kPaused)
                p = self->data() + frame[2].as_int();
                AWAIT_CATCHING(kMapped, op_getitem(vm, frame[1], Value::integer(decode_utf8(p))))
                p = self->data() + frame[2].as_int();
                c = decode_utf8(p);
                {
                    StringBuilder piece(vm.heap);
                    if (frame.result().is_unbound()) {
                        if (!vm.is_instance(vm.caught, kShapeLookupError)) return raise_again(vm, vm.caught);
                        piece.append_char(c);
                    } else if (!append_mapping(vm, piece, frame.result())) {
                        return Outcome::raised();
                    }
                    Str* s = piece.finish();
                    if (!s || !list_append(vm.heap, frame[3].as<List>(), Value::object(s)))
                        return vm.out_of_memory();
                }
                frame[2] = Value::integer(p - self->data());
            }
            return join(vm, vm.empty_string, frame[3].as<List>()->items->items, frame[3].as<List>()->size);
    }
    return Outcome::raised();
}

}  // namespace gen
