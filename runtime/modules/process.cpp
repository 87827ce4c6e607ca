// _process: child processes, which the reactor starts and waits for.
#include "runtime/modules/modules.h"

#if defined(GEN_HAS_LIBUV)

#include "runtime/modules/asyncio.h"
#include "runtime/modules/descriptor.h"

#include <sys/types.h>
#include <cerrno>
#include <csignal>

namespace gen {

namespace {

bool add_texts(VM& vm, Value list, std::vector<std::string>& out) {
    if (!is_list(list)) {
        vm.type_error("a list is required, not '%s'", vm.type_name(list));
        return false;
    }
    auto* l = list.as<List>();
    for (size_t i = 0; i < l->size; i++) {
        Value v = l->items->items[i];
        if (is_str(v))
            out.emplace_back(v.as<Str>()->view());
        else if (is_bytes(v))
            out.emplace_back(view_of(v.as<Bytes>()));
        else {
            vm.type_error("expected str, bytes or os.PathLike object, not %s", vm.type_name(v));
            return false;
        }
        if (out.back().find('\0') == std::string::npos) continue;
        vm.value_error("embedded null byte");
        return false;
    }
    return true;
}

// arguments (list), file, environment (list or None), directory (str or None), descriptors (list; -1: none), detached: the pid
Outcome spawn(VM& vm, Value* args) {
    UvReactor::Program program;
    std::vector<std::string> environment, file;
    if (!processes_granted(vm) || !add_texts(vm, args[0], program.arguments)) return Outcome::raised();
    if (!is_str(args[1]) && !is_bytes(args[1]))
        return vm.type_error("expected str, bytes or os.PathLike object, not %s", vm.type_name(args[1]));
    program.file =
        is_str(args[1]) ? std::string(args[1].as<Str>()->view()) : std::string(view_of(args[1].as<Bytes>()));
    if (!args[2].is_none()) {
        if (!add_texts(vm, args[2], environment)) return Outcome::raised();
        program.environment = std::move(environment);
    } else {
        program.environment = runtime_of(vm).environment;
    }
    if (is_str(args[3])) program.directory = args[3].as<Str>()->view();
    if (!is_list(args[4])) return vm.type_error("a list is required, not '%s'", vm.type_name(args[4]));
    auto* descriptors = args[4].as<List>();
    for (size_t i = 0; i < descriptors->size; i++) {
        int64_t fd = -1;
        if (!get_number(vm, descriptors->items->items[i], fd)) return Outcome::raised();
        program.descriptors.push_back(int(fd));
    }
    program.detached = args[5].is_true();
    drain_some(vm, host_of(vm).streams.out);
    int pid = 0;
    int error = UvReactor::of(vm).spawn(program, pid);
    return error ? raise_os_error(vm, error, args[1]) : Outcome(Value::integer(pid));
}

// The status of a child that has ended, negative for a signal; None: it runs.
Outcome poll_child(VM& vm, Value* args) {
    int status = 0;
    int64_t number = 0;
    if (!processes_granted(vm) || !get_number(vm, args[0], number)) return Outcome::raised();
    UvReactor& reactor = UvReactor::of(vm);
    const int pid = int(number);
    if (!reactor.exit_status(pid, status)) {
        reactor.poll();
        if (!reactor.exit_status(pid, status))
            return reactor.is_child(pid) ? Outcome(Value::none()) : raise_os_error(vm, ECHILD);
    }
    return Value::integer(status);
}
Outcome wait_step(VM& vm, NativeFrame& frame) {  // pid, timeout; local: deadline. None when the time is over
    switch (frame.step_state()) {
        case 0:
            frame[2] = deadline_after(vm, frame[1]);
            if (frame[2].is_unbound()) return Outcome::raised();
            frame.result() = Value::true_();
            for (;;) {
                {
                    Outcome o = poll_child(vm, &frame[0]);
                    if (o.is_raised() || !o.value().is_none() || frame.result().is_false()) return o;
                }
                AWAIT(1, UvReactor::of(vm).wait_for_exit(int(int_clamp(frame[0])), deadline_of(frame[2])));
            }
    }
    return Value::none();
}
// A Handle of an event loop is to run when the child has ended.
bool on_exit(VM& vm, Value target, bool) {
    Value loop = target.as<Handle>()->loop;
    if (is_event_loop(loop)) push_ready(vm, loop.as<EventLoop>(), target);
    return true;
}
Outcome call_at_exit(VM& vm, Value* args) {  // pid, handle
    int64_t pid = 0;
    if (!processes_granted(vm) || !get_number(vm, args[0], pid)) return Outcome::raised();
    if (!is_exact(args[1], kShapeHandle)) return vm.type_error("a handle of an event loop is required");
    UvReactor::of(vm).listen_exit(int(pid), on_exit, args[1]);
    return Value::none();
}

const NativeDef kFunctions[] = {
    {.signature = "spawn(arguments, file, environment, directory, descriptors, detached, /)", .fn = spawn},
    {.signature = "poll(pid, /)", .fn = poll_child},
    {.signature = "wait(pid, timeout, /)", .step = wait_step, .locals = 1},
    {.signature = "call_at_exit(pid, handle, /)", .fn = call_at_exit},
};

}  // namespace

const ModuleDef kProcessModule = {.name = "_process", .functions = kFunctions, .doc = "Child processes."};

}  // namespace gen

#endif
