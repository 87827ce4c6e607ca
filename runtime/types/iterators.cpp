// The classes of iterators: what a script sees of them. How they step is in vm/exec/iterators.cpp and ops_iter.cpp.
#include "runtime/types/support.h"
#include "runtime/types/types.h"

#include <algorithm>

namespace gen {

static Iterator* self_of(Value v) { return v.as<Iterator>(); }

static Outcome next_native(VM& vm, Value* args) {
    Outcome o = base_next(vm, args[0]);
    if (o.is_call())
        vm.request.stops = Request::Stops::Never;  // a script's own call of __next__ sees the StopIteration
    return o;
}

// How many items are left, of the iterators over built-in containers.
static int64_t items_left(Iterator* it) {
    if (it->source.is_unbound()) return 0;
    auto rest = [&](uint64_t size) { return int64_t(size) > it->index ? int64_t(size) - it->index : 0; };
    switch (it->shape) {
        case kShapeListIterator:
            return rest(it->source.as<List>()->size);
        case kShapeTupleIterator:
            return rest(it->source.as<Tuple>()->size);
        case kShapeBytesIterator:
            return rest(it->source.as<Bytes>()->size);
        case kShapeByteArrayIterator:
            return rest(it->source.as<ByteArray>()->size);
        case kShapeStrAsciiIterator:
            return rest(it->source.as<Str>()->size);
        case kShapeStrIterator:
            return int64_t(count_code_points(it->source.as<Str>()->view().substr(size_t(it->index))));
        case kShapeRangeIterator:
            return it->stop;
        case kShapeListReverseIterator:
            return it->index < int64_t(it->source.as<List>()->size) ? it->index + 1 : 0;
        case kShapeSetIterator: {
            auto* s = it->source.as<Set>();
            if (it->stop != set_length(s)) return 0;
            int64_t n = 0;
            auto position = uint32_t(it->index);
            while (next_entry(s, position)) n++;
            return n;
        }
        default:  // of dicts
            return it->stop == dict_length(it->source.as<Dict>()) ? dict_items_left(it) : 0;
    }
}
static Outcome length_hint(VM& vm, Value* args) {
    Iterator* it = self_of(args[0]);
    if (it->shape != kShapeLongRangeIterator) return vm.integer(items_left(it));
    if (it->source.is_unbound()) return Value::integer(0);
    return vm.checked(int_sub(vm.heap, range_length(vm, it->source.as<Range>()), it->extra));
}

// iterator and reversed: as many as the sequence says.
static Outcome sequence_length_hint(VM& vm, NativeFrame& frame) {
    int64_t n, left;
    Iterator* it = self_of(frame[0]);
    bool forwards = built_in_base(vm, frame[0])->root_shape == kShapeSequenceIterator;
    switch (frame.step_state()) {
        case 0:
            if (it->source.is_unbound()) return Value::integer(0);
            if (vm.special(it->source, Special::Len).is_unbound()) return Value::not_implemented();
            AWAIT(1, op_len(vm, it->source));
    }
    if (!int_to_int64(frame.result(), n)) return Value::integer(0);
    left = forwards ? n - it->index : n <= it->index ? 0 : it->index + 1;
    return vm.integer(left < 0 ? 0 : left);
}

// ---- copying: __reduce__ says how to make such an iterator anew, __setstate__ where it stood

static Value iter_function(VM& vm) { return vm.get(vm.builtins, vm.intern("iter")); }
static Value class_value(VM& vm, BuiltinShape id) { return Value::object(vm.type(id)); }

// What is left of a dict or set iterator, as a list.
static Outcome rest_of(VM& vm, Iterator* it) {
    auto* copy = make_iterator(vm, BuiltinShape(it->shape), it->source, it->extra, it->index, it->stop);
    Value items = vm.list();
    for (;;) {
        Outcome o = fast_next(vm, Value::object(copy));
        if (o.is_stop()) return vm.tuple({iter_function(vm), vm.tuple({items})});
        if (!o.is_value()) return o;
        if (!list_append(vm.heap, items.as<List>(), o.value())) return vm.no_room();
    }
}

static Outcome container_reduce(VM& vm, Value* args) {
    Iterator* it = self_of(args[0]);
    Value iter = iter_function(vm), source = it->source;
    switch (it->shape) {
        case kShapeListReverseIterator:
            if (source.is_unbound()) return vm.tuple({iter, vm.tuple({vm.list()})});
            return vm.tuple({class_value(vm, kShapeReversed), vm.tuple({source}), vm.integer(it->index)});
        case kShapeRangeIterator: {
            int64_t step = it->extra.as_int(),
                    stop = int64_t(uint64_t(it->index) + uint64_t(it->stop * step));
            Range* rest = make_range(vm, vm.integer(it->index), vm.integer(stop), it->extra);
            return vm.tuple({iter, vm.tuple({Value::object(rest)}), Value::integer(0)});
        }
        case kShapeLongRangeIterator:
            if (source.is_unbound()) return vm.tuple({iter, vm.tuple({Value::object(vm.empty_tuple)})});
            return vm.tuple({iter, vm.tuple({source}), it->extra});
        case kShapeStrIterator: {
            if (source.is_unbound()) return vm.tuple({iter, vm.tuple({Value::object(vm.empty_string)})});
            size_t before = count_code_points(source.as<Str>()->view().substr(0, size_t(it->index)));
            return vm.tuple({iter, vm.tuple({source}), vm.integer(int64_t(before))});
        }
        case kShapeListIterator:
        case kShapeTupleIterator:
        case kShapeStrAsciiIterator:
        case kShapeBytesIterator:
        case kShapeByteArrayIterator:
            if (source.is_unbound()) return vm.tuple({iter, vm.tuple({Value::object(vm.empty_tuple)})});
            return vm.tuple({iter, vm.tuple({source}), vm.integer(it->index)});
        default:
            if (source.is_unbound()) return vm.tuple({iter, vm.tuple({vm.list()})});
            return rest_of(vm, it);
    }
}

static Outcome setstate(VM& vm, Value* args) {
    Iterator* it = self_of(args[0]);
    int64_t state;
    if (!is_int_like(args[1])) return vm.type_error("an integer is required");
    if (it->source.is_unbound()) return Value::none();
    if (it->shape == kShapeLongRangeIterator) {
        it->extra = int_exact(vm.heap, args[1]);
        vm.heap.write(it);
        return Value::none();
    }
    if (!int_to_int64(args[1], state))
        return vm.raise(kShapeOverflowError, "Python int too large to convert to C long");
    switch (it->shape) {
        case kShapeRangeIterator: {
            int64_t skip = state < 0 ? 0 : std::min(state, it->stop);
            it->index += skip * it->extra.as_int();
            it->stop -= skip;
            break;
        }
        case kShapeStrIterator: {
            auto* text = it->source.as<Str>();
            it->index = byte_offset(vm.heap, text, uint32_t(std::clamp<int64_t>(state, 0, text->length)));
            break;
        }
        case kShapeListReverseIterator:
            it->index = std::clamp<int64_t>(state, -1, int64_t(it->source.as<List>()->size) - 1);
            break;
        case kShapeReversed:
        case kShapeSequenceIterator:
            it->index = std::max<int64_t>(state, it->shape == kShapeReversed ? -1 : 0);
            break;
        default:
            it->index = std::max<int64_t>(state, 0);
    }
    return Value::none();
}

// (class, arguments) of those that scripts make.
static Outcome composite_reduce(VM& vm, Value* args) {
    Iterator* it = self_of(args[0]);
    Value cls = Value::object(vm.class_of(args[0]));
    Value iter = iter_function(vm);
    if (it->source.is_unbound()) return vm.tuple({iter, vm.tuple({Value::object(vm.empty_tuple)})});
    switch (built_in_base(vm, args[0])->root_shape) {
        case kShapeSequenceIterator:
            return vm.tuple({iter, vm.tuple({it->source}), vm.integer(it->index)});
        case kShapeCallableIterator:
            return vm.tuple({iter, vm.tuple({it->source, it->extra})});
        case kShapeReversed:
            return vm.tuple({cls, vm.tuple({it->source}), vm.integer(it->index)});
        case kShapeEnumerate:
            return vm.tuple({cls, vm.tuple({it->source, it->stop ? it->extra : vm.integer(it->index)})});
        case kShapeFilter:
            return vm.tuple({cls, vm.tuple({it->source, it->extra})});
        case kShapeZip:
            return it->stop ? vm.tuple({cls, it->source, Value::true_()}) : vm.tuple({cls, it->source});
        default: {
            auto* sources = it->extra.as<Tuple>();
            Tuple* all = make_tuple(vm.heap, 1 + sources->size);
            if (!all) return vm.no_room();
            all->items[0] = it->source;
            std::copy(sources->items, sources->items + sources->size, all->items + 1);
            return vm.tuple({cls, Value::object(all)});
        }
    }
}
static Outcome zip_setstate(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_truth(vm, frame[1]));
    }
    self_of(frame[0])->stop = frame.result().is_true();
    return Value::none();
}

