// What generators, coroutines and async generators share.
#pragma once
#include "runtime/types/attributes.h"
#include "runtime/types/core_types.h"
#include "runtime/types/support.h"
#include "vm/exec/frame.h"

namespace gen {

// What coroutine.__await__(), and __anext__(), asend(), athrow(), aclose() of async generators answer.
struct AsyncStep : Object {
    Value generator;
    Value value;      // to be sent first
    Value exception;  // AsyncGenThrow: to be thrown first; unbound: aclose()
    enum State : uint8_t { kInitial, kIterating, kClosed };  // Object::state
};
Outcome make_async_step(VM&, BuiltinShape shape, Value generator, Value value);

// The exception that throw(type, value, traceback) means; a value, or a request to be awaited.
Outcome normalize_exception(VM&, Value type, Value value, Value traceback);

std::span<const AttributeDef> async_generator_names();

}  // namespace gen
