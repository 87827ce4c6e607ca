// Helpers for writing step natives.
//
// A step native is a switch over frame.step_state() whose cases stand where it may be suspended:
//
//     switch (frame.step_state()) {
//     case 0:
//         AWAIT(1, op_iter(vm, frame[0]));
//         frame[1] = frame.result();
//         for (;;) {
//             AWAIT(2, op_next(vm, frame[1]));
//             if (frame.result().is_unbound()) break;
//             ...
//         }
//     }
//
// C++ locals do not survive an AWAIT or a PAUSE; what is needed later lives in the frame. The frame's name must be `frame`.
#pragma once
#include "vm/exec/special.h"

// Goes on with the result of an operation in frame.result(), at once or after the calls it takes. The expression is evaluated
// again, after a collection, when there was no room for it.
#define AWAIT(state, operation) AWAIT_BY(await, state, operation)
// The same; an exception comes back: frame.result() is unbound and vm.caught holds it.
#define AWAIT_CATCHING(state, operation) AWAIT_BY(await_catching, state, operation)
#define AWAIT_BY(method, state, operation)                         \
    for (bool collected_ = false;;) {                              \
        gen::Outcome awaited_ = (operation);                       \
        if (awaited_.is_collect() && !collected_) {                \
            gen::make_room(vm, frame);                             \
            collected_ = true;                                     \
            continue;                                              \
        }                                                          \
        if (collected_) vm.retrying = false;                       \
        if (!frame.method(vm, awaited_, state)) return vm.pending; \
        break;                                                     \
    }                                                              \
    [[fallthrough]];                                               \
    case state:
// For loops that may run long without calling out: lets the VM collect, pre-empt or stop when that is due.
#define PAUSE(state)                \
    if (pause_due(vm)) {            \
        frame.step_state() = state; \
        return Outcome::collect();  \
    }                               \
    [[fallthrough]];                \
    case state:

namespace gen {

inline bool pause_due(VM& vm, int64_t steps = 1) {
    vm.budget -= steps;
    return vm.budget <= 0;
}

// Collects, for a step native whose operation found no room; vm.retrying is set then.
void make_room(VM&, NativeFrame&);

// Raises an exception that was caught again, as it was.
inline Outcome raise_again(VM& vm, Value exception) {
    vm.exception = exception;
    return Outcome::raised();
}

}  // namespace gen
