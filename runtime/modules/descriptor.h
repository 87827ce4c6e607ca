// What the natives that read and write descriptors share: an attempt that would block is repeated when the reactor says that the
// descriptor is ready. The fiber parks meanwhile, the VM goes on.
#pragma once
#include "runtime/host/host.h"
#include "runtime/types/core_types.h"
#include "runtime/types/support.h"

#if defined(GEN_HAS_LIBUV)
#include "runtime/host/reactor.h"
#endif

namespace gen {

// PermissionError unless the host grants it.
bool network_granted(VM&);
bool processes_granted(VM&);
// Descriptors are numbers, and the host has some of its own: nothing is done to one for a script that cannot have any.
bool descriptors_granted(VM&);

// The name of a file, or a path: a str, in which bytes that are no UTF-8 show as replacement characters.
Outcome file_name(VM&, std::string_view);

// A C int from an argument; an unbound one leaves `out`. False: raised.
bool get_number(VM&, Value v, int64_t& out);
// Bytes that can be written to: of a bytearray, or of a contiguous memoryview of one. False: raised.
bool writable_bytes(VM&, Value v, uint8_t*& data, size_t& size, const char* caller);

// Seconds (None: for ever) as a deadline: nanoseconds on the VM's clock, or None. Unbound: raised.
Value deadline_after(VM&, Value seconds);
inline int64_t deadline_of(Value deadline) { return deadline.is_none() ? kForever : deadline.as_int(); }
inline bool is_zero(Value timeout) {
    return (is_float(timeout) && as_float(timeout) == 0) || (timeout.is_int() && timeout.as_int() == 0);
}
Outcome timed_out(VM&);

#if defined(GEN_HAS_LIBUV)

// What is tried with a socket: a value, raised(), or unhandled() when it would block. Its parameters begin with the descriptor and the timeout:
// None waits for ever, 0 not at all.
using Attempt = Outcome (*)(VM&, Value* args);

template <Attempt attempt>
Outcome try_once(VM& vm, Value* args) {
    if (!network_granted(vm)) return Outcome::raised();
    Outcome o = attempt(vm, args);
    return o.is_unhandled() && is_zero(args[1]) ? raise_os_error(vm, EAGAIN) : o;
}

// The step that repeats it; one local behind the parameters: the deadline.
template <Attempt attempt, UvReactor::Direction direction>
Outcome try_again(VM& vm, NativeFrame& frame) {
    const unsigned deadline = frame.native()->def->signature.parameters();
    switch (frame.step_state()) {
        case 0:
            frame[deadline] = deadline_after(vm, frame[1]);
            if (frame[deadline].is_unbound()) return Outcome::raised();
            for (;;) {
                AWAIT(1, UvReactor::of(vm).wait_for(int(frame[0].as_int()), direction,
                                                    deadline_of(frame[deadline])));
                {
                    Outcome o = attempt(vm, &frame[0]);
                    if (!o.is_unhandled()) return o;
                }
                if (frame.result().is_false()) return timed_out(vm);
            }
    }
    return Value::none();
}

// {.signature = "recv(fd, timeout, size, /)", PARKING(receive, kRead)}
#define PARKING(attempt, direction) \
    .fn = try_once<attempt>, .step = try_again<attempt, UvReactor::direction>, .locals = 1

#endif

}  // namespace gen
