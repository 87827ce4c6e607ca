// gen/gen.h: tasks, and giving them turns.
#include "runtime/host/api_state.h"
#include "runtime/host/completions.h"
#include "runtime/host/prelude.h"
#include "runtime/host/virtual_clock.h"
#include "runtime/types/core_types.h"
#include "vm/sched/lock.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace gen {

using detail::State;
using detail::TaskState;

// ---- starting them

Task State::start(std::string name, const Starts& function, const std::vector<Ref>& args) {
    Value run = prelude_value(vm, "_host_task");
    if (run.is_unbound()) throw_error();
    // From here on nothing is collected.
    Value callee = function();
    auto task = std::make_shared<TaskState>();
    Lock* lock = make_lock(vm, vm.type(kShapeLock));
    try_lock(vm, lock);
    Value parts[] = {Value::unbound(), Value::none(), Value::object(lock), Value::false_()};
    task->record = make_list(vm.heap, parts, 4);
    Tuple* given = args.empty() ? vm.empty_tuple : make_tuple(vm.heap, args.size());
    if (!task->record || !given) throw Error("MemoryError", "");
    for (size_t i = 0; i < args.size(); i++) given->items[i] = own(args[i]);
    task->fiber = vm.scheduler.spawn(vm, run, {Value::object(task->record), callee, Value::object(given)});
    if (!task->fiber) throw_error();
    task->fiber->name = vm.str(name);
    task->name = std::move(name);
    tasks.push_back(task);
    Task handle;
    handle.state_ = shared_from_this();
    handle.task_ = std::move(task);
    return handle;
}

Task Interpreter::start(std::string_view source, std::string_view filename) {
    State& s = *state_;
    auto function = [&] {
        Code* code = s.compile(source, filename);
        return Value::object(s.vm.make_function_of(code, s.main->dict));
    };
    return s.start(std::string(filename), function, {});
}

Task Interpreter::start_call(const Ref& function, const std::vector<Ref>& args) {
    State& s = *state_;
    Value callee = s.own(function);
    bool named = callee.is_object() && callee.as_object()->kind == Kind::Function;
    std::string name(named ? callee.as<gen::Function>()->qualname.as<Str>()->view()
                           : s.vm.class_name(s.vm.class_of(callee)));
    return s.start(
        std::move(name), [&] { return callee; }, args);
}

// ---- giving them turns

Progress Interpreter::run_for(Budget budget) {
    using Clock = std::chrono::steady_clock;
    State& s = *state_;
    VM& vm = s.vm;
    if (vm.nested) throw Error("RuntimeError", "run_for() inside a call of the script");
    Turn turn;
    if (budget.steps) turn.end = vm.steps_now() + budget.steps;
    if (budget.seconds > 0) {
        auto end = Clock::now() + std::chrono::duration<double>(budget.seconds);
        turn.is_over = [end] { return Clock::now() >= end; };
    }
    s.check(vm.run_others(turn));
    s.tend_tasks();
    return s.tasks.empty() ? Progress::Done : turn.idle ? Progress::Waiting : Progress::Spent;
}

bool Interpreter::wait(double seconds) {
    using Clock = std::chrono::steady_clock;
    State& s = *state_;
    VM& vm = s.vm;
    if (vm.nested) throw Error("RuntimeError", "wait() inside a call of the script");
    completions_of(vm);  // there is a reactor from here on
    const bool limited = seconds >= 0 && seconds < 9e9;
    const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                        std::chrono::duration<double>(limited ? seconds : 0));
    for (bool over = false;;) {
        vm.reactor->poll();
        vm.scheduler.look_around(vm);
        if (s.woken.exchange(false) || vm.scheduler.has_ready() || vm.interrupt.load() ||
            is_past_deadline(vm))
            return true;
        if (over) return false;
        int64_t left = limited ? std::chrono::nanoseconds(end - Clock::now()).count() : -1;
        if (limited && left <= 0) {
            over = true;
            continue;
        }
        int64_t deadline = vm.scheduler.first_deadline();
        if (vm.limits.deadline && !vm.clock->is_manual()) deadline = std::min(deadline, vm.limits.deadline);
        if (deadline != kForever && vm.clock->is_virtual() && !vm.reactor->busy()) {
            const bool goes_on = vm.clock->rests(deadline);
            vm.clock->resumes();
            if (goes_on) continue;
        } else if (deadline != kForever && !vm.clock->is_virtual() && !vm.clock->is_manual()) {
            const int64_t next = std::max<int64_t>(deadline - vm.clock->now(), 0);
            left = left < 0 ? next : std::min(left, next);
        }
        vm.reactor->wait(left);
    }
}

