// Natives that walk any iterator to its end do it in bytecode: a generator is resumed by FOR_ITER inside the dispatch
// loop, where a step native would be stepped twice for every item.
#pragma once
#include "vm/data/object.h"
#include "vm/exec/outcome.h"

namespace gen {

class VM;

// What is done with each item of the iterator, and the call's result.
enum class Consumer {
    Extend,         // target (a List) gets it appended; None
    Unite,          // target (a Set) gets it added; None
    Collect,        // as Extend; the target
    CollectUnique,  // as Unite; the target
    Sum,            // target + item, from the left; the sum
    All,            // False, as soon as one is false; True
    Any,            // True, as soon as one is true; False
    Max,            // the first of the greatest; unbound if there is none
    Min,            // the first of the least; unbound if there is none
    kCount
};

// A call of the consumer, to be awaited or answered. `target` is unbound where there is none.
Outcome consume(VM&, Consumer, Value iterator, Value target = Value::unbound());

// Whether v is a generator, which is its own iterator: no call of __iter__ is owed.
inline bool is_generator(Value v) { return v.is_object() && v.as_object()->shape == kShapeGenerator; }

}  // namespace gen
