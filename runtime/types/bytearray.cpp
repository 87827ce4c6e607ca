#include "runtime/types/bytes_methods.h"
#include "runtime/types/types.h"
#include "vm/exec/arithmetic.h"
#include "vm/exec/exec.h"

namespace gen {

static ByteArray* array_of(Value v) { return v.as<ByteArray>(); }

// ---- resizing, which is refused while memoryviews show the bytes

// A view that only a temporary of a function that runs refers to was most likely passed to a call that is over: temporaries are not
// cleared behind their last use. It gets the benefit of the doubt.
static bool only_in_temporaries(VM& vm, Value view) {
    bool found = false;
    for (Frame* f = vm.frame; f; f = f->parent) {
        if (f->is_native()) continue;
        const Code* code = f->code();
        bool here = false;
        for (uint32_t i = 0; i < code->registers; i++) {
            if (!f->registers[i].is(view)) continue;
            if (i < code->locals->size) return false;
            here = true;
        }
        uint32_t position = 0;
        while (DictEntry* e = here ? next_entry(f->fn()->globals, position) : nullptr)
            if (e->value.is(view)) return false;
        found |= here;
    }
    return found;
}

// `exports` counts the views that were made and not released. How many of them are alive is known after a collection only.
// Answers whether one of them stands in the way.
static bool count_exports(VM& vm, NativeFrame& frame, ByteArray* array, Heap::Extent extent) {
    collect_garbage(vm, &frame, extent);
    array->exports = 0;
    bool held = false;
    vm.heap.each_old([&](Object* o) {
        if (o->kind != Kind::MemoryView || !static_cast<MemoryView*>(o)->base.is(Value::object(array)))
            return;
        array->exports++;
        held = held || !only_in_temporaries(vm, Value::object(o));
    });
    return held;
}

static Outcome splice_exported_step(VM& vm, NativeFrame& frame) {  // array, from, count, data, result
    auto* array = array_of(frame[0]);
    // What is marked midway through a major collection tells nothing: that is finished first, and may have kept views that died
    // meanwhile.
    auto extent = vm.heap.collecting_major() ? Heap::Extent::Major : Heap::Extent::Minor;
    if (count_exports(vm, frame, array, extent) && count_exports(vm, frame, array, Heap::Extent::Major))
        return vm.raise(kShapeBufferError, "Existing exports of data: object cannot be re-sized");
    // Another fiber may have run before this one got here.
    size_t from = std::min(size_t(frame[1].as_int()), size_t(array->size));
    size_t count = std::min(size_t(frame[2].as_int()), size_t(array->size) - from);
    auto* data = frame[3].as<Bytes>();
    if (!bytearray_replace(vm.heap, array, from, count, data->data, data->size)) return vm.out_of_memory();
    return frame[4];
}
static const NativeDef kSpliceExported = {.signature = "splice(array, from, count, data, result, /)",
                                          .step = splice_exported_step};

// Replaces a part; answers `result`.
static Outcome splice(VM& vm, Value self, size_t from, size_t count, std::string_view data,
                      Value result = Value::none()) {
    if (count != data.size() && array_of(self)->exports) {
        Bytes* kept = make_bytes(vm.heap, data);
        if (!kept) return vm.out_of_memory();
        return call_internal(vm, kSpliceExported,
                             {self, Value::integer(int64_t(from)), Value::integer(int64_t(count)),
                              Value::object(kept), result});
    }
    std::string copy(data);  // it may lie in the array itself
    if (!bytearray_replace(vm.heap, array_of(self), from, count, copy.data(), copy.size()))
        return vm.out_of_memory();
    return result;
}

// ---- making

static Outcome bytearray_new(VM& vm, Value* args) {
    Class* cls = checked_class(vm, args[0], kShapeByteArray);
    if (!cls) return Outcome::raised();
    if (cls != vm.type(kShapeByteArray)) return vm.checked(Value::object(allocate_instance(vm, cls)));
    ByteArray* b = make_bytearray(vm.heap, nullptr, 0);
    return b ? Outcome(Value::object(b)) : vm.out_of_memory();
}

static Outcome fill(VM& vm, Value self, Outcome bytes) {
    if (!bytes.is_value()) return bytes;
    return splice(vm, self, 0, array_of(self)->size, view_of(bytes.value().as<Bytes>()));
}
static Outcome bytearray_init(VM& vm, Value* args) {
    return fill(vm, args[0], bytes_from_source(vm, args[1], args[2], args[3], true));
}
static Outcome finish_init(VM& vm, NativeFrame& frame, Value bytes) { return fill(vm, frame[0], bytes); }
static Outcome bytearray_init_step(VM& vm, NativeFrame& frame) {
    return bytes_from_source_step(vm, frame, true, finish_init);
}

// ---- changing

static Outcome bytearray_append(VM& vm, Value* args) {
    uint8_t byte;
    Outcome failure = Outcome::raised();
    if (!get_byte(vm, args[1], byte, failure)) return failure;
    char c = char(byte);
    return splice(vm, args[0], array_of(args[0])->size, 0, {&c, 1});
}

static Outcome bytearray_insert(VM& vm, Value* args) {
    int64_t index = 0;
    uint8_t byte;
    Outcome failure = Outcome::raised();
    if (!get_size(vm, args[1], index, failure) || !get_byte(vm, args[2], byte, failure)) return failure;
    auto size = int64_t(array_of(args[0])->size);
    char c = char(byte);
    return splice(vm, args[0], size_t(std::min(from_end(index, size_t(size)), size)), 0, {&c, 1});
}

static Outcome bytearray_extend(VM& vm, Value* args) {
    if (is_str(args[1]) && args[1].as<Str>()->size)
        return vm.type_error("'str' object cannot be interpreted as an integer");
    if (is_str(args[1])) return Value::none();
    if (is_int_like(args[1]) || (!is_bytes_like(args[1]) && !is_iterable(vm, args[1])))
        return vm.type_error("can't extend bytearray with %s", vm.type_name(args[1]));
    Outcome o = bytes_from_source(vm, args[1], Value::unbound(), Value::unbound(), true);
    if (!o.is_value()) return o;
    return splice(vm, args[0], array_of(args[0])->size, 0, view_of(o.value().as<Bytes>()));
}
static Outcome finish_extend(VM& vm, NativeFrame& frame, Value bytes) {
    return splice(vm, frame[0], array_of(frame[0])->size, 0, view_of(bytes.as<Bytes>()));
}
static Outcome bytearray_extend_step(VM& vm, NativeFrame& frame) {
    return bytes_from_source_step(vm, frame, true, finish_extend);
}

static Outcome bytearray_pop(VM& vm, Value* args) {
    int64_t index = -1;
    Outcome failure = Outcome::raised();
    if (!get_size(vm, args[1], index, failure)) return failure;
    auto size = int64_t(array_of(args[0])->size);
    if (size == 0) return vm.raise(kShapeIndexError, "pop from empty bytearray");
    if (index < 0) index += size;
    if (index < 0 || index >= size) return vm.raise(kShapeIndexError, "pop index out of range");
    uint8_t byte = array_of(args[0])->buffer->data[index];
    return splice(vm, args[0], size_t(index), 1, {}, Value::integer(byte));
}

static Outcome bytearray_remove(VM& vm, Value* args) {
    uint8_t byte;
    Outcome failure = Outcome::raised();
    if (!get_byte(vm, args[1], byte, failure)) return failure;
    size_t at = bytes_of(args[0]).find(char(byte));
    if (at == std::string_view::npos) return vm.raise(kShapeValueError, "value not found in bytearray");
    return splice(vm, args[0], at, 1, {});
}

static Outcome bytearray_reverse(VM&, Value* args) {
    auto* b = array_of(args[0]);
    for (size_t i = 0; i < b->size / 2; i++) std::swap(b->buffer->data[i], b->buffer->data[b->size - 1 - i]);
    return Value::none();
}
static Outcome bytearray_clear(VM& vm, Value* args) {
    return splice(vm, args[0], 0, array_of(args[0])->size, {});
}
static Outcome bytearray_copy(VM& vm, Value* args) { return bytes_result(vm, args[0], bytes_of(args[0])); }

static Outcome bytearray_iadd(VM& vm, Value* args) {
    std::string scratch;
    std::string_view data;
    if (!view_bytes(vm, args[1], data, scratch))
        return vm.type_error("can't concat %s to bytearray", vm.type_name(args[1]));
    return splice(vm, args[0], array_of(args[0])->size, 0, data, args[0]);
}

static Outcome bytearray_imul(VM& vm, Value* args) {
    Outcome o = bytes_mul(vm, args);
    if (!o.is_value()) return o;
    return splice(vm, args[0], 0, array_of(args[0])->size, bytes_of(o.value()), args[0]);
}

// ---- items

static Outcome assign_slice(VM& vm, Value self, const Slice* slice, std::string_view data, bool deleting) {
    SliceBounds b;
    auto* array = array_of(self);
    switch (slice_bounds(vm, slice, array->size, b)) {
        case SliceState::Raised:
            return Outcome::raised();
        case SliceState::Unresolved:
            return Outcome::unhandled();
        case SliceState::Ready:
            break;
    }
    if (b.step == 1) return splice(vm, self, size_t(b.start), b.count, data);
    if (!deleting) {
        if (data.size() != b.count)
            return vm.value_error("attempt to assign bytes of size %zu to extended slice of size %zu",
                                  data.size(), b.count);
        std::string copy(data);
        for (size_t i = 0; i < b.count; i++)
            array->buffer->data[b.start + int64_t(i) * b.step] = uint8_t(copy[i]);
        return Value::none();
    }
    std::string kept;
    std::vector<bool> gone(array->size);
    for (size_t i = 0; i < b.count; i++) gone[size_t(b.start + int64_t(i) * b.step)] = true;
    for (size_t i = 0; i < array->size; i++)
        if (!gone[i]) kept.push_back(char(array->buffer->data[i]));
    return splice(vm, self, 0, array->size, kept);
}

static bool get_index(VM& vm, Value self, Value key, int64_t& index, Outcome& failure) {
    if (!is_int_like(key) && vm.special(key, Special::Index).is_unbound()) {
        failure = vm.type_error("bytearray indices must be integers or slices, not %s", vm.type_name(key));
        return false;
    }
    if (!get_position(vm, key, index, failure)) return false;
    auto size = int64_t(array_of(self)->size);
    if (index < 0) index += size;
    if (index >= 0 && index < size) return true;
    failure = vm.raise(kShapeIndexError, "bytearray index out of range");
    return false;
}

static Outcome bytearray_setitem(VM& vm, Value* args) {
    Outcome failure = Outcome::raised();
    if (args[1].is_object() && args[1].as_object()->kind == Kind::Slice) {
        if (is_int_like(args[2]) || is_float(args[2]) || is_complex(args[2]) || is_str(args[2]))
            return vm.type_error("can assign only bytes, buffers, or iterables of ints in range(0, 256)");
        Outcome data = bytes_from_source(vm, args[2], Value::unbound(), Value::unbound(), true);
        if (!data.is_value()) return data;
        return assign_slice(vm, args[0], args[1].as<Slice>(), view_of(data.value().as<Bytes>()), false);
    }
    int64_t index;
    uint8_t byte;
    if (!get_index(vm, args[0], args[1], index, failure) || !get_byte(vm, args[2], byte, failure))
        return failure;
    array_of(args[0])->buffer->data[index] = byte;
    return Value::none();
}

// An iterable on the right, or an index of the script's.
static Outcome bytearray_setitem_step(VM& vm, NativeFrame& frame) {
    enum : uint32_t { kResolved = 1, kData, kIndex, kByte, kSet };
    switch (frame.step_state()) {
        case 0:
            if (frame[1].is_object() && frame[1].as_object()->kind == Kind::Slice) {
                AWAIT(kResolved, resolve_slice(vm, frame[1]));
                frame[1] = frame.result();
                AWAIT(kData, vm.call(Value::object(vm.type(kShapeByteArray)), {frame[2]}));
            } else {
                AWAIT(kIndex, op_index(vm, frame[1]));
                frame[1] = frame.result();
                AWAIT(kByte, op_index(vm, frame[2]));
            }
            frame[2] = frame.result();
            AWAIT(kSet, bytearray_setitem(vm, &frame[0]));
    }
    return Value::none();
}

static Outcome bytearray_delitem(VM& vm, Value* args) {
    if (args[1].is_object() && args[1].as_object()->kind == Kind::Slice)
        return assign_slice(vm, args[0], args[1].as<Slice>(), {}, true);
    int64_t index;
    Outcome failure = Outcome::raised();
    if (!get_index(vm, args[0], args[1], index, failure)) return failure;
    return splice(vm, args[0], size_t(index), 1, {});
}

static Outcome bytearray_alloc(VM&, Value* args) {
    return Value::integer(int64_t(array_of(args[0])->size) + 1);
}

static const NativeDef kByteArrayMethods[] = {
    {.signature = "__new__(cls, /, *args, **kwargs)",
     .fn = bytearray_new,
     .flags = kStaticNative,
     .doc = "Create and return a new object.  See help(type) for accurate signature."},
    {.signature = "__init__(self, source=b'', encoding=None, errors=None)",
     .fn = bytearray_init,
     .step = bytearray_init_step,
     .locals = kSourceLocals},
    {.signature = "__setitem__(self, key, value, /)",
     .fn = bytearray_setitem,
     .step = bytearray_setitem_step},
    {.signature = "__delitem__(self, key, /)", .fn = bytearray_delitem, .step = step_with_index, .locals = 1},
    {.signature = "__iadd__(self, value, /)", .fn = bytearray_iadd, .doc = "Implement self+=value."},
    {.signature = "__imul__(self, value, /)", .fn = bytearray_imul, .step = step_with_index, .locals = 1},
    {.signature = "__alloc__(self, /)", .fn = bytearray_alloc},
    {.signature = "append(self, item, /)",
     .fn = bytearray_append,
     .step = step_with_index,
     .locals = 1,
     .doc = "Append a single item to the end of the bytearray."},
    {.signature = "insert(self, index, item, /)",
     .fn = bytearray_insert,
     .step = step_with_index,
     .locals = 1,
     .doc = "Insert a single item into the bytearray before the given index."},
    {.signature = "extend(self, iterable_of_ints, /)",
     .fn = bytearray_extend,
     .step = bytearray_extend_step,
     .locals = 4,
     .flags = kConsumes,
     .doc = "Append all the items from the iterator or sequence to the end of the bytearray."},
    {.signature = "pop(self, index=-1, /)",
     .fn = bytearray_pop,
     .step = step_with_index,
     .locals = 1,
     .doc = "Remove and return a single item from B."},
    {.signature = "remove(self, value, /)",
     .fn = bytearray_remove,
     .step = step_with_index,
     .locals = 1,
     .doc = "Remove the first occurrence of a value in the bytearray."},
    {.signature = "reverse(self, /)",
     .fn = bytearray_reverse,
     .doc = "Reverse the order of the values in B in place."},
    {.signature = "clear(self, /)", .fn = bytearray_clear, .doc = "Remove all items from the bytearray."},
    {.signature = "copy(self, /)", .fn = bytearray_copy, .doc = "Return a copy of B."},
    GEN_BYTES_METHODS,
};

void define_bytearray(VM& vm) {
    define_type(
        vm,
        {.shape = kShapeByteArray,
         .methods = kByteArrayMethods,
         .doc =
             "bytearray(iterable_of_ints) -> bytearray\nbytearray(string, encoding[, errors]) -> bytearray\n"
             "bytearray(bytes_or_buffer) -> mutable copy of bytes_or_buffer\n"
             "bytearray(int) -> bytes array of size given by the parameter initialized with null bytes\n"
             "bytearray() -> empty bytes array"});
    set_type_attribute(vm, kShapeByteArray, "__hash__", Value::none());
}

}  // namespace gen