void Interpreter::wake() {
    state_->woken = true;
    state_->host.completions->wake();
}

void State::tend_tasks() {
    using Tasks = std::vector<std::shared_ptr<TaskState>>;
    auto move_out = [](Tasks& from, Tasks& to, auto which) {
        auto kept = std::stable_partition(from.begin(), from.end(), [&](const auto& t) { return !which(t); });
        to.insert(to.end(), std::move_iterator(kept), std::move_iterator(from.end()));
        from.erase(kept, from.end());
    };
    if (ended_before != vm.scheduler.ended_count()) {
        ended_before = vm.scheduler.ended_count();
        move_out(tasks, ended_tasks, [](const auto& task) { return task->done(); });
    }
    Tasks dropped;
    move_out(ended_tasks, dropped, [](const auto& task) { return task.use_count() == 1; });
    for (auto& task : dropped) {
        Value error = task->part(TaskState::kError);
        if (task->seen || error.is_none()) continue;
        vm.roots.push_back(error);
        Value report = prelude_value(vm, "_host_report");
        if (report.is_unbound() || vm.run(report, {error, vm.str(task->name)}).is_raised())
            vm.exception = Value::unbound();
        vm.roots.pop_back();
    }
    if (!dropped.empty() && hands_over) host.streams.out.flush();
}

std::optional<double> Interpreter::next_wake() const {
    VM& vm = state_->vm;
    if (vm.scheduler.has_ready()) return 0;
    int64_t deadline = vm.scheduler.first_deadline();
    if (deadline == kForever) return std::nullopt;
    return double(std::max<int64_t>(deadline - vm.clock->now(), 0)) / 1e9;
}

double Interpreter::time() const { return double(state_->vm.clock->now()) / 1e9; }

void Interpreter::advance(double seconds) {
    VM& vm = state_->vm;
    if (!vm.clock->is_manual())
        throw Error("RuntimeError", "the time of this interpreter is not the host's to move");
    if (!(seconds >= 0 && seconds < 9e9))
        throw Error("ValueError", "time goes forward, by less than 9e9 seconds");
    static_cast<ManualClock&>(*vm.clock).advance(std::llround(seconds * 1e9));
    if (Reactor* waker = runtime_of(vm).waker) waker->wake();
}

std::string Interpreter::describe_tasks() const { return describe_fibers(state_->vm); }

// ---- one of them

static const TaskState& checked(const std::shared_ptr<TaskState>& task) {
    if (!task) throw Error("ValueError", "an empty gen::Task");
    return *task;
}

bool Task::done() const { return checked(task_).done(); }

std::string Task::status() const { return done() ? "has ended" : describe_wait(state_->vm, task_->fiber); }

Ref Task::result() const {
    if (!done()) throw Error("RuntimeError", "the task is not done");
    task_->seen = true;
    Value error = task_->part(TaskState::kError);
    if (!error.is_none()) {
        state_->vm.exception = error;
        state_->throw_error();
    }
    // Only what cannot be caught goes past the record: a limit of the interpreter, or its end.
    Value value = task_->part(TaskState::kValue);
    if (value.is_unbound()) throw Error("Terminated", "the task was terminated");
    return state_->hold(value);
}

Ref Task::wait() const {
    if (!done()) state_->prelude("_host_wait", {Value::object(task_->record)});
    return result();
}

void Task::raise(const Ref& exception) const {
    if (done()) return;
    VM& vm = state_->vm;
    Value e = state_->own(exception);
    if (e.is_object() && e.as_object()->kind == Kind::Class) e = state_->call(e, {});
    if (!vm.is_instance(e, kShapeBaseException))
        throw Error("TypeError", "exceptions must derive from BaseException");
    if (task_->part(TaskState::kBegun).is_true())
        vm.scheduler.throw_into(task_->fiber, e);
    else
        list_set(vm.heap, task_->record, TaskState::kError, e);
}

void Task::raise(std::string_view type, std::string_view message) const {
    checked(task_);
    Value cls = state_->builtin(type);
    if (cls.is_unbound()) throw Error("NameError", "no exception class " + std::string(type));
    if (message.empty())
        raise(state_->hold(cls));
    else
        raise(state_->hold(state_->call(cls, {state_->vm.str(message)})));
}

}  // namespace gen