static const char* const kNextDoc = "Implement next(self).";
static const char* const kReduceDoc = "Return state information for pickling.";
static const char* const kSetstateDoc = "Set state information for unpickling.";
static const char* const kHintDoc = "Private method returning an estimate of len(list(it)).";

static const NativeDef kContainerIterator[] = {
    {.signature = "__iter__(self, /)", .fn = same, .doc = "Implement iter(self)."},
    {.signature = "__next__(self, /)", .fn = next_native, .doc = kNextDoc},
    {.signature = "__length_hint__(self, /)", .fn = length_hint, .doc = kHintDoc},
    {.signature = "__reduce__(self, /)", .fn = container_reduce, .doc = kReduceDoc},
    {.signature = "__setstate__(self, state, /)", .fn = setstate, .doc = kSetstateDoc},
};
static const NativeDef kSequenceIterator[] = {
    {.signature = "__iter__(self, /)", .fn = same, .doc = "Implement iter(self)."},
    {.signature = "__next__(self, /)", .fn = next_native, .doc = kNextDoc},
    {.signature = "__length_hint__(self, /)", .step = sequence_length_hint, .doc = kHintDoc},
    {.signature = "__reduce__(self, /)", .fn = composite_reduce, .doc = kReduceDoc},
    {.signature = "__setstate__(self, state, /)", .fn = setstate, .doc = kSetstateDoc},
};
static const NativeDef kPlainIterator[] = {
    {.signature = "__iter__(self, /)", .fn = same, .doc = "Implement iter(self)."},
    {.signature = "__next__(self, /)", .fn = next_native, .doc = kNextDoc},
    {.signature = "__reduce__(self, /)", .fn = composite_reduce, .doc = kReduceDoc},
};

