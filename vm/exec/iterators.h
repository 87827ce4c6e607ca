// Iterators over built-in containers, and the composite ones (enumerate, zip, map, filter ...). All are Iterator objects;
// the class tells what the fields mean. An exhausted iterator has an unbound source.
//
//   class                    source       extra                index               stop
//   list, tuple, bytes ...   container    -                    next index          -
//   str_iterator             Str          -                    byte offset         -
//   list_reverseiterator     List         -                    next index          -
//   range_iterator           None         step (small int)     next value          items left
//   longrange_iterator       Range        next index (int)     -                   -
//   set_iterator             Set          -                    position            length when made; -1: failed
//   dict_*iterator           Dict         version when made    position, and the   length when made; -1: failed
//                                                              items left << 32
//   reversed                 sequence     -                    next index          -
//   iterator                 sequence     -                    next index          -
//   callable_iterator        callable     sentinel             -                   -
//   enumerate                iterator     next count if big    next count          1: big
//   zip                      Tuple of iterators                -                   1: strict
//   map                      function     Tuple of iterators   -                   -
//   filter                   function     iterator             -                   -
#pragma once
#include "vm/exec/vm.h"

namespace gen {

Outcome make_dict_iterator(VM&, BuiltinShape shape, Dict*);
inline int64_t dict_items_left(const Iterator* it) { return it->index >> 32; }
Iterator* make_iterator(VM&, BuiltinShape shape, Value source, Value extra = Value::unbound(),
                        int64_t index = 0, int64_t stop = 0);

// The iterator of a container by its kind, whatever its class says; unhandled() for other kinds.
Outcome base_iter(VM&, Value container);
// Iterates a container (list, tuple, dict, set, range ...) backwards; unhandled() for other kinds.
Outcome base_reversed(VM&, Value container);

// The next value of an iterator of this module, or stop(); unhandled() where that takes a call.
Outcome fast_next(VM&, Value iterator);

// The long way of fast_next for the same iterators, whatever their class says: a value, stop(), or a request.
Outcome base_next(VM&, Value iterator);

// True for values that op_iter takes: by __iter__ or by __getitem__.
bool is_iterable(VM&, Value);
// True for values that op_next takes.
bool is_iterator(VM&, Value);

// The built-in class that the layout of v's class comes from.
Class* built_in_base(VM&, Value v);
// v's class leaves this special method as its built-in base has it.
bool inherits_special(VM&, Value v, Special s);

// The operations on containers by kind, as the special methods of the built-in classes do them (a subclass's own methods
// are not looked at).
Outcome base_getitem(VM&, Value container, Value key);
Outcome base_setitem(VM&, Value container, Value key, Value item);
Outcome base_delitem(VM&, Value container, Value key);
Outcome base_contains(VM&, Value container, Value item);

// ---- ranges
Value range_length(VM&, const Range*);                                           // an int of any size
bool range_small(const Range*, int64_t& start, int64_t& step, int64_t& length);  // all three fit
Value range_item(VM&, const Range*, Value index);  // start + index * step; unbound: out of memory
Outcome range_iterator(VM&, const Range*);
Range* make_range(VM&, Value start, Value stop, Value step);

// ---- slices whose bounds are ints or None: the items meant, for a sequence of that length. Unresolved: there are other
// bounds, which have to go through op_index first.
enum class SliceState : uint8_t { Ready, Unresolved, Raised };
SliceState slice_bounds(VM&, const Slice*, size_t length, SliceBounds& out);
// The same for lengths of any size, as slice.indices gives it.
SliceState slice_indices(VM&, const Slice*, Value length, Value& start, Value& stop, Value& step);
// The slice with its bounds made ints.
Outcome resolve_slice(VM&, Value slice);

}  // namespace gen
