// _isolate: channels, and whole VMs on threads of the operating system. multiprocessing and concurrent.futures.process are
// made of it.
#include "runtime/host/isolate.h"

#include "runtime/modules/modules.h"
#include "runtime/types/support.h"

#include <cmath>

namespace gen {

namespace {

ChannelId id_of(Value v) { return v.is_int() ? ChannelId(v.as_int()) : 0; }

Outcome open_channel(VM& vm, Value*) { return Value::integer(int64_t(isolates_of(vm)->open())); }
Outcome send(VM& vm, Value* args) {  // channel, message
    if (!is_bytes(args[1])) return vm.type_error("a message is bytes, not %s", vm.type_name(args[1]));
    return Value::boolean(isolates_of(vm)->send(id_of(args[0]), view_of(args[1].as<Bytes>())));
}
Outcome size(VM& vm, Value* args) { return Value::integer(int64_t(isolates_of(vm)->size(id_of(args[0])))); }
Outcome close_channel(VM& vm, Value* args) {
    isolates_of(vm)->close(id_of(args[0]));
    return Value::none();
}

// Seconds, or None for ever, as a deadline in a register.
bool note_deadline(VM& vm, Value seconds, Value& deadline, Outcome& failure) {
    double s = 0;
    deadline = Value::none();
    if (seconds.is_unbound() || seconds.is_none()) return true;
    if (!get_real(vm, seconds, s, failure)) return false;
    deadline =
        Value::integer(vm.clock->now() + int64_t(std::ceil(std::clamp(s == s ? s : 0.0, 0.0, 9e8) * 1e9)));
    return true;
}

Outcome wait_for(VM& vm, ChannelId channel, Value deadline) {
    vm.scheduler.park(vm, Wait::Channel, deadline.is_none() ? kForever : deadline.as_int(), Value::unbound(),
                      Value::false_(), &completions_of(vm)->waiting(channel));
    return Outcome::park();
}

Outcome receive_step(VM& vm, NativeFrame& frame) {  // channel, timeout; local: deadline
    std::string message;
    Outcome failure = Value::none();
    switch (frame.step_state()) {
        case 0:
            if (!note_deadline(vm, frame[1], frame[2], failure)) return failure;
            for (;;) {
                switch (isolates_of(vm)->receive(id_of(frame[0]), completions_of(vm), message)) {
                    case IsolateGroup::Received::Message: {
                        vm.heap.reserve(message.size());
                        Bytes* bytes = make_bytes(vm.heap, message);
                        return bytes ? Outcome(Value::object(bytes)) : vm.out_of_memory();
                    }
                    case IsolateGroup::Received::Closed:
                        return vm.raise(kShapeEOFError, std::initializer_list<Value>{});
                    case IsolateGroup::Received::Nothing:
                        break;
                }
                if (!frame[2].is_none() && frame[2].as_int() <= vm.clock->now()) return Value::none();
                AWAIT(1, wait_for(vm, id_of(frame[0]), frame[2]));
            }
    }
    return Value::none();
}

Outcome poll_step(VM& vm, NativeFrame& frame) {  // channel, timeout; local: deadline
    Outcome failure = Value::none();
    switch (frame.step_state()) {
        case 0:
            if (!note_deadline(vm, frame[1], frame[2], failure)) return failure;
            for (;;) {
                if (isolates_of(vm)->peek(id_of(frame[0]), completions_of(vm)) !=
                    IsolateGroup::Received::Nothing)
                    return Value::true_();
                if (!frame[2].is_none() && frame[2].as_int() <= vm.clock->now()) return Value::false_();
                AWAIT(1, wait_for(vm, id_of(frame[0]), frame[2]));
            }
    }
    return Value::none();
}

Outcome share(VM& vm, Value* args) {
    isolates_of(vm)->share(id_of(args[0]));
    return Value::none();
}
Outcome start(VM& vm, Value* args) {  // inbox, outcome
    if (!runtime_of(vm).grants.isolates)
        return vm.raise(kShapePermissionError, "the host does not grant isolates");
    if (!isolates_of(vm)->start(vm, id_of(args[0]), id_of(args[1])))
        return vm.raise(kShapeRuntimeError, "can't start new thread");
    return Value::none();
}
Outcome interrupt(VM& vm, Value* args) {  // outcome
    isolates_of(vm)->interrupt(id_of(args[0]));
    return Value::none();
}
Outcome program_text(VM& vm, Value*) {
    const auto& program = runtime_of(vm).program;
    return program ? vm.checked(vm.str(*program)) : Outcome(Value::none());
}

const NativeDef kFunctions[] = {
    {.signature = "channel()", .fn = open_channel},
    {.signature = "send(channel, message, /)", .fn = send},
    {.signature = "receive(channel, timeout=None, /)", .step = receive_step, .locals = 1},
    {.signature = "poll(channel, timeout=None, /)", .step = poll_step, .locals = 1},
    {.signature = "size(channel, /)", .fn = size},
    {.signature = "close(channel, /)", .fn = close_channel},
    {.signature = "share(channel, /)", .fn = share},
    {.signature = "start(inbox, outcome, /)", .fn = start},
    {.signature = "interrupt(outcome, /)", .fn = interrupt},
    {.signature = "program_text()", .fn = program_text},
};

}  // namespace

const ModuleDef kIsolateModule = {
    .name = "_isolate", .functions = kFunctions, .doc = "Channels, and VMs on threads of their own."};

}  // namespace gen