// ---- those that scripts make

static Outcome make(VM& vm, Class* cls, Value source, Value extra, int64_t index = 0, int64_t stop = 0) {
    auto* it = static_cast<Iterator*>(allocate_instance(vm, cls));
    it->source = source;
    it->extra = extra;
    it->index = index;
    it->stop = stop;
    return Value::object(it);
}

static Outcome enumerate_new(VM& vm, NativeFrame& frame) {  // cls, iterable, start
    int64_t start;
    switch (frame.step_state()) {
        case 0:
            if (!checked_class(vm, frame[0], kShapeEnumerate)) return Outcome::raised();
            if (frame[1].is_unbound())
                return vm.type_error("enumerate() missing required argument 'iterable'");
            if (frame[2].is_unbound()) frame[2] = Value::integer(0);
            AWAIT(1, op_index(vm, frame[2]));
            frame[2] = frame.result();
            AWAIT(2, op_iter(vm, frame[1]));
    }
    bool small = int_to_int64(frame[2], start) && start < INT64_MAX / 2;
    return make(vm, frame[0].as<Class>(), frame.result(), small ? Value::none() : frame[2], small ? start : 0,
                !small);
}

// The iterators of the items.
static Outcome iterators_of_step(VM& vm, NativeFrame& frame) {  // tuple; 1 position, 2 result
    Tuple* t;
    switch (frame.step_state()) {
        case 0:
            t = make_tuple(vm.heap, frame[0].as<Tuple>()->size);
            if (!t) return vm.out_of_memory();
            for (size_t i = 0; i < t->size; i++) t->items[i] = Value::none();
            frame[2] = Value::object(t);
            for (frame[1] = Value::integer(0); frame[1].as_int() < int64_t(frame[0].as<Tuple>()->size);
                 frame[1] = Value::integer(frame[1].as_int() + 1)) {
                AWAIT(1, op_iter(vm, frame[0].as<Tuple>()->items[frame[1].as_int()]));
                frame[2].as<Tuple>()->items[frame[1].as_int()] = frame.result();
                vm.heap.write(frame[2].as_object());
            }
    }
    return frame[2];
}
static const NativeDef kIteratorsOf = {
    .signature = "iterators(iterables, /)", .step = iterators_of_step, .locals = 2};

