// _pickle.save(): writes what is made of plain data. What is not, pickle/_writer.gen writes, and calls back for the parts.
//
// Containers that are being written stand on a stack, kLevel values each: the container; where the next item stands; how
// many items the batch has; and the size that the container had. Instances of plain classes are containers of two: their class,
// and a dict of their attributes.
#include "runtime/modules/pickle.h"

#include <bit>
#include <vector>

namespace gen {

namespace {

constexpr size_t kFrame = 64 * 1024;  // bytes in a frame, about
constexpr int64_t kBatch = 1000;      // items that are added to a container at once
constexpr size_t kLevel = 4;
constexpr size_t kRoom = 32;  // that any item needs at most, but for the data of texts

struct Writer {
    VM& vm;
    Dict* memo;
    List* kept;
    ByteArray* out;
    bool framed;                   // protocol 4 and above
    Dict* table = nullptr;         // of classes with functions of their own; null: not known
    const Class* plain = nullptr;  // whose instances were found to be so, just now

    uint8_t* end() { return out->buffer->data + out->size; }
    bool reserve(size_t n) {
        const size_t need = out->size + n;
        if (out->buffer && need <= out->buffer->size) return true;
        Blob* larger = make_blob(vm.heap, std::max<size_t>(2 * need, 256));
        if (!larger) return false;
        if (out->size) std::memcpy(larger->data, out->buffer->data, out->size);
        out->buffer = larger;
        vm.heap.write(out);
        return true;
    }
    void byte(char c) { out->buffer->data[out->size++] = uint8_t(c); }
    void number(uint64_t n, size_t bytes) {
        for (size_t i = 0; i < bytes; i++) byte(char(n >> 8 * i));
    }
    void integer(int64_t n) {
        if (n >= 0 && n <= 0xff) {
            byte('K');
            return number(uint64_t(n), 1);
        }
        if (n >= 0 && n <= 0xffff) {
            byte('M');
            return number(uint64_t(n), 2);
        }
        if (n >= INT32_MIN && n <= INT32_MAX) {
            byte('J');
            return number(uint64_t(n), 4);
        }
        size_t bytes = 1 + size_t(64 - std::countl_zero(uint64_t(n < 0 ? ~n : n))) / 8;
        byte('\x8a');
        number(bytes, 1);
        if (bytes <= 8) return number(uint64_t(n), bytes);
        number(uint64_t(n), 8);
        byte(n < 0 ? '\xff' : 0);
    }
    void real(double d) {
        uint64_t bits = std::bit_cast<uint64_t>(d);
        if (d != d) bits = uint64_t{0x7ff8} << 48;
        byte('G');
        for (int shift = 56; shift >= 0; shift -= 8) byte(char(bits >> shift));
    }
    // A value without parts, for which there is room. False: it is something else.
    bool atom(Value v) {
        if (v.is_int())
            integer(v.as_int());
        else if (v.is_inline_float())
            real(v.as_inline_float());
        else if (v.is_none())
            byte('N');
        else if (v.is_bool())
            byte(v.is_true() ? '\x88' : '\x89');
        else if (v.is_object() && v.as_object()->shape == kShapeFloat)
            real(v.as<Float>()->value);
        else
            return false;
        return true;
    }

