// memoryview: a window on the bytes of a bytes or bytearray, one byte an item. A bytearray counts its views, and is not resized
// while there are any that somebody may still use: see bytearray.cpp. What is gone all the same is not there any more.
#include "runtime/types/bytes_methods.h"
#include "runtime/types/types.h"

namespace gen {

static MemoryView* view_of_memory(Value v) { return v.as<MemoryView>(); }

static bool released(VM& vm, Value self) {
    if (!view_of_memory(self)->base.is_unbound()) return false;
    vm.raise(kShapeValueError, "operation forbidden on released memoryview object");
    return true;
}

static Value make_view(VM& vm, Value base, int64_t start, int64_t length, int64_t step, uint8_t readonly) {
    auto* m = vm.heap.make<MemoryView>(Kind::MemoryView, kShapeMemoryView);
    m->base = base;
    m->start = start;
    m->length = length;
    m->step = step;
    m->aux = readonly;
    if (is_bytearray(base)) base.as<ByteArray>()->exports++;
    return Value::object(m);
}

static Outcome memoryview_new(VM& vm, Value* args) {
    if (!checked_class(vm, args[0], kShapeMemoryView)) return Outcome::raised();
    Value v = args[1];
    if (is_bytes(v)) return make_view(vm, v, 0, int64_t(v.as<Bytes>()->size), 1, 1);
    if (is_bytearray(v)) return make_view(vm, v, 0, int64_t(v.as<ByteArray>()->size), 1, 0);
    if (!is_bytes_like(v))
        return vm.type_error("memoryview: a bytes-like object is required, not '%s'", vm.type_name(v));
    if (released(vm, v)) return Outcome::raised();
    auto* m = view_of_memory(v);
    return make_view(vm, m->base, m->start, m->length, m->step, m->aux);
}

// The byte at position i of the view; null: out of range.
static uint8_t* byte_at(Value self, int64_t i) {
    auto* m = view_of_memory(self);
    if (i < 0) i += m->length;
    if (i < 0 || i >= m->length) return nullptr;
    auto at = size_t(m->start + i * m->step);
    if (is_bytes(m->base)) return m->base.as<Bytes>()->data + at;
    return at < m->base.as<ByteArray>()->size ? m->base.as<ByteArray>()->buffer->data + at : nullptr;
}

// What a slice is good for that is not ready: its bounds are to be converted first.
static Outcome bad_slice(SliceState s) {
    return s == SliceState::Raised ? Outcome::raised() : Outcome::unhandled();
}

static Outcome memoryview_getitem(VM& vm, Value* args) {
    if (released(vm, args[0])) return Outcome::raised();
    auto* m = view_of_memory(args[0]);
    if (args[1].is_object() && args[1].as_object()->kind == Kind::Slice) {
        SliceBounds b;
        SliceState s = slice_bounds(vm, args[1].as<Slice>(), size_t(m->length), b);
        if (s != SliceState::Ready) return bad_slice(s);
        return make_view(vm, m->base, m->start + b.start * m->step, int64_t(b.count), m->step * b.step,
                         m->aux);
    }
    int64_t index = 0;
    Outcome failure = Outcome::raised();
    if (!is_int_like(args[1]) && vm.special(args[1], Special::Index).is_unbound())
        return vm.type_error("memoryview: invalid slice key");
    if (!get_position(vm, args[1], index, failure)) return failure;
    uint8_t* byte = byte_at(args[0], index);
    return byte ? Outcome(Value::integer(*byte))
                : vm.raise(kShapeIndexError, "index out of bounds on dimension 1");
}

static Outcome memoryview_setitem(VM& vm, Value* args) {
    if (released(vm, args[0])) return Outcome::raised();
    auto* m = view_of_memory(args[0]);
    if (m->aux) return vm.type_error("cannot modify read-only memory");
    Outcome failure = Outcome::raised();
    if (args[1].is_object() && args[1].as_object()->kind == Kind::Slice) {
        SliceBounds b;
        SliceState s = slice_bounds(vm, args[1].as<Slice>(), size_t(m->length), b);
        if (s != SliceState::Ready) return bad_slice(s);
        std::string scratch;
        std::string_view data;
        if (!get_bytes(vm, args[2], data, scratch)) return Outcome::raised();
        if (data.size() != b.count)
            return vm.raise(kShapeValueError,
                            "memoryview assignment: lvalue and rvalue have different structures");
        std::string copy(data);
        for (size_t i = 0; i < b.count; i++)
            if (uint8_t* byte = byte_at(args[0], b.start + int64_t(i) * b.step)) *byte = uint8_t(copy[i]);
        return Value::none();
    }
    int64_t index = 0, byte_value;
    Value v;
    if (!is_int_like(args[1]) && vm.special(args[1], Special::Index).is_unbound())
        return vm.type_error("memoryview: invalid slice key");
    if (!get_position(vm, args[1], index, failure)) return failure;
    uint8_t* byte = byte_at(args[0], index);
    if (!byte) return vm.raise(kShapeIndexError, "index out of bounds on dimension 1");
    if (!is_int_like(args[2]) && vm.special(args[2], Special::Index).is_unbound())
        return vm.type_error("memoryview: invalid type for format 'B'");
    if (!get_int(vm, args[2], v, failure)) return failure;
    if (!int_to_int64(v, byte_value) || byte_value < 0 || byte_value > 255)
        return vm.raise(kShapeValueError, "memoryview: invalid value for format 'B'");
    *byte = uint8_t(byte_value);
    return Value::none();
}

static Outcome memoryview_delitem(VM& vm, Value* args) {
    if (released(vm, args[0])) return Outcome::raised();
    return vm.type_error(view_of_memory(args[0])->aux ? "cannot modify read-only memory"
                                                      : "cannot delete memory");
}

static Outcome memoryview_len(VM& vm, Value* args) {
    return released(vm, args[0]) ? Outcome::raised()
                                 : Outcome(Value::integer(view_of_memory(args[0])->length));
}

static Outcome copied(VM& vm, Value self) {
    if (released(vm, self)) return Outcome::raised();
    std::string scratch;
    std::string_view data;
    view_bytes(vm, self, data, scratch);
    return vm.checked(bytes_of_class(vm, vm.type(kShapeBytes), data));
}
static Outcome memoryview_tobytes(VM& vm, Value* args) {
    if (!args[1].is_unbound() && !args[1].is_none()) {
        std::string_view order = is_str(args[1]) ? args[1].as<Str>()->view() : std::string_view{};
        if (!is_str(args[1]))
            return vm.type_error("tobytes() argument 'order' must be str or None, not %s",
                                 vm.type_name(args[1]));
        if (order != "C" && order != "F" && order != "A")
            return vm.value_error("order must be 'C', 'F' or 'A'");
    }
    return copied(vm, args[0]);
}

static Outcome memoryview_tolist(VM& vm, Value* args) {
    Outcome bytes = copied(vm, args[0]);
    if (!bytes.is_value()) return bytes;
    return op_list(vm, bytes.value());
}

static Outcome memoryview_iter(VM& vm, Value* args) {
    Outcome bytes = copied(vm, args[0]);
    return bytes.is_value() ? base_iter(vm, bytes.value()) : bytes;
}

static Outcome memoryview_compare(VM& vm, CompareOp op, Value a, Value b) {
    std::string scratch, other_scratch;
    std::string_view x, y;
    if (op != CompareOp::Eq && op != CompareOp::Ne) return Value::not_implemented();
    if (!is_bytes_like(b)) return Value::not_implemented();
    bool equal = view_bytes(vm, a, x, scratch) && view_bytes(vm, b, y, other_scratch) ? x == y : a.is(b);
    return Value::boolean(equal == (op == CompareOp::Eq));
}

static Outcome memoryview_hash(VM& vm, Value* args) {
    if (!view_of_memory(args[0])->aux)
        return vm.raise(kShapeValueError, "cannot hash writable memoryview object");
    if (is_bytearray(view_of_memory(args[0])->base)) return vm.type_error("unhashable type: 'bytearray'");
    Outcome bytes = copied(vm, args[0]);
    return bytes.is_value() ? Outcome(hash_value(vm, hash_bytes(vm.hash_key, bytes.value().as<Bytes>())))
                            : bytes;
}

static Outcome memoryview_release(VM&, Value* args) {
    Value& base = view_of_memory(args[0])->base;
    if (is_bytearray(base)) base.as<ByteArray>()->exports--;
    base = Value::unbound();
    return Value::none();
}
static Outcome memoryview_enter(VM& vm, Value* args) {
    return released(vm, args[0]) ? Outcome::raised() : Outcome(args[0]);
}
static Outcome memoryview_toreadonly(VM& vm, Value* args) {
    if (released(vm, args[0])) return Outcome::raised();
    auto* m = view_of_memory(args[0]);
    return make_view(vm, m->base, m->start, m->length, m->step, 1);
}
static Outcome memoryview_cast(VM& vm, Value* args) {
    if (released(vm, args[0])) return Outcome::raised();
    if (!is_str(args[1])) return vm.type_error("memoryview: format argument must be a string");
    if (args[1].as<Str>()->view() != "B")
        return vm.raise(kShapeNotImplementedError, "memoryview: only format 'B' is supported");
    auto* m = view_of_memory(args[0]);
    return make_view(vm, m->base, m->start, m->length, m->step, m->aux);
}

// ---- attributes

#define GEN_VIEW_ATTRIBUTE(name, value)                   \
    static Outcome name(VM& vm, Value self) {             \
        if (released(vm, self)) return Outcome::raised(); \
        [[maybe_unused]] auto* m = view_of_memory(self);  \
        return value;                                     \
    }
GEN_VIEW_ATTRIBUTE(get_obj, m->base)
GEN_VIEW_ATTRIBUTE(get_nbytes, Value::integer(m->length))
GEN_VIEW_ATTRIBUTE(get_readonly, Value::boolean(m->aux))
GEN_VIEW_ATTRIBUTE(get_one, Value::integer(1))
GEN_VIEW_ATTRIBUTE(get_format, vm.str("B"))
GEN_VIEW_ATTRIBUTE(get_shape, vm.tuple({Value::integer(m->length)}))
GEN_VIEW_ATTRIBUTE(get_strides, vm.tuple({Value::integer(m->step)}))
GEN_VIEW_ATTRIBUTE(get_suboffsets, Value::object(vm.empty_tuple))
GEN_VIEW_ATTRIBUTE(get_contiguous, Value::boolean(m->step == 1))

static const AttributeDef kMemoryViewAttributes[] = {
    {.name = "obj", .get = get_obj, .doc = "The underlying object of the memoryview."},
    {.name = "nbytes", .get = get_nbytes, .doc = "The amount of space in bytes that the array would use."},
    {.name = "readonly", .get = get_readonly, .doc = "A bool indicating whether the memory is read only."},
    {.name = "itemsize", .get = get_one, .doc = "The size in bytes of each element of the memoryview."},
    {.name = "format",
     .get = get_format,
     .doc = "A string containing the format for each element in the view."},
    {.name = "ndim", .get = get_one, .doc = "The number of dimensions that the memory represents."},
    {.name = "shape", .get = get_shape, .doc = "A tuple of ndim integers giving the shape of the memory."},
    {.name = "strides",
     .get = get_strides,
     .doc = "A tuple of ndim integers giving the size in bytes to access each element."},
    {.name = "suboffsets",
     .get = get_suboffsets,
     .doc = "A tuple of integers used internally for PIL-style arrays."},
    {.name = "c_contiguous",
     .get = get_contiguous,
     .doc = "A bool indicating whether the memory is C contiguous."},
    {.name = "f_contiguous",
     .get = get_contiguous,
     .doc = "A bool indicating whether the memory is Fortran contiguous."},
    {.name = "contiguous",
     .get = get_contiguous,
     .doc = "A bool indicating whether the memory is contiguous."},
};

static const NativeDef kMemoryViewMethods[] = {
    {.signature = "__new__(cls, object)", .fn = memoryview_new, .flags = kStaticNative},
    {.signature = "__repr__(self, /)", .fn = repr_native, .doc = "Return repr(self)."},
    {.signature = "__getitem__(self, key, /)",
     .fn = memoryview_getitem,
     .step = step_with_index,
     .locals = 1},
    {.signature = "__setitem__(self, key, value, /)",
     .fn = memoryview_setitem,
     .step = step_with_index,
     .locals = 1},
    {.signature = "__delitem__(self, key, /)", .fn = memoryview_delitem},
    {.signature = "__len__(self, /)", .fn = memoryview_len, .doc = "Return len(self)."},
    {.signature = "__iter__(self, /)", .fn = memoryview_iter, .doc = "Implement iter(self)."},
    {.signature = "__eq__(self, value, /)", .fn = compare_native<CompareOp::Eq, memoryview_compare>},
    {.signature = "__ne__(self, value, /)", .fn = compare_native<CompareOp::Ne, memoryview_compare>},
    {.signature = "__hash__(self, /)", .fn = memoryview_hash, .doc = "Return hash(self)."},
    {.signature = "__enter__(self, /)", .fn = memoryview_enter},
    {.signature = "__exit__(self, /, *args)", .fn = memoryview_release},
    {.signature = "release(self, /)",
     .fn = memoryview_release,
     .doc = "Release the underlying buffer exposed by the memoryview object."},
    {.signature = "tobytes(self, /, order='C')",
     .fn = memoryview_tobytes,
     .doc = "Return the data in the buffer as a byte string."},
    {.signature = "tolist(self, /)",
     .fn = memoryview_tolist,
     .doc = "Return the data in the buffer as a list of elements."},
    {.signature = "hex(self, /, sep=None, bytes_per_sep=1)",
     .fn = bytes_hex,
     .step = step_with_index,
     .locals = 1,
     .doc = "Return the data in the buffer as a str of hexadecimal numbers."},
    {.signature = "toreadonly(self, /)",
     .fn = memoryview_toreadonly,
     .doc = "Return a readonly version of the memoryview."},
    {.signature = "cast(self, /, format)",
     .fn = memoryview_cast,
     .doc = "Cast a memoryview to a new format or shape."},
};

void define_memoryview(VM& vm) {
    define_type(vm, {.shape = kShapeMemoryView,
                     .methods = kMemoryViewMethods,
                     .attributes = kMemoryViewAttributes,
                     .doc = "Create a new memoryview object which references the given object."});
}

}  // namespace gen