static Outcome zip_new(VM& vm, NativeFrame& frame) {  // cls, strict, iterables
    switch (frame.step_state()) {
        case 0:
            if (!checked_class(vm, frame[0], kShapeZip)) return Outcome::raised();
            if (frame[1].is_unbound()) frame[1] = Value::false_();
            AWAIT(1, op_truth(vm, frame[1]));
            frame[1] = frame.result();
            AWAIT(2, call_internal(vm, kIteratorsOf, {frame[2]}));
    }
    return make(vm, frame[0].as<Class>(), frame.result(), Value::none(), 0, frame[1].is_true());
}

static Outcome map_new(VM& vm, NativeFrame& frame) {  // cls, arguments, keywords
    Tuple *given, *rest;
    switch (frame.step_state()) {
        case 0:
            if (!checked_class(vm, frame[0], kShapeMap) ||
                refuses_keywords(vm, frame[0].as<Class>(), kShapeMap, frame[2]))
                return Outcome::raised();
            given = frame[1].as<Tuple>();
            if (given->size < 2) return vm.type_error("map() must have at least two arguments.");
            rest = make_tuple(vm.heap, given->items + 1, given->size - 1);
            if (!rest) return vm.out_of_memory();
            AWAIT(1, call_internal(vm, kIteratorsOf, {Value::object(rest)}));
    }
    return make(vm, frame[0].as<Class>(), frame[1].as<Tuple>()->items[0], frame.result());
}

static Outcome filter_new(VM& vm, NativeFrame& frame) {  // cls, function, iterable, keywords
    switch (frame.step_state()) {
        case 0:
            if (!checked_class(vm, frame[0], kShapeFilter) ||
                refuses_keywords(vm, frame[0].as<Class>(), kShapeFilter, frame[3]))
                return Outcome::raised();
            AWAIT(1, op_iter(vm, frame[2]));
    }
    return make(vm, frame[0].as<Class>(), frame[1], frame.result());
}

static Outcome reversed_new(VM& vm, NativeFrame& frame) {  // cls, sequence, keywords
    Value method;
    int64_t n;
    switch (frame.step_state()) {
        case 0:
            if (!checked_class(vm, frame[0], kShapeReversed) ||
                refuses_keywords(vm, frame[0].as<Class>(), kShapeReversed, frame[2]))
                return Outcome::raised();
            method = vm.special(frame[1], Special::Reversed);
            if (method.is_none())
                return vm.type_error("'%s' object is not reversible", vm.type_name(frame[1]));
            if (!method.is_unbound()) {
                AWAIT(1, vm.call_special(Special::Reversed, frame[1]));
                return frame.result();
            }
            if (vm.special(frame[1], Special::Getitem).is_unbound() || is_dict(frame[1]))
                return vm.type_error("'%s' object is not reversible", vm.type_name(frame[1]));
            AWAIT(2, op_len(vm, frame[1]));
    }
    if (!int_to_int64(frame.result(), n)) return vm.out_of_memory();
    return make(vm, frame[0].as<Class>(), frame[1], Value::none(), n - 1);
}

static const char* const kNewDoc = "Create and return a new object.  See help(type) for accurate signature.";