    static Value key_of(Value v) { return Value::integer(int64_t(v.bits() >> 4)); }
    // Its number, or -1. Objects do not move.
    int64_t remembered(Value v) {
        Outcome o = op_dict_get(vm, memo, key_of(v));
        return o.is_value() && o.value().is_int() ? o.value().as_int() : -1;
    }
    void recall(int64_t number_of_it) {
        byte(number_of_it < 256 ? 'h' : 'j');
        number(uint64_t(number_of_it), number_of_it < 256 ? 1 : 4);
    }
    bool remember(Value v) {
        const auto n = int64_t(kept->size);
        if (!list_append(vm.heap, kept, v) || !op_dict_set(vm, memo, key_of(v), Value::integer(n)).is_value())
            return false;
        if (framed) {
            byte('\x94');
        } else {
            byte(n < 256 ? 'q' : 'r');
            number(uint64_t(n), n < 256 ? 1 : 4);
        }
        return true;
    }
    // A text or bytes with its length; a short one has an instruction of its own (0: none).
    bool sized(char short_form, char form, std::string_view data) {
        if (!reserve(data.size() + kRoom)) return false;
        const bool is_short = data.size() < 256 && short_form;
        byte(is_short ? short_form : form);
        number(data.size(), is_short ? 1 : 4);
        std::memcpy(end(), data.data(), data.size());
        out->size += data.size();
        return true;
    }
};

bool push_level(VM& vm, List* stack, Value container, int64_t size) {
    const Value level[kLevel] = {container, Value::integer(0), Value::integer(0), Value::integer(size)};
    return list_extend(vm.heap, stack, level, kLevel);
}

// Does an instance consist of its attributes, as far as pickles go?
bool is_plain_instance(Writer& w, Value v) {
    VM& vm = w.vm;
    if (!w.table || v.as_object()->kind != Kind::Instance) return false;
    const Shape& shape = vm.shapes[v.as_object()->shape];
    Class* cls = shape.cls;
    if (shape.dictionary || shape.offset == Shape::kNoSlots) return false;
    if (cls == w.plain) return true;
    if (!is_plain_class(vm, cls)) return false;
    for (const char* name :
         {"__reduce_ex__", "__reduce__", "__getstate__", "__getnewargs__", "__getnewargs_ex__"}) {
        Value own = vm.lookup(cls, vm.intern(name));
        if (!own.is_unbound() && !own.is(vm.lookup(vm.type(kShapeObject), vm.intern(name)))) return false;
    }
    if (!op_dict_get(vm, w.table, Value::object(cls)).is_stop()) return false;
    w.plain = cls;
    return true;
}

// Its attributes, in the order in which they came; empty: unbound.
Value attributes_of(VM& vm, Object* o) {
    std::vector<Str*> names;
    for (const Shape* s = &vm.shapes[o->shape]; s->name; s = s->parent) names.push_back(s->name);
    Dict* d = nullptr;
    for (size_t i = names.size(); i-- > 0;) {
        Value v = get_instance_attribute(vm, o, names[i]);
        if (v.is_unbound()) continue;
        if (!d) d = vm.dict();
        vm.set(d, names[i], v);
    }
    return d ? Value::object(d) : Value::unbound();
}

enum class Written { Done, Level, Other, NoMemory };  // Level: its items follow

// Begins the object: all of it but the items of a container.
Written begin(Writer& w, List* stack, Value v) {
    if (!w.reserve(kRoom)) return Written::NoMemory;
    if (w.atom(v)) return Written::Done;
    if (!v.is_object()) return Written::Other;
    const uint32_t shape = v.as_object()->shape;
    const bool instance = is_plain_instance(w, v);
    if (instance || v.as_object()->kind == Kind::Class) {
        if (int64_t n = w.remembered(v); n >= 0) {
            w.recall(n);
            return Written::Done;
        }
        if (!instance) return Written::Other;
        return push_level(w.vm, stack, v, 0) ? Written::Level : Written::NoMemory;
    }
    if (shape == kShapeTuple && !v.as<Tuple>()->size) {
        w.byte(')');
        return Written::Done;
    }
    if (shape != kShapeStr && shape != kShapeBytes && shape != kShapeTuple && shape != kShapeList &&
        shape != kShapeDict && !(w.framed && (shape == kShapeSet || shape == kShapeFrozenSet)))
        return Written::Other;
    if (int64_t n = w.remembered(v); n >= 0) {
        w.recall(n);
        return Written::Done;
    }
    bool ok = true;
    switch (shape) {
        case kShapeStr:
        case kShapeBytes: {
            const bool text = shape == kShapeStr;
            std::string_view data = text ? v.as<Str>()->view() : view_of(v.as<Bytes>());
            if (data.size() >= kFrame) return Written::Other;
            ok = text ? w.sized(w.framed ? '\x8c' : 0, 'X', data) : w.sized('C', 'B', data);
            return ok && w.remember(v) ? Written::Done : Written::NoMemory;
        }
        case kShapeTuple:
            if (v.as<Tuple>()->size > 3) w.byte('(');
            ok = push_level(w.vm, stack, v, int64_t(v.as<Tuple>()->size));
            return ok ? Written::Level : Written::NoMemory;
        case kShapeList:
            w.byte(']');
            ok = w.remember(v) && push_level(w.vm, stack, v, int64_t(v.as<List>()->size));
            return ok ? Written::Level : Written::NoMemory;
        case kShapeDict:
            w.byte('}');
            ok = w.remember(v) && push_level(w.vm, stack, v, dict_length(v.as<Dict>()));
            return ok ? Written::Level : Written::NoMemory;
        case kShapeSet:
            w.byte('\x8f');
            ok = w.remember(v) && push_level(w.vm, stack, v, set_length(v.as<Set>()));
            return ok ? Written::Level : Written::NoMemory;
        default:
            w.byte('(');
            ok = push_level(w.vm, stack, v, set_length(v.as<Set>()));
            return ok ? Written::Level : Written::NoMemory;
    }
}

// What is written before, between and behind the items of the container on top. True: `item` is the next one; false: it
// is complete and gone, or `failure` is raised. There is room.
bool next_item(Writer& w, List* stack, Value& item, Outcome& failure) {
    Value* level = stack->items->items + stack->size - kLevel;
    const Value container = level[0];
    int64_t at = level[1].as_int(), batch = level[2].as_int();
    const int64_t size = level[3].as_int();
    auto done = [&] {
        stack->size -= kLevel;
        for (size_t i = 0; i < kLevel; i++) level[i] = Value::unbound();
        return false;
    };
    auto changed = [&] {
        failure = w.vm.raisef(kShapeRuntimeError, "%s changed size during iteration",
                              is_dict(container) ? "dictionary" : "set");
        return false;
    };
    if (container.as_object()->kind == Kind::Instance) {
        level[1] = Value::integer(at + 1);
        switch (at) {
            case 0:
                item = Value::object(w.vm.class_of(container));
                return true;
            case 1:
                w.byte(')');
                w.byte('\x81');
                if (!w.remember(container)) failure = w.vm.out_of_memory();
                item = attributes_of(w.vm, container.as_object());
                return !item.is_unbound() || done();
            default:
                w.byte('b');
                return done();
        }
    }
    switch (container.as_object()->shape) {
        case kShapeTuple: {
            const Tuple* t = container.as<Tuple>();
            if (at < size) {
                item = t->items[at];
                level[1] = Value::integer(at + 1);
                return true;
            }
            if (int64_t n = w.remembered(container); n >= 0) {  // an item has led to it
                if (size > 3)
                    w.byte('1');
                else
                    for (int64_t i = 0; i < size; i++) w.byte('0');
                w.recall(n);
                return done();
            }
            w.byte(size > 3 ? 't' : char(0x84 + size));
            if (!w.remember(container)) failure = w.vm.out_of_memory();
            return done();
        }
        case kShapeList: {
            const List* l = container.as<List>();
            const auto now = int64_t(l->size);
            if (size == 1 && at == 1) {
                w.byte('a');
                return done();
            }
            if (size != 1 && batch && (batch == kBatch || at >= now)) {
                w.byte('e');
                level[2] = Value::integer(batch = 0);
            }
            if (at >= now) return done();
            if (size != 1 && !batch) w.byte('(');
            // Those that are at hand are written here.
            const int64_t stop = size == 1 ? at : std::min(now, at + kBatch - batch);
            for (; at < stop && w.reserve(kRoom) && w.out->size < kFrame; at++, batch++)
                if (!w.atom(l->items->items[at])) break;
            level[1] = Value::integer(at + (at < stop || size == 1));
            level[2] = Value::integer(batch + (at < stop || size == 1));
            item = at < stop || size == 1 ? l->items->items[at] : Value::unbound();
            return true;
        }
        case kShapeDict: {
            const Dict* d = container.as<Dict>();
            const bool half = batch < 0;  // its key was the last item; the batch is kept as ~batch
            auto position = uint32_t(at);
            if (int64_t(dict_length(d)) != size) return changed();
            if (half) {
                if (position >= d->table->used || d->table->entries[position].value.is_unbound())
                    return changed();
                item = d->table->entries[position].value;
                level[1] = Value::integer(at + 1);
                level[2] = Value::integer(~batch);
                return true;
            }
            const DictEntry* e = next_entry(d, position);
            if (batch && (size == 1 || batch == kBatch || !e)) {
                w.byte(size == 1 ? 's' : 'u');
                if (batch == kBatch && !e) w.byte('('), w.byte('u');  // as CPython does
                batch = 0;
            }
            if (!e) return done();
            if (size != 1 && !batch) w.byte('(');
            item = e->key;
            level[1] = Value::integer(position - 1);
            level[2] = Value::integer(~(batch + 1));
            return true;
        }
        default: {
            const Set* s = container.as<Set>();
            const bool frozen = container.as_object()->shape == kShapeFrozenSet;
            auto position = uint32_t(at);
            if (int64_t(set_length(s)) != size) return changed();
            const DictEntry* e = next_entry(s, position);
            if (!frozen && batch && (batch == kBatch || !e)) {
                w.byte('\x90');
                if (batch == kBatch && !e) w.byte('('), w.byte('\x90');
                batch = 0;
            }
            if (e) {
                if (!frozen && !batch) w.byte('(');
                item = e->key;
                level[1] = Value::integer(position);
                level[2] = Value::integer(batch + 1);
                return true;
            }
            if (!frozen) return done();
            if (int64_t n = w.remembered(container); n >= 0) {
                w.byte('1');
                w.recall(n);
                return done();
            }
            w.byte('\x91');
            if (!w.remember(container)) failure = w.vm.out_of_memory();
            return done();
        }
    }
}

// save(pickler, memo, kept, out, protocol, table, obj); 7 stack
Outcome save_step(VM& vm, NativeFrame& frame) {
    enum : uint32_t { kFlushed = 1, kOther, kPaused };
    if (frame.step_state() == 0 &&
        (!is_exact(frame[1], kShapeDict) || !is_exact_list(frame[2]) ||
         !is_exact(frame[3], kShapeByteArray) || frame[3].as<ByteArray>()->exports || !frame[4].is_int()))
        return vm.type_error("save() is for picklers");
    Writer w{vm, frame[1].as<Dict>(), frame[2].as<List>(), frame[3].as<ByteArray>(), frame[4].as_int() >= 4};
    if (is_exact(frame[5], kShapeDict)) w.table = frame[5].as<Dict>();
    Outcome failure = Value::none();
    Written written;
    Value item;
    switch (frame.step_state()) {
        case 0:
            frame[7] = vm.list();
            for (;;) {
                PAUSE(kPaused);
                if (w.out->size >= kFrame && w.framed) {
                    AWAIT(kFlushed, vm.call(vm.natives.call_attribute,
                                            {frame[0], vm.str("_end_frame"), Value::object(vm.empty_tuple)}));
                }
                if (!frame[6].is_unbound()) {
                    written = begin(w, frame[7].as<List>(), frame[6]);
                    if (written == Written::NoMemory) return vm.out_of_memory();
                    if (written == Written::Other) {
                        AWAIT(kOther, vm.call(vm.natives.call_attribute,
                                              {frame[0], vm.str("_save_each"), vm.tuple({frame[6]})}));
                    }
                    frame[6] = Value::unbound();
                }
                if (!frame[7].as<List>()->size) return Value::none();
                if (!w.reserve(kRoom)) return vm.out_of_memory();
                item = Value::unbound();
                if (next_item(w, frame[7].as<List>(), item, failure))
                    frame[6] = item;
                else if (failure.is_raised())
                    return failure;
            }
    }
    return Value::none();
}

Outcome memoize(VM& vm, Value* args) {  // memo, kept, obj
    if (!is_exact(args[0], kShapeDict) || !is_exact_list(args[1]))
        return vm.type_error("memoize() is for picklers");
    const auto n = int64_t(args[1].as<List>()->size);
    if (!list_append(vm.heap, args[1].as<List>(), args[2])) return vm.no_room();
    Outcome o = op_dict_set(vm, args[0].as<Dict>(), Writer::key_of(args[2]), Value::integer(n));
    return o.is_value() ? Outcome(Value::integer(n)) : o;
}
Outcome number_of(VM& vm, Value* args) {  // memo, obj
    if (!is_exact(args[0], kShapeDict)) return vm.type_error("number_of() is for picklers");
    if (!args[1].is_object()) return Value::none();
    Outcome o = op_dict_get(vm, args[0].as<Dict>(), Writer::key_of(args[1]));
    return o.is_stop() || (o.is_value() && o.value().is_unbound()) ? Outcome(Value::none()) : o;
}

Outcome float_bytes(VM& vm, Value* args) {
    if (!is_float(args[0])) return vm.type_error("a float is required, not '%s'", vm.type_name(args[0]));
    ByteArray* out = make_bytearray(vm.heap, nullptr, 0);
    Writer w{vm, nullptr, nullptr, out, true};
    if (!w.reserve(kRoom)) return vm.no_room();
    w.real(as_float(args[0]));
    return Value::object(make_bytes(vm.heap, out->buffer->data + 1, 8));
}

}  // namespace

namespace {

const NativeDef kFunctions[] = {
    {.signature = "save(pickler, memo, kept, out, protocol, table, obj, /)", .step = save_step, .locals = 1},
    {.signature = "memoize(memo, kept, obj, /)", .fn = memoize},
    {.signature = "number_of(memo, obj, /)", .fn = number_of},
    {.signature = "float_bytes(x, /)", .fn = float_bytes},
    {.signature = "load(unpickler, data, at, stack, memo, mark, /)", .step = load_step},
};

}  // namespace

const ModuleDef kPickleModule = {
    .name = "_pickle", .functions = kFunctions, .doc = "Plain data as pickles, and back."};

}  // namespace gen
