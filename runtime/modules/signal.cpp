// _signal: signals reach the VM through the reactor. A handler of the script runs on a fiber that stands for the main thread, and what
// it raises goes to the main program; the handler of a signal that the main thread sends to its own process is called right there.
#include "runtime/modules/modules.h"

#if defined(GEN_HAS_LIBUV)

#include "runtime/modules/descriptor.h"
#include "vm/exec/exec.h"

#include <sys/time.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace gen {

namespace {

Value of_signal_module(VM& vm, const char* name) {
    Value module = vm.get(vm.modules, vm.intern("signal"));
    if (!module.is_object() || module.as_object()->kind != Kind::Module) return Value::unbound();
    return vm.get(module.as<Module>()->dict, vm.intern(name));
}

// The reactor calls it for each signal that has come.
void on_signal(VM& vm, int number) {
    Value run = of_signal_module(vm, "_run_handler");
    if (run.is_unbound()) return;
    Fiber* f = vm.scheduler.spawn(vm, run, {Value::integer(number)});
    if (!f) {
        vm.exception = Value::unbound();
        return;
    }
    // To whoever asks it is the main thread.
    f->id = vm.main_fiber->id;
    f->loop = vm.main_fiber->loop;
    f->locals = vm.main_fiber->locals;
    f->name = vm.main_fiber->name;
}

bool get_signal(VM& vm, Value v, int64_t& number) {
    if (!processes_granted(vm) || !get_number(vm, v, number)) return false;
    if (number >= 1 && number < NSIG) return true;
    vm.value_error("signal number out of range");
    return false;
}

Outcome catch_signal(VM& vm, Value* args) {
    int64_t number = 0;
    if (!get_signal(vm, args[0], number)) return Outcome::raised();
    int error = UvReactor::of(vm).catch_signal(int(number), on_signal);
    return error ? raise_os_error(vm, error) : Outcome(Value::none());
}
// hope(number, False): a handler alone is no reason to wait; who waits for nothing else waits for ever.
Outcome hope_for_signal(VM& vm, Value* args) {
    int64_t number = 0;
    if (!get_signal(vm, args[0], number)) return Outcome::raised();
    if (runtime_of(vm).reactor) runtime_of(vm).reactor->hope_for_signal(int(number), args[1].is_true());
    return Value::none();
}
// As it was before the script caught it; then `ignored` or the system's default, if asked for. What an isolate ignores does not come
// to it anyway, and shall still come to the others in its process.
Outcome release_signal(VM& vm, Value* args) {  // number, what: 0 as before, 1 the default, 2 ignored
    int64_t number = 0;
    if (!get_signal(vm, args[0], number)) return Outcome::raised();
    if (runtime_of(vm).reactor) runtime_of(vm).reactor->release_signal(int(number));
    const int64_t what = runtime_of(vm).is_isolate ? 0 : args[1].as_int();
    int error = what ? UvReactor::set_disposition(int(number), what == 1 ? SIG_DFL : SIG_IGN) : 0;
    return error ? raise_os_error(vm, error) : Outcome(Value::none());
}
Outcome disposition(VM& vm, Value* args) {  // 0 neither, 1 the default, 2 ignored
    int64_t number = 0;
    struct sigaction now;
    if (!get_signal(vm, args[0], number)) return Outcome::raised();
    if (sigaction(int(number), nullptr, &now) < 0) return raise_os_error(vm, errno);
    return Value::integer(now.sa_handler == SIG_DFL ? 1 : now.sa_handler == SIG_IGN ? 2 : 0);
}

// Of what this process has sent to itself. The main thread goes on when the handlers have returned; another thread lets them begin.
Outcome after_sending(VM& vm) {
    const bool is_main = vm.fiber->id == vm.main_fiber->id;
    if (is_main && vm.interrupt.load() & kInterruptKeyboard) {
        raise_interrupt(vm, vm.interrupt.fetch_and(~uint32_t(kInterruptKeyboard)));
        return Outcome::raised();
    }
    if (!runtime_of(vm).reactor) return Value::none();
    if (is_main) {
        std::vector<Value> numbers;
        for (int number : runtime_of(vm).reactor->take_signals()) numbers.push_back(Value::integer(number));
        Value run = of_signal_module(vm, "_run_handlers");
        if (numbers.empty() || run.is_unbound()) return Value::none();
        return vm.call_with(run, vm.checked_tuple(numbers.data(), numbers.size()));
    }
    runtime_of(vm).reactor->poll();
    if (!vm.scheduler.has_ready() || vm.nested > 1) return Value::none();
    vm.scheduler.park(vm, Wait::Nothing);
    vm.scheduler.wake(vm.fiber, vm.fiber->epoch, Value::none());
    return Outcome::park();
}
Outcome raise_signal(VM& vm, Value* args) {
    int64_t number = 0;
    if (!get_signal(vm, args[0], number)) return Outcome::raised();
    if (raise(int(number)) != 0) return raise_os_error(vm, errno);
    return after_sending(vm);
}
Outcome send_signal(VM& vm, Value* args) {  // pid, number
    int64_t pid = 0, number = 0;
    if (!processes_granted(vm) || !get_number(vm, args[0], pid) || !get_number(vm, args[1], number))
        return Outcome::raised();
    if (kill(pid_t(pid), int(number)) < 0) return raise_os_error(vm, errno);
    return pid == getpid() ? after_sending(vm) : Outcome(Value::none());
}
Outcome throw_into_main(VM& vm, Value* args) {
    if (!vm.is_instance(args[0], kShapeBaseException)) return vm.type_error("an exception is required");
    if (vm.main_fiber->state != Fiber::kEnded) vm.scheduler.throw_into(vm.main_fiber, args[0]);
    return Value::none();
}
Outcome pause_native(VM& vm, Value*) {
    if (!processes_granted(vm)) return Outcome::raised();
    return UvReactor::of(vm).wait_for_signal(kForever);
}
Outcome wait_native(VM& vm, Value* args) {  // seconds or None: False when they are over
    if (!processes_granted(vm)) return Outcome::raised();
    Value deadline = deadline_after(vm, args[0]);
    return deadline.is_unbound() ? Outcome::raised()
                                 : UvReactor::of(vm).wait_for_signal(deadline_of(deadline));
}

Outcome alarm_native(VM& vm, Value* args) {
    int64_t seconds = 0;
    if (!processes_granted(vm) || !get_number(vm, args[0], seconds)) return Outcome::raised();
    return Value::integer(alarm(unsigned(seconds)));
}
timeval time_of(double seconds) {
    return {time_t(seconds), suseconds_t((seconds - double(time_t(seconds))) * 1e6)};
}
double seconds_of(const timeval& t) { return double(t.tv_sec) + double(t.tv_usec) * 1e-6; }
Outcome set_timer(VM& vm, Value* args) {  // which, seconds, interval
    int64_t which = 0;
    double seconds = 0, interval = 0;
    Outcome failure = Value::none();
    if (!processes_granted(vm) || !get_number(vm, args[0], which)) return Outcome::raised();
    if (!get_real(vm, args[1], seconds, failure) || !get_real(vm, args[2], interval, failure)) return failure;
    itimerval now{time_of(interval), time_of(seconds)}, before;
    if (seconds > 0 && !now.it_value.tv_sec && !now.it_value.tv_usec) now.it_value.tv_usec = 1;
    if (setitimer(__itimer_which_t(which), &now, &before) < 0) return raise_os_error(vm, errno);
    return vm.tuple({vm.real(seconds_of(before.it_value)), vm.real(seconds_of(before.it_interval))});
}
Outcome get_timer(VM& vm, Value* args) {
    int64_t which = 0;
    itimerval now;
    if (!get_number(vm, args[0], which)) return Outcome::raised();
    if (getitimer(__itimer_which_t(which), &now) < 0) return raise_os_error(vm, errno);
    return vm.tuple({vm.real(seconds_of(now.it_value)), vm.real(seconds_of(now.it_interval))});
}
Outcome description(VM& vm, Value* args) {
    int64_t number = 0;
    if (!get_number(vm, args[0], number)) return Outcome::raised();
    return vm.checked(vm.str(strsignal(int(number))));
}

const NativeDef kFunctions[] = {
    {.signature = "catch(number, /)", .fn = catch_signal},
    {.signature = "hope(number, hoped, /)", .fn = hope_for_signal},
    {.signature = "release(number, what, /)", .fn = release_signal},
    {.signature = "disposition(number, /)", .fn = disposition},
    {.signature = "raise_signal(number, /)", .fn = raise_signal},
    {.signature = "kill(pid, number, /)", .fn = send_signal},
    {.signature = "throw_into_main(error, /)", .fn = throw_into_main},
    {.signature = "pause()", .fn = pause_native},
    {.signature = "wait(seconds, /)", .fn = wait_native},
    {.signature = "alarm(seconds, /)", .fn = alarm_native},
    {.signature = "setitimer(which, seconds, interval, /)", .fn = set_timer},
    {.signature = "getitimer(which, /)", .fn = get_timer},
    {.signature = "strsignal(number, /)", .fn = description},
};

void init(VM& vm, Module* m) {
    struct Row {
        const char* name;
        int value;
    };
    static const Row rows[] = {
#define ROW(name) {#name, name}
        ROW(SIGHUP),         ROW(SIGINT),      ROW(SIGQUIT),  ROW(SIGILL),  ROW(SIGTRAP), ROW(SIGABRT),
        ROW(SIGBUS),         ROW(SIGFPE),      ROW(SIGKILL),  ROW(SIGUSR1), ROW(SIGSEGV), ROW(SIGUSR2),
        ROW(SIGPIPE),        ROW(SIGALRM),     ROW(SIGTERM),  ROW(SIGCHLD), ROW(SIGCONT), ROW(SIGSTOP),
        ROW(SIGTSTP),        ROW(SIGTTIN),     ROW(SIGTTOU),  ROW(SIGURG),  ROW(SIGXCPU), ROW(SIGXFSZ),
        ROW(SIGVTALRM),      ROW(SIGPROF),     ROW(SIGWINCH), ROW(SIGIO),   ROW(SIGSYS),  ROW(ITIMER_REAL),
        ROW(ITIMER_VIRTUAL), ROW(ITIMER_PROF),
#undef ROW
    };
    for (auto [name, value] : rows) vm.set(m->dict, name, Value::integer(value));
}

}  // namespace

const ModuleDef kSignalModule = {
    .name = "_signal", .functions = kFunctions, .init = init, .doc = "Signals, as the reactor sees them."};

}  // namespace gen

#endif