static const NativeDef kEnumerate[] = {
    {.signature = "__new__(cls, iterable=None, start=0)",
     .step = enumerate_new,
     .flags = kStaticNative,
     .doc = kNewDoc},
    kPlainIterator[0],
    kPlainIterator[1],
    kPlainIterator[2],
    {.signature = kClassGetitem, .fn = generic_alias, .flags = kClassNative, .doc = "See PEP 585"},
};
static const NativeDef kZip[] = {
    {.signature = "__new__(cls, /, *iterables, strict=False)",
     .step = zip_new,
     .flags = kStaticNative,
     .doc = kNewDoc},
    {.signature = "__setstate__(self, state, /)", .step = zip_setstate, .doc = kSetstateDoc},
    kPlainIterator[0],
    kPlainIterator[1],
    kPlainIterator[2],
};
static const NativeDef kMap[] = {
    {.signature = "__new__(cls, /, *args, **kwargs)",
     .step = map_new,
     .flags = kStaticNative,
     .doc = kNewDoc},
    kPlainIterator[0],
    kPlainIterator[1],
    kPlainIterator[2],
};
static const NativeDef kFilter[] = {
    {.signature = "__new__(cls, function, iterable, /, **kwargs)",
     .step = filter_new,
     .flags = kStaticNative,
     .doc = kNewDoc},
    kPlainIterator[0],
    kPlainIterator[1],
    kPlainIterator[2],
};
static const NativeDef kReversed[] = {
    {.signature = "__new__(cls, sequence, /, **kwargs)",
     .step = reversed_new,
     .flags = kStaticNative,
     .doc = kNewDoc},
    kSequenceIterator[0],
    kSequenceIterator[1],
    kSequenceIterator[2],
    kSequenceIterator[3],
    kSequenceIterator[4],
};

void define_iterators(VM& vm) {
    for (BuiltinShape shape :
         {kShapeListIterator, kShapeListReverseIterator, kShapeTupleIterator, kShapeStrIterator,
          kShapeStrAsciiIterator, kShapeBytesIterator, kShapeByteArrayIterator, kShapeRangeIterator,
          kShapeLongRangeIterator, kShapeSetIterator, kShapeDictKeyIterator, kShapeDictValueIterator,
          kShapeDictItemIterator, kShapeDictReverseKeyIterator, kShapeDictReverseValueIterator,
          kShapeDictReverseItemIterator}) {
        define_type(vm, {.shape = shape, .methods = kContainerIterator});
        vm.type(shape)->class_flags |= Class::kFinal | Class::kNoInstances;
    }
    define_type(vm, {.shape = kShapeSequenceIterator, .methods = kSequenceIterator});
    define_type(vm, {.shape = kShapeCallableIterator, .methods = kPlainIterator});
    for (BuiltinShape shape : {kShapeSequenceIterator, kShapeCallableIterator})
        vm.type(shape)->class_flags |= Class::kFinal | Class::kNoInstances;
    for (BuiltinShape shape : {kShapeDictKeys, kShapeDictValues, kShapeDictItems})
        vm.type(shape)->class_flags |= Class::kFinal | Class::kNoInstances;
    define_type(vm,
                {.shape = kShapeEnumerate,
                 .methods = kEnumerate,
                 .doc = "Return an enumerate object.\n\n  iterable\n    an object supporting iteration\n\n"
                        "The enumerate object yields pairs containing a count (from start, which\n"
                        "defaults to zero) and a value yielded by the iterable argument.\n\n"
                        "enumerate is useful for obtaining an indexed list:\n"
                        "    (0, seq[0]), (1, seq[1]), (2, seq[2]), ..."});
    define_type(vm, {.shape = kShapeZip,
                     .methods = kZip,
                     .doc = "zip(*iterables, strict=False) --> Yield tuples until an input is exhausted.\n\n"
                            "   >>> list(zip('abcdefg', range(3), range(4)))\n"
                            "   [('a', 0, 0), ('b', 1, 1), ('c', 2, 2)]\n\n"
                            "If strict is true and one of the arguments is exhausted before the others,\n"
                            "raise a ValueError."});
    define_type(vm, {.shape = kShapeMap,
                     .methods = kMap,
                     .doc = "map(func, *iterables) --> map object\n\n"
                            "Make an iterator that computes the function using arguments from\n"
                            "each of the iterables.  Stops when the shortest iterable is exhausted."});
    define_type(vm, {.shape = kShapeFilter,
                     .methods = kFilter,
                     .doc = "filter(function or None, iterable) --> filter object\n\n"
                            "Return an iterator yielding those items of iterable for which function(item)\n"
                            "is true. If function is None, return the items that are true."});
    define_type(vm, {.shape = kShapeReversed,
                     .methods = kReversed,
                     .doc = "Return a reverse iterator over the values of the given sequence."});
}

}  // namespace gen
